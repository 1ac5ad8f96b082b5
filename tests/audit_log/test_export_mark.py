"""The mark on what is taken out: it names its line, and nobody can make one without the key."""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit_log.export_mark import LONGEST, marked, marks_in
from tests.builders import NOON

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@given(
    st.integers(0, 10**12), st.text(max_size=64), st.none() | st.from_regex(r"[0-9a-f]{1,64}", fullmatch=True)
)
def test_every_mark_is_found_again_in_whatever_it_stands(entry: int, by: str, policy: str | None) -> None:
    mark = marked(KEY, entry, by, NOON, policy)

    assert list(marks_in(f'"x","{mark}"\r\n"{mark}"')) == [mark]
    assert mark.is_ours(KEY)
    assert not mark.is_ours(OTHER)
    assert len(str(mark)) <= LONGEST


def test_a_mark_that_was_changed_is_none_of_ours() -> None:
    mark = marked(KEY, 7, "cora", NOON, "abc")
    for was, is_ in (("export 7", "export 8"), ("cora", "gail"), ("policy abc", "policy abd")):
        (forged,) = marks_in(str(mark).replace(was, is_))
        assert not forged.is_ours(KEY)
    assert marked(KEY, 7, "cora", NOON + timedelta(seconds=1), "abc").seal != mark.seal


def test_the_mark_tells_nothing_of_the_key() -> None:
    assert KEY.private_bytes_raw().hex() not in str(marked(KEY, 1, "cora", NOON, None))

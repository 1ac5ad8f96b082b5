import threading
from pathlib import Path

import pytest

from filter_lists.names import parse_url
from filter_lists.sealed_key import ensure_key, hidden, key_id, key_path, read_key
from filter_lists.summary import IndexFault

PAGE = parse_url("https://bad.test/page?x=1")


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = ensure_key(tmp_path)

    assert ensure_key(tmp_path) == read_key(tmp_path) == key != bytes(32)
    assert key_path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert key_path(tmp_path).parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in key_path(tmp_path).parent.iterdir()] == ["illegal.key"]


def test_who_starts_together_has_one_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(ensure_key(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("made_with_it", ["lists/f00/sealed.bin", "list-sources/iwf/ab.sealed"])
def test_a_lost_key_is_never_made_anew(tmp_path: Path, made_with_it: str) -> None:
    (tmp_path / made_with_it).parent.mkdir(parents=True)
    (tmp_path / made_with_it).write_bytes(b"")

    with pytest.raises(IndexFault, match=r"is missing, and .* put it back from the backup"):
        ensure_key(tmp_path)
    assert not key_path(tmp_path).exists()


@pytest.mark.parametrize("content", [b"", bytes(31), bytes(33)])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    key_path(tmp_path).parent.mkdir()
    key_path(tmp_path).write_bytes(content)

    with pytest.raises(IndexFault, match="no key of 32 bytes"):
        ensure_key(tmp_path)


def test_a_hidden_address_is_told_again_and_from_others_by_this_key_alone() -> None:
    hide, other = hidden(bytes(32)), hidden(bytes([1] * 32))

    assert (
        hide(PAGE) == hide(parse_url("https://BAD.test:443/page?x=1")) != hide(parse_url("https://bad.test/"))
    )
    assert hide(PAGE) != other(PAGE)
    assert hide(PAGE).startswith("sealed:")
    assert "bad" not in hide(PAGE)


def test_a_key_is_known_by_a_word_that_tells_nothing_of_it() -> None:
    assert key_id(bytes(32)) != key_id(bytes([1] * 32))
    assert len(key_id(bytes(32))) == 32

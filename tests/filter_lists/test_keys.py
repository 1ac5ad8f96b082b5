"""A key is met by a walk along another exactly when its site covers the other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.entry import Entry
from filter_lists.keys import entry_of, host_key, keys_of, parameters_of
from filter_lists.names import NameFault, canonical_host

NAMES = st.lists(st.sampled_from(["a", "b", "ab", "ba"]), min_size=1, max_size=4).map(".".join)
ADDRESSES = st.sampled_from(["192.0.2.1", "192.0.2.11", "1.192.0.2", "2001:db8::1", "2001:db8::11"])


@settings(deadline=None)
@given(NAMES | ADDRESSES, NAMES | ADDRESSES)
def test_a_key_begins_another_exactly_when_its_host_covers_the_other(above: str, below: str) -> None:
    covered = below == above or (below.endswith("." + above) and below.isalpha())
    covered = covered or (below.endswith("." + above) and not below[-1].isdigit())
    assert host_key(below).startswith(host_key(above)) is covered


@pytest.mark.parametrize(
    ("written", "entry"),
    [
        (Entry("www.bet.example"), "www.bet.example"),
        (Entry("bet.example", "/odds/today/"), "bet.example/odds/today"),
        (Entry("bet.example", "/"), "bet.example"),
        (Entry("bet.example", "//"), "bet.example"),
        (Entry("bet.example", "/Odds//x"), "bet.example/odds/x"),
        (Entry("192.0.2.1"), "192.0.2.1"),
        (Entry("192.0.2.1", "/odds"), "192.0.2.1/odds"),
        (Entry("2001:db8::1", "/odds"), "2001:db8::1/odds"),
        (Entry("bet.example", below=False), "=bet.example"),
        (Entry("bet.example", "/odds", below=False), "=bet.example/odds"),
        (Entry("192.0.2.1", below=False), "192.0.2.1"),
        (Entry("bet.example", "/odds", "v=B&u=a"), "bet.example/odds?u=a&v=B"),
        (Entry("bet.example", "/", "v=1"), "bet.example/?v=1"),
        (Entry("bet.example", "/odds", "&&"), "bet.example/odds"),
        (Entry("bet.example", "/a%0Ab"), "bet.example/a%0ab"),
    ],
)
def test_the_entry_can_be_read_from_its_key(written: Entry, entry: str) -> None:
    host, path, query = keys_of(written)
    assert entry_of(query or path or host) == entry
    assert entry_of(host).removeprefix("=") == written.host
    assert "\n" not in host + (path or "") + (query or "")


@given(st.lists(st.sampled_from(["a=1", "b=%31", "b=1", "c", "d=%26", "e=+", "e=%20"]), max_size=5))
def test_parameters_are_the_same_in_any_order_and_spelling(parameters: list[str]) -> None:
    there, back = parameters_of("&".join(parameters)), parameters_of("&".join(parameters[::-1]))
    assert there == back
    assert parameters_of("&".join(there)) == there


def test_of_endless_parameters_each_counts() -> None:
    query = "&".join(f"p{number}" for number in range(10_000))
    assert len(parameters_of(f"{query}&{query}&&&&")) == 10_000


@pytest.mark.parametrize("sign", "|#/?")
def test_no_host_has_a_sign_of_the_keys_in_it(sign: str) -> None:
    with pytest.raises(NameFault):
        canonical_host(f"a{sign}b.test")


def test_a_question_mark_in_a_path_begins_no_query() -> None:
    host, path, query = keys_of(Entry("bet.example", "/a%3Fv=1&"))
    assert query is None
    assert path is not None
    assert not path.startswith(keys_of(Entry("bet.example", "/a", "v=1"))[2] or "")
    assert (host, entry_of(path)) == ("example.bet.", "bet.example/a%3fv=1&")

"""A key is met by a walk along another exactly when its site covers the other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.keys import entry_of, host_key, keys_of
from filter_lists.names import Site

NAMES = st.lists(st.sampled_from(["a", "b", "ab", "ba"]), min_size=1, max_size=4).map(".".join)
ADDRESSES = st.sampled_from(["192.0.2.1", "192.0.2.11", "1.192.0.2", "2001:db8::1", "2001:db8::11"])


@settings(deadline=None)
@given(NAMES | ADDRESSES, NAMES | ADDRESSES)
def test_a_key_begins_another_exactly_when_its_host_covers_the_other(above: str, below: str) -> None:
    covered = below == above or (below.endswith("." + above) and below.isalpha())
    covered = covered or (below.endswith("." + above) and not below[-1].isdigit())
    assert host_key(below).startswith(host_key(above)) is covered


@pytest.mark.parametrize(
    ("site", "entry"),
    [
        (Site("www.bet.example"), "www.bet.example"),
        (Site("bet.example", "/odds/today/"), "bet.example/odds/today"),
        (Site("bet.example", "/"), "bet.example"),
        (Site("bet.example", "//"), "bet.example"),
        (Site("bet.example", "/Odds//x"), "bet.example/odds/x"),
        (Site("192.0.2.1"), "192.0.2.1"),
        (Site("192.0.2.1", "/odds"), "192.0.2.1/odds"),
        (Site("2001:db8::1", "/odds"), "2001:db8::1/odds"),
    ],
)
def test_the_entry_can_be_read_from_its_key(site: Site, entry: str) -> None:
    host, path = keys_of(site)
    assert entry_of(path or host) == entry
    assert entry_of(host) == site.host

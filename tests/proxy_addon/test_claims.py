"""What only a proxy may say of a client goes no further, however it is spelt; what a site needs does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_addon.asked import STRIPPED, read_head
from proxy_addon.claims import FAMILIES, NAMES, is_claim

USED_BY_SITES = [
    "Accept",
    "Authorization",
    "Cookie",
    "Origin",
    "Referer",
    "User-Agent",
    "X-CSRF-Token",
    "X-Requested-With",
    "X-Request-ID",
    "Remote",
    "Real",
    "X-HTTP-Method-Override",
    "X-Amz-Date",
    "X-Goog-Api-Key",
    "X-Real",
    "Forward",
    "X-Azure-Ref",
    "X-Auth-Token",
    "Via-Something",
]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_known_claim_is_dropped_with_every_sort_of_dash(name: bytes) -> None:
    for spelt in (name, name.upper(), name.title(), name.replace(b"-", b"_"), name.replace(b"-", b"_", 1)):
        head = read_head([(b"Accept", b"*/*"), (spelt, b"10.0.0.1")])
        assert head.rest == [(b"Accept", b"*/*")]
        assert head.stripped


@given(st.sampled_from(FAMILIES), st.text("abcdefghijklmnopqrstuvwxyz-_", max_size=20))
def test_families_go_as_a_whole(family: bytes, rest: str) -> None:
    assert is_claim(family + rest.encode())


@pytest.mark.parametrize("name", USED_BY_SITES)
def test_what_sites_need_is_passed_on(name: str) -> None:
    pair = (name.encode(), b"x")
    assert read_head([pair]).rest == [pair]


def test_what_is_ours_is_dropped_all_the_same() -> None:
    for name in sorted(STRIPPED):
        assert read_head([(name, b"x")]).rest == []

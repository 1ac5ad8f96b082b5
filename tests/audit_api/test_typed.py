"""Addresses as people type or paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.typed import typed_url
from filter_lists.names import NameFault, parse_url


@pytest.mark.parametrize(
    "text",
    [
        "bet.test/odds",
        " BET.test/odds\n",
        "https://bet.test/odds",
        "me:pw@bet.test/odds",
        "https://me@bet.test/odds",
        "https://a:b@c@bet.test/odds",
        "bet.test:443/odds",
    ],
)
def test_however_it_is_typed_it_is_the_same_site(text: str) -> None:
    assert str(typed_url(text)) == "https://bet.test/odds"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://other.test/@bet.test", "other.test"),
        ("https://other.test\\@bet.test", "other.test"),
        ("https://other.test?@bet.test", "other.test"),
        ("other.test/go?to=https://bet.test/", "other.test"),
    ],
)
def test_an_at_sign_behind_the_host_makes_no_other_host(text: str, host: str) -> None:
    assert typed_url(text).host == host


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_a_browser_would_ask_is_what_is_looked_at(who: str, rest: str) -> None:
    """Where the plain reading takes it at all, the answer is the same."""
    text = f"https://{who}bet.test/{rest}"
    try:
        plain = parse_url(text)
    except NameFault:
        return
    assert typed_url(text) == plain

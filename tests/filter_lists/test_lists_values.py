"""Single values of lists.yaml: what is read is in one spelling, and what is refused says what is allowed."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists import lists_values as values
from filter_lists.names import parse_url


@given(st.text(max_size=80))
def test_a_site_can_be_looked_up_and_reads_as_it_is_written(text: str) -> None:
    try:
        site = values.site(text)
    except ValueError:
        return
    assert values.site(site) == site
    assert parse_url(f"https://{site}")


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("BET.example.", "bet.example"),
        ("https://bet.example/Odds?a=1&b=2#top", "bet.example/Odds?a=1&b=2"),
        ("bet.example?a=1", "bet.example/?a=1"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_sites_as_people_write_them(text: str, site: str) -> None:
    assert values.site(text) == site


@given(st.text(max_size=70))
def test_a_word_is_lower_case_and_no_path(text: str) -> None:
    try:
        word = values.word(text)
    except ValueError:
        assert text != "social-media"
        return
    assert word == text
    assert word.isascii()
    assert not set(word) - set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 0 < len(word) <= 60


@pytest.mark.parametrize(
    ("read", "text", "allowed"),
    [
        (values.word, "Games", "lower-case words"),
        (values.word, "a" * 61, "60 characters"),
        (values.line, "a\x1bb", "one line"),
        (values.flag, "yes", "true or false"),
        (values.one_of("a", "b", "c"), "d", "^a, b or c$"),
        (values.one_of("a"), "d", "^a$"),
        (values.exceptions, "all", "own, category or none"),
        (values.source, "http://lists.example/", "an https address"),
        (values.source, "starter:none.txt", "starter: and one of ai-assistants"),
        (values.source, "a\u202etxt.exe", "a file or folder"),
        (values.site, "bet example", "a host"),
        (values.suffix, "a b", "a public suffix"),
        (values.sha256, "g" * 64, "64 digits"),
        (values.seconds, "3601", "from 1 to 3600"),
    ],
)
def test_what_is_refused_says_what_is_allowed(read: Callable[[str], object], text: str, allowed: str) -> None:
    with pytest.raises(ValueError, match=allowed):
        read(text)

"""A text that stands for an address is read, however it was wrapped; other text is not taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_policy.embedded import has_scheme, is_nothing, read, xor_decoded
from tests.filter_policy.carrying import WRITTEN

ADDRESS = "http://www.blocked.test/a/b?c=d"


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_every_writing_of_an_address_is_read_surely(name: str) -> None:
    found = read(WRITTEN[name](ADDRESS))

    assert "www.blocked.test" in {each.url.host for each in found if each.sure}
    assert "/a/b" in {each.url.path.lower() for each in found if each.sure}


@pytest.mark.parametrize(
    "text", ["blocked.test", "blocked.test:8080/x", "203.0.113.7/x", "[2001:db8::1]/x", "a.b.test."]
)
def test_a_host_is_an_address_without_its_scheme(text: str) -> None:
    assert read(text)[0].sure


def test_a_host_that_is_turned_round_is_a_guess() -> None:
    guesses = {each.url.host for each in read("tset.dekcolb") if not each.sure}
    assert "blocked.test" in guesses
    assert "oybpxrq.grfg" not in {each.url.host for each in read("http://blocked.test/")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "en",
        "auto",
        "hello world",
        "12345",
        "2.5",
        "://blocked",
        "http://",
        "%%%",
        "zzzzzzzz",
        "..",
        "a..b",
    ],
)
def test_other_text_is_no_address(text: str) -> None:
    assert read(text) == ()


def test_the_name_of_a_file_is_no_host_where_none_need_stand() -> None:
    assert read("main.min.js", file=False) == ()
    assert read("main.min.js")[0].url.host == "main.min.js"


@pytest.mark.parametrize(
    "text", ["", " ", "about:blank", "data:image/png;base64,AAAA", "mailto:a@b.test", "%20"]
)
def test_for_some_text_nothing_is_fetched(text: str) -> None:
    assert is_nothing(text)
    assert not is_nothing(f"{text}http://blocked.test/")


def test_a_scheme_is_seen_through_escapes() -> None:
    assert has_scheme("https%253A%252F%252Fa.test")
    assert not has_scheme("a.test/https://b.test")


@given(st.text(max_size=60))
def test_whatever_is_given_is_read_or_not_and_never_fails(text: str) -> None:
    for each in read(text):
        assert "." in each.url.host or ":" in each.url.host
    assert xor_decoded(xor_decoded(text)) == text

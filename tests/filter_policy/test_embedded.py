"""A text that stands for an address is read, however it was wrapped; other text is not taken for one."""

import base64
import codecs
import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_policy.embedded import (
    DEEPEST,
    LONGEST,
    MOST_DECODED,
    MOST_WITHIN,
    has_scheme,
    is_nothing,
    read,
    spellings,
    xor_decoded,
)
from tests.filter_policy.carrying import WRITTEN

ADDRESS = "http://www.blocked.test/a/b?c=d"


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_every_writing_of_an_address_is_read_surely(name: str) -> None:
    found = read(WRITTEN[name](ADDRESS))

    assert "www.blocked.test" in {each.url.host for each in found if each.sure}
    assert "/a/b" in {each.url.path.lower() for each in found if each.sure}


def sure(text: str, *, file: bool = True) -> set[str]:
    return {str(each.url) for each in read(text, file=file) if each.sure is True}


def guessed(text: str) -> set[str]:
    return {str(each.url) for each in read(text) if each.sure is False}


def coded(text: str | bytes, times: int = 1) -> str:
    for _ in range(times):
        text = base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()
    return str(text)


def coded32(text: str) -> str:
    return base64.b32encode(text.encode()).decode()


def turned(text: str) -> str:
    return codecs.encode(text, "rot13")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a.test", "http://a.test/"),
        ("a.test.", "http://a.test/"),
        ("a.test#x", "http://a.test/"),
        ("a.test\\x", "http://a.test/x"),
        ("a.test:8080/x", "http://a.test:8080/x"),
        ("u:p@a.test/x", "http://a.test/x"),
        ("203.0.113.7/x", "http://203.0.113.7/x"),
        ("[2001:db8::1]/x", "http://[2001:db8::1]/x"),
        ("/a.test", "http://a.test/"),
        ("/\\a.test/x", "http://a.test/x"),
        ("\\a.test", "http://a.test/"),
        ("//a.test/x", "http://a.test/x"),
        ("://a.test", "http://a.test/"),
        ("https:a.test", "https://a.test/"),
        ("HTTPS:\\\\a.test", "https://a.test/"),
        ("http:////a.test//x", "http://a.test//x"),
        ("http://a.test:80?x=1", "http://a.test/?x=1"),
        ("https://[2001:db8::1]:81/x", "https://[2001:db8::1]:81/x"),
        ("wss://a.test", "https://a.test/"),
        ("WSS:/a.test", "https://a.test/"),
        ("ws://a.test", "http://a.test/"),
        ("ftp://a.test/x", "http://a.test/x"),
        ("feed:a.test", "http://a.test/"),
        ("rtsp:///a.test", "http://a.test/"),
        ("cache:abcdefghijkl:a.test/x some words", "http://a.test/x"),
        ("cache: a.test/x", "http://a.test/x"),
        ("info:a.test x", "http://a.test/"),
        ("view-source:https://a.test/", "https://a.test/"),
        ("\uff41\uff0e\uff54\uff45\uff53\uff54", "http://a.test/"),
        ("a\u3002test", "http://a.test/"),
        ("http://a\uff61test/x", "http://a.test/x"),
        ("http://b\u00fccher.test", "http://xn--bcher-kva.test/"),
        (' \u200b"http://a.test/x"\u00a0', "http://a.test/x"),
        ("http://a.test/ x", "http://a.test/%20x"),
        ("http://a b@a.test/", "http://a.test/"),
        ("x http://a.test/x y", "http://a.test/x"),
        ("x%20http%3A%2F%2Fa.test", "http://a.test/"),
        ("a1" + coded("http://a.test/"), "http://a.test/"),
        (coded("http://a.test/\n"), "http://a.test/"),
        (coded("a.test/>>>?"), "http://a.test/%3E%3E%3E"),
        (coded("a.test/>>>?").replace("+", "-"), "http://a.test/%3E%3E%3E"),
        (coded("a.test/>>>?").replace("+", " "), "http://a.test/%3E%3E%3E"),
        (coded("a.test/x???"), "http://a.test/x???"),
        (coded("a.test/x???").replace("/", "_"), "http://a.test/x???"),
        (coded32("http://a.test/"), "http://a.test/"),
        (coded32("http://a.test/").lower(), "http://a.test/"),
        (coded32("http://aa.test/x"), "http://aa.test/x"),
        (coded32("http://a.test")[:-1], "http://a.test/"),
        (coded32("http://aaaa.test/x").rstrip("="), "http://aaaa.test/x"),
        (b"http://a.test/".hex().upper(), "http://a.test/"),
        (coded("http://a.test/")[::-1], "http://a.test/"),
        (coded(zlib.compress(b"http://a.test/")), "http://a.test/"),
        (coded(zlib.compress(b"http://a.test/")[2:-4]), "http://a.test/"),
        (coded(gzip.compress(b"http://a.test/", mtime=0)), "http://a.test/"),
        ("0x" + b"http://a.test/".hex(), "http://a.test/"),
        (xor_decoded("wss://a.test/"), "https://a.test/"),
        ("x" + turned("http://a.test/"), "http://a.test/"),
        ("x http://a.test/"[::-1], "http://a.test/"),
    ],
)
def test_each_way_to_write_an_address_stands_for_that_address_alone(text: str, address: str) -> None:
    assert sure(text) == {address}


@pytest.mark.parametrize("letters", range(1, 6))
@pytest.mark.parametrize("code", [coded, coded32])
def test_the_signs_that_fill_up_a_code_may_be_there_or_not(letters: int, code: Callable[[str], str]) -> None:
    address = f"http://{'a' * letters}.test/"

    assert sure(code(address)) == sure(code(address).rstrip("=")) == {address}


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("http://a.test\\@b.test/x", {"http://a.test/@b.test/x", "http://b.test/"}),
        ("https://a.test\\@b.test:8080/x", {"https://a.test/@b.test:8080/x", "https://b.test:8080/"}),
        ("http://a.test#@b.test%5C@b.test/", {"http://a.test/", "http://b.test/"}),
        ("http://a.test\0.b.test/", {"http://a.test.b.test/", "http://a.test/"}),
        ("\nhttp://a.test\n.b.test/", {"http://a.test.b.test/", "http://a.test/"}),
        ("x-http://a.test/?u=https:/b.test", {"http://a.test/?u=https:/b.test", "https://b.test/"}),
        ("x http://a.test/?tset.b//:ptth", {"http://a.test/?tset.b//:ptth", "http://b.test/?/tset.a//:ptth%20x"}),
    ],
)  # fmt: skip
def test_what_some_read_in_one_way_and_some_in_another_stands_for_both(
    text: str, addresses: set[str]
) -> None:
    assert sure(text) == addresses


@pytest.mark.parametrize(
    ("text", "certain", "perhaps"),
    [
        ("http://a.test#@b.test/x", {"http://a.test/"}, {"http://b.test/"}),
        ("https://a.test?@b.test/x/@c.test", {"https://a.test/?@b.test/x/@c.test"}, {"https://b.test/"}),
        ("http://a.test/x?y#@b.test", {"http://a.test/x?y"}, set()),
        (coded("tset.dekcolb"), {"http://tset.dekcolb/"},
         {"http://blocked.test/", "http://oybpxrq.grfg/", "http://gfrg.qrxpbyo/"}),
    ],
)  # fmt: skip
def test_what_it_only_may_stand_for_is_a_guess(text: str, certain: set[str], perhaps: set[str]) -> None:
    assert (sure(text), guessed(text)) == (certain, perhaps)


def test_a_text_is_read_through_so_many_encodings_and_no_more() -> None:
    assert sure(coded("http://a.test/", DEEPEST)) == {"http://a.test/"}
    assert read(coded("http://a.test/", DEEPEST + 1)) == ()


def test_of_a_text_with_many_addresses_all_are_read_or_none() -> None:
    def text(many: int) -> str:
        return " ".join(f"x http://s{number}.test" for number in range(many))

    assert sure(text(MOST_WITHIN)) == {f"http://s{number}.test/" for number in range(MOST_WITHIN)}
    assert read(text(MOST_WITHIN + 1)) == ()


def test_of_a_text_without_end_the_beginning_is_read() -> None:
    assert sure("http://a.test/".ljust(LONGEST, "x") + "yy") == {"http://a.test/".ljust(LONGEST, "x")}


def test_escapes_are_taken_out_one_layer_after_the_other() -> None:
    assert list(spellings("a%252520b+c")) == ["a%252520b+c", "a%2520b c", "a%20b c", "a b c"]
    assert list(spellings("%252Bx")) == ["%252Bx", "%2Bx", "+x"]
    assert list(spellings("a" + "%" + "25" * 9 + "41"))[-1] == "a" + "%" + "25" * (9 - MOST_DECODED) + "41"


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
        "http:///",
        "http://localhost/",
        "http://a..test",
        f"http://{'a' * 300}.test/",
        "cache:",
        "(a.test)",
        "a.test=b",
        "612e74",
        coded32("a.test").rstrip("="),
        coded32("http://a.test/")[:16] + coded32("http://a.test/")[16:].lower(),
        "a1a1" + coded("http://a.test/"),
        "b2" + coded("http://a.test/"),
        coded("http://a.test/\x01"),
        coded("http://a.test/x")[:-1] + "!",
        xor_decoded("a.test/http://a"),
    ],
)
def test_other_text_is_no_address(text: str) -> None:
    assert read(text) == ()


def test_the_name_of_a_file_is_no_host_where_none_need_stand() -> None:
    assert read("main.min.js", file=False) == ()
    assert read("main.min.js")[0].url.host == "main.min.js"
    assert read("index.php/x?x=a.test", file=False) == read("mp3.js\\x", file=False) == ()
    assert sure("main.js.test", file=False) == {"http://main.js.test/"}
    assert sure("http://main.js/", file=False) == {"http://main.js/"}


def test_where_none_need_stand_a_guess_is_no_address_but_what_is_sure_is() -> None:
    assert [each.sure for each in read("tset.dekcolb", file=False)] == [True, False, False, False]
    assert read(turned("https:/a.test/ab.pk"), file=False) == read("https:/a.test/ab.pk")
    assert read(coded("main.js"), file=False) == ()
    assert "http://main.js/" in sure(coded("main.js"))


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

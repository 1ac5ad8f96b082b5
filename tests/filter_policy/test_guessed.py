"""Addresses inside the address of a site that nobody knows: what they would show counts."""

import base64
import gzip
import time
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

from filter_lists.listing import Listing
from filter_lists.names import Url, parse_site, parse_url
from filter_policy.circumvention import PROXY
from filter_policy.guessed import MOST, guesses
from filter_policy.judge import judge_url, listings_of
from filter_policy.model import Reason, SiteRule, Verdict
from tests.builders import NOON, a_person, a_policy, a_teacher, an_unblock
from tests.filter_policy.carrying import LISTED, decided, lookup

UNKNOWN = "https://unheard-of.pages.test"


def whole(text: str) -> str:
    return quote(text, safe="")


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


PLACES: dict[str, Callable[[str], str]] = {
    "/math/{}": str,
    "/view/{}": str,
    "/a/{}?x=1": str,
    "/{}": str,
    "/edu/{} ": whole,
    "/scram/network/{}": whole,
    "/p/{}": lambda text: whole(whole(text)),
    "/edu/{}": coded,
    "/edu2/{}": lambda text: coded(text).rstrip("="),
    "/edu/{}/": lambda text: coded(coded(text)),
    "/hex/{}": lambda text: text.encode().hex(),
    "/http/{}": lambda text: text.partition("://")[2],
    "/%68ttps:/{}": lambda text: text.partition(":/")[2],
    "/one/{}": lambda text: text.replace("//", "/"),
    "/x;to={}": str,
    "/back/{}": lambda text: text.replace("/", "\\"),
    "/?{}": str,
    "/?{}&x=1": whole,
    "/?url={}": str,
    "/get?x=1&URL={}": whole,
    "/service?u={}": coded,
    "/proxy?x=1;target={}": whole,
    "/x/webproxy.php?to={}": whole,
    "/browse/?go={}": str,
    "/turned?u={}": lambda text: text[::-1],
    "/gzip/{}": lambda text: packed(gzip.compress(text.encode(), mtime=0)),
    "/zlib?u={}": lambda text: packed(zlib.compress(text.encode())),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_an_unknown_site_would_show_counts(place: str) -> None:
    def asked(address: str) -> str:
        return UNKNOWN + place.strip().format(PLACES[place](address))

    shut = decided(asked("https://www.blocked.test/x"))
    assert shut.listing == Listing("circumvention", "schoolgate", PROXY)
    assert not decided(asked("https://school.test/x")).is_block
    assert decided(asked("https://illegal.test/x")).reason is Reason.ILLEGAL
    assert decided(asked("https://allowed.example/games/x")).is_block  # the school's own rule


@pytest.mark.parametrize(
    ("path", "addresses"),
    [
        ("/math/https://a.test/x", ["https://a.test/x"]),
        ("/math/https://a.test/x?y=1", ["https://a.test/x?y=1"]),
        ("/math/https://[2001:db8::1]/x", ["https://[2001:db8::1]/x"]),
        ("/math/https:/a%2Etest/", ["https://a.test/"]),
        ("/math/" + whole(whole(whole("https://a.test/x"))), ["https://a.test/x"]),
        ("/x/" + coded("http://a.test/x???y"), ["http://a.test/x??", "http://a.test/x???y"]),
        (
            "/?u=https://a.test/&url=https://b.test/x&u=https://a.test/",
            ["https://a.test/", "https://b.test/x"],
        ),
        ("/math/https://a.test/?u=https://b.test/", ["https://a.test/?u=https://b.test/", "https://b.test/"]),
        ("/Xhttps://a.test/", []),
        ("/math/https://one/a.test", []),
        ("/math/https:/", []),
        ("/uggc.js", []),
        ("/?u=uggc.js", []),
        ("/?u=1&http=2", []),
    ],
)
def test_each_whole_address_is_found_with_all_that_is_asked_of_it(path: str, addresses: list[str]) -> None:
    assert [str(each) for each in guesses(parse_url(UNKNOWN + path))] == addresses


@pytest.mark.parametrize(
    "path",
    [
        "/blocked.test/index.html",
        "/?ref=blocked.test",
        "/?url=blocked.test",
        "/?ref=https://blocked.test/",
        "/login?redirect_uri=https%3A%2F%2Fblocked.test%2F",
        "/x?return=https://blocked.test&continue=https://blocked.test/&next=https://blocked.test",
        "/x?from=https://blocked.test&share=https://blocked.test",
        "/x?text=read+https://blocked.test",
        "/x?u=read+https://blocked.test",
        "/search?q=https://blocked.test/",
        "/browse/books?to=https://blocked.test",
        "/enquiry-form-and-more/ejected-passengers",
        "/about/https",
        "/http/status/404.html",
        "/https-and-blocked.test",
        "/aHR0c",
        "/?url=https://unheard-of.pages.test/a.jpg",
    ],
)
def test_where_somebody_comes_from_and_names_alone_are_no_such_address(path: str) -> None:
    assert not decided(UNKNOWN + path).is_block


def test_it_counts_only_where_nobody_knows_the_site_and_only_for_whom_it_is_shut() -> None:
    url = parse_url(UNKNOWN + "/math/https://blocked.test/")
    opened = SiteRule(parse_site("pages.test"), Verdict.ALLOW, frozenset({"pupils"}), "ours")
    listed = Listing("education", "l", "pages.test")

    def known(asked: Url) -> tuple[Listing, ...]:
        return lookup(asked) or ((listed,) if asked.host.endswith("pages.test") else ())

    assert not judge_url(url, a_person(), a_policy(sites=(opened,)), lookup, NOON).is_block
    assert not judge_url(url, a_person(), a_policy(), known, NOON).is_block
    mine = SiteRule(parse_site("blocked.test"), Verdict.ALLOW, frozenset({"teachers", "staff"}), "theirs")
    assert judge_url(url, a_person(), a_policy(sites=(mine,)), lookup, NOON).is_block
    assert not judge_url(url, a_teacher(), a_policy(sites=(mine,)), lookup, NOON).is_block


def test_proxies_within_proxies_and_carriers_are_read_through_and_too_many_are_one_too_many() -> None:
    two = "https://a.test/x/https://b.test/y/{}"
    assert decided(f"{UNKNOWN}/{two.format('https://blocked.test')}").is_block
    assert not decided(f"{UNKNOWN}/{two.format('https://school.test')}").is_block
    assert decided(f"{UNKNOWN}/x/https://translate.google.com/translate?u=https://blocked.test").is_block
    deep = "https://a.test/x/https://b.test/y/https://c.test/z/https://d.test/"
    assert decided(f"{UNKNOWN}/{deep}").is_block
    many = "&".join(f"url=https://s{number}.test" for number in range(MOST + 1))
    assert decided(f"{UNKNOWN}/?{many}").is_block


def test_it_holds_as_long_as_what_it_would_show() -> None:
    lesson = an_unblock("blocked.test")
    url = parse_url(UNKNOWN + "/math/https://blocked.test/")

    found = judge_url(url, a_person(classes=("6B",)), a_policy(unblocks=(lesson,)), lookup, NOON)

    assert (found.is_block, found.valid_until) == (False, lesson.ends_at)


def test_the_line_of_one_that_would_show_something_illegal_names_it_as_that() -> None:
    url = parse_url(UNKNOWN + "/math/https://illegal.test/")
    assert LISTED["illegal.test"] in listings_of(url, lookup, a_policy())


def test_no_address_keeps_the_judge_busy() -> None:
    for path in (
        "/https:" * 3000,
        "/x" * 3000 + "/https://a.test",
        "/?" + "&".join(f"url=https://a.test/?url=https://b{n}.test" for n in range(500)),
        "/" + "aHR0cHM6Ly9h/" * 1000,
        "/?u=" + "https://a.test/?u=" * 400,
        "/" + "https://a.test/" * 400,
    ):
        begun = time.process_time()
        decided(UNKNOWN + path)
        assert time.process_time() - begun < 0.5, path[:40]


def test_a_usual_address_has_none() -> None:
    assert guesses(parse_url("https://www.school.test/lessons/3?page=2&q=http")) == ()

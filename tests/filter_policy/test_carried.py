"""What a carrier shows is judged as if it were visited, however the address was written into it."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.names import Url, parse_url
from filter_policy.carried import carried
from filter_policy.explain import explain
from filter_policy.judge import CARRIED, judge_url, listings_of
from filter_policy.model import Listing, Reason
from tests.builders import NOON, a_person, a_policy, an_unblock
from tests.filter_policy.carrying import (
    BELOW,
    PARAMETERS,
    PLACES,
    WRITTEN,
    dashed,
    decided,
    lookup,
    the_policy,
)

HOSTS = ("", "www.", "a.b-c.", "xn--bcher-kva.")


@pytest.mark.parametrize("place", PARAMETERS)
def test_a_blocked_address_is_blocked_in_every_writing_and_an_allowed_one_is_not(place: str) -> None:
    for name, written in WRITTEN.items():
        for url in ("http://blocked.test/a/b", "https://www.blocked.test/"):
            assert decided(place.format(written(url))).is_block, name
        assert not decided(place.format(written("http://allowed.test/a/b"))).is_block, name


@pytest.mark.parametrize("place", PLACES)
def test_a_blocked_host_is_blocked_in_every_place_and_an_allowed_one_is_not(place: str) -> None:
    for prefix in HOSTS:
        blocked = decided(place.format(f"{prefix}blocked.test"))

        assert blocked.reason is Reason.CATEGORY_NOT_ALLOWED
        assert blocked.rule == "carried: access.gambling.everyone"
        assert not decided(place.format(f"{prefix}allowed.test")).is_block, prefix


@pytest.mark.parametrize("place", BELOW)
def test_a_host_in_the_carriers_name_is_read(place: str) -> None:
    for prefix in HOSTS[:-1]:  # of other scripts, in another way: below
        assert decided(place.format(dashed(f"{prefix}blocked.test"))).is_block
        assert not decided(place.format(dashed(f"{prefix}allowed.test"))).is_block


def test_a_long_or_international_host_in_a_carriers_name_is_read() -> None:
    name = "bücher-blocked-test".encode("punycode").decode()
    assert "https://xn--bcher-kva.blocked.test/" in found(f"https://xn--{name}.translate.goog/")
    split = "https://blocked-test.translate.goog/?_x_tr_hp=www-very-"
    assert found(split) == ["https://www.very.blocked.test/"]


def found(address: str) -> list[str]:
    return [str(each.url) for each in carried(parse_url(address), the_policy()).found]


@pytest.mark.parametrize(
    "address",
    [
        "http://translate.test/",
        "http://translate.test/static/app.v2.min.js?v=1.2.3",
        "http://translate.test/?sl=en&tl=fr&text=read+blocked.test+aloud",
        "http://translate.test/translate?u=",
        "http://www.translate.test/c/main.css",
        "http://archive.test/web/",
        "http://cache.test/search?q=roman+britain",
        "https://translate.google.com/?sl=en&tl=fr&text=hello&op=translate",
        "https://translate.google.com/translate?u=about:blank",
        "https://www.translate.goog/",
        "https://web.archive.org/",
        "https://web.archive.org/_static/js/bundle-playback.js?v=1",
        "https://cdn.ampproject.org/v0.js",
        "https://www.google.com/search?q=blocked.test",
        "https://www.google.com/url?q=/settings/account",
        "https://encrypted-tbn0.gstatic.com/images?q=tbn:ANd9GcQ&s",
        "https://www.bing.com/th?id=OIP.abc&w=200",
        "https://duckduckgo.com/?q=blocked.test",
        "https://12ft.io/faq",
        "https://perma.cc/ABCD-1234",
        "https://us5-browse.startpage.com/",
        "https://www.startpage.com/sp/search",
        "https://s.yimg.com/rq/darla/4-6-0/html/r-sf.html",
        "https://substackcdn.com/bundle/main.js",
        "https://www.instapaper.com/u",
        "https://allowed.test/?ref=blocked.test",
        "https://allowed.test/?from=http://blocked.test/",
        "https://allowed.test/blocked.test/index.html",
        "http://translate.test/translate?u=http://allowed.test/?ref=http://blocked.test/",
    ],
)
def test_what_carries_nothing_stays_open(address: str) -> None:
    assert not decided(address).is_block


@pytest.mark.parametrize(
    "address",
    [
        "http://proxy-site.test/browse.php?u=Oi8vYmxvY2tlZA==&b=4",
        "http://translate.test/translate?u=%25%25%25",
        "http://translate.test/translate?u=x",
        "http://translate.test/translate?" + "a=b&" * 500 + "u=http://allowed.test/",
        "http://cache.test/search?q=cache:x9",
        "http://archive.test/web/2024/zzz",
        "http://archive.test/" + "a.1/" * 60 + "blocked.test",
        "http://translate.test/translate?u=x" + "http://allowed.test/" * 20,
        "http://translate.test/translate?a=" + ";" * 500 + "u=http://allowed.test/",
        "https://translate.google.com/translate?u=zzz",
        "https://archive.ph/AbCdE",
        "https://cc.bingj.com/cache.aspx?q=words&d=1&w=2",
        "https://zzz.translate.goog/",
        "https://us5-browse.startpage.com/do/x",
        "https://eu-browse.startpage.com/av/proxy?ep=xyz",
        "https://www.startpage.com/av/proxy?ep=xyz",
        "http://translate.test/?u=" + "http://translate.test/?u=" * 4 + "http://allowed.test/",
    ],
)
def test_what_cannot_be_read_is_a_way_round_the_filter(address: str) -> None:
    decision = decided(address)

    assert decision.is_block
    assert decision.listing == Listing("circumvention", "schoolgate", "unreadable-carrier")


def test_a_carrier_within_a_carrier_is_read_through() -> None:
    inner = "https://web.archive.org/web/2024/https://{}/"
    assert decided("http://translate.test/translate?u=" + inner.format("blocked.test")).is_block
    assert not decided("http://translate.test/translate?u=" + inner.format("allowed.test")).is_block


def test_what_is_carried_has_its_own_rules_unblocks_and_times() -> None:
    lesson = an_unblock("blocked.test")
    url = parse_url("https://translate.google.com/translate?u=https://blocked.test/")
    person = a_person(classes=("6B",))

    opened = judge_url(url, person, the_policy(unblocks=(lesson,)), lookup, NOON)

    assert not opened.is_block
    assert opened.valid_until == lesson.ends_at
    assert judge_url(url, person, the_policy(unblocks=(lesson,)), lookup, lesson.ends_at).is_block
    assert decided("https://translate.google.com/translate?u=https://allowed.example/games/x").rule == (
        "carried: sites.block.allowed.example/games"
    )


def test_illegal_content_that_is_carried_is_illegal_whatever_else_is_true() -> None:
    address = "http://www.blocked.test.translate.test/?u=http://illegal.test/x&q=1"
    url = parse_url(address)

    assert decided(address).reason is Reason.ILLEGAL
    assert LISTED_AS_ILLEGAL in listings_of(url, lookup, the_policy())
    assert LISTED_AS_ILLEGAL not in listings_of(url, lookup)  # without the school's own carriers
    shut = replace(the_policy(), access={**a_policy().access})
    assert (
        judge_url(url, a_person(), shut, lambda one: (*lookup(one), *bets(one)), NOON).reason
        is Reason.ILLEGAL
    )


LISTED_AS_ILLEGAL = Listing("child-sexual-abuse", "sealed", "illegal.test")


def bets(url: Url) -> tuple[Listing, ...]:
    return (Listing("gambling", "bets", url.host),) if url.host.endswith("translate.test") else ()


def test_an_explanation_says_what_was_carried() -> None:
    url = parse_url("http://cache.test/search?q=cache:blocked.test/x")

    told = explain(url, a_person(), the_policy(), lookup, NOON)

    assert f"{CARRIED}http://blocked.test/x" in [step.rule for step in told.steps]
    assert told.decision == judge_url(url, a_person(), the_policy(), lookup, NOON)


PLAIN = ("as it is", "escaped", "twice", "capitals", "no scheme", "one slash", "behind a name", "line breaks")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(PARAMETERS[-5:]),
    st.sampled_from(PLAIN),
    st.text(st.sampled_from("ab%2f:/.?&=;#+ \\@-_~\0\t"), max_size=12),
    st.text(st.sampled_from("ab%2f:/.?&=;#+ \\@-_~\0\t"), max_size=12),
)
def test_nothing_around_it_makes_a_blocked_address_readable_as_another(
    place: str, written: str, before: str, after: str
) -> None:
    """Behind it and in other parameters: what was blocked stays blocked."""
    text = place.format(
        WRITTEN[written]("http://blocked.test/") + ("%23" if "base" in written else "") + after
    )
    mark = "&" if "?" in text else "?"
    for address in (place.format(WRITTEN[written]("http://blocked.test/")) + mark + before, text):
        try:
            url = parse_url(address)
        except ValueError:
            continue
        if "#" in address:
            continue
        assert judge_url(url, a_person(), the_policy(), lookup, NOON).is_block, address


@pytest.mark.parametrize(
    "address",
    [
        "http://archive.test/" + "/".join(f"a.{number}" for number in range(6000)),
        "http://archive.test/" + "/".join(f"aaaaaaaa{number}" for number in range(4000)),
        "http://translate.test/?u=x" + "http://a.test/" * 4000,
        "http://translate.test/?u=" + "%2525252541" * 5000,
        "http://translate.test/?" + "&".join(f"u=aHR0cDovL2E{number:05}" for number in range(190)),
        "http://free.test/proxy?" + "&".join(f"url=x{number}" for number in range(6000)),
        "http://free.test/" + "proxy/" * 9000,
    ],
)
def test_nobody_keeps_us_busy_with_an_address(address: str) -> None:
    begun = time.thread_time()
    decided(address)
    assert time.thread_time() - begun < 0.5

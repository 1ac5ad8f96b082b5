"""What may not be searched for is blocked wherever it is searched, and the row does not say it again."""

import time

import pytest

from filter_lists.names import parse_url
from filter_policy.explain import explain
from filter_policy.judge import judge_url
from filter_policy.model import Listing, Policy, Reason, TermRule
from filter_policy.terms import LONGEST, forbidden, searched
from tests.builders import NOON, a_person, a_policy, a_teacher, an_unblock

RULES = (
    TermRule("buy drugs", frozenset({"upper-ks2"}), "B150"),
    TermRule("make a bomb", frozenset({"pupils"}), "A353"),
)


def policy(**changes: object) -> Policy:
    return a_policy(terms=RULES, **changes)


def decided(address: str) -> Reason:
    return judge_url(parse_url(address), a_person(), policy(), lambda _: (), NOON).reason


@pytest.mark.parametrize(
    "address",
    [
        "http://search.test/search?q=HOW%20to%20M%61ke%20a%20BOMB",
        "https://www.google.com/search?hl=en&q=make+a+bomb",
        "https://www.google.com/search?q=romans&q=make+a+bomb",
        "https://www.google.com/search?q=mak%2565+a+bomb",
        "https://www.google.com/complete/search?client=x&q=make%20a%20bomb",
        "https://www.youtube.com/results?search_query=make+a+b0mb",
        "https://unheard-of.test/find?Search[]=make+a+bomb",
        "https://unheard-of.test/?%71=make+a+bomb",
        "https://unheard-of.test/search/make-a-bomb/2",
        "https://unheard-of.test/search/make+a/bomb",
        "https://unheard-of.test/find/a/s/make/a/bomb",
        "https://unheard-of.test/search/make-a-bomb/search/x",
        "https://unheard-of.test/?a=1&q=&q=make+a+bomb",
        "https://unheard-of.test/?=&+q+=make+a+bomb",
        "https://unheard-of.test/?q=make+a&q=bomb",
        "https://unheard-of.test/?q=%FF+make+a+bomb",
        "https://unheard-of.test/?q=%u006Dake%u0020a+bomb+%ud800",
        "https://www.dailymotion.com/search/make%20a%20bomb",
        "https://www.baidu.com/s?wd=make%20a%20bomb",
        "https://translate.google.com/translate?u=https://search.test/?q=make%2Ba%2Bbomb",
        "https://unheard-of.test/?" + "a=b&" * 300 + "q=make+a+bomb",
    ],
)
def test_a_word_that_may_not_be_searched_for_is_blocked(address: str) -> None:
    assert decided(address) is Reason.TERM


@pytest.mark.parametrize(
    "address",
    [
        "https://www.google.com/search?q=roman+britain",
        "https://www.google.com/search?q=make+a+bombardier",
        "https://news.test/make-a-bomb",
        "https://news.test/?page=make+a+bomb",
        "https://news.test/?p=12345",
    ],
)
def test_other_searches_and_pages_stay_open(address: str) -> None:
    assert decided(address) is Reason.UNLISTED_ALLOWED


def test_what_is_searched_for_is_read_in_each_part_and_together_and_folded() -> None:
    for address, texts in {
        "https://a.test/?q=Roman%2BBritain&q=&x=y": {"roman+britain", "roman%2bbritain"},
        "https://a.test/?q=a+b&q=c": {"a b", "c", "a b c"},
        "https://a.test/?q=a;q=b": {"a", "b", "a b"},
        "https://a.test/?as_epq=c+d&as_q=a&as_q=b": {"c d", "a", "b", "a b", "a b c d", "c d a b"},
        "https://a.test/?as_q=a&q=b&s=c": {"a", "b", "c", "b a", "a b"},
        "https://a.test/?as_q=a&s=c": {"a", "c"},
        "https://a.test/?Q%5B0%5D%5B1%5D=a": {"a"},
        "https://a.test/?%2B+q=a": set(),
        "https://a.test/?q=%E9": {"e", "%e9"},
        "https://a.test/?q=%25252541": {"%41", "%2541", "%252541", "%25252541"},
        "https://a.test/search/a+b/c": {"a b c"},
        "https://a.test/s/a/s/b": {"a s b"},
    }.items():
        assert set(searched(parse_url(address))) == texts, address


def test_a_word_holds_for_those_it_names() -> None:
    url = parse_url("https://search.test/?q=make+a+bomb")

    assert not judge_url(url, a_teacher(), policy(), lambda _: (), NOON).is_block
    assert decided("https://search.test/?q=buy+drugs") is Reason.TERM


@pytest.mark.parametrize(
    ("names", "both", "bombs"),
    [({"upper-ks2"}, 1, None), ({"pupils"}, 2, 2), ({"pupils", "upper-ks2"}, 1, 2), ({"staff"}, None, None)],
)
def test_the_first_word_that_holds_for_somebody_is_the_one_that_is_told(
    names: set[str], both: int | None, bombs: int | None
) -> None:
    def told(*texts: str) -> int | None:
        return forbidden(texts, policy(), frozenset(names))

    assert told("romans", "make a bomb or buy drugs") == told("make a bomb", "buy drugs") == both
    assert told("make a bomb", "romans") == bombs
    assert told("romans") is None


def test_as_much_text_as_is_read_closely_is_told_from_the_word_itself() -> None:
    text = "make a bombardier ".ljust(LONGEST, "x")
    assert forbidden((text,), policy(), frozenset({"pupils"})) is None
    assert forbidden((text, "make a bombe"), policy(), frozenset({"pupils"})) == 2
    assert forbidden((text, "romans"), policy(), frozenset({"pupils"})) is None


def test_the_rule_is_a_number_and_never_the_word() -> None:
    url = parse_url("https://search.test/?q=make+a+bomb")

    told = explain(url, a_person(), policy(), lambda _: (), NOON)

    assert told.decision.rule == "terms.2"
    assert not any("bomb" in f"{step.rule} {step.says}" for step in told.steps)


def test_no_unblock_opens_a_word_and_illegal_comes_before_it() -> None:
    url = parse_url("https://search.test/?q=make+a+bomb")
    person = a_person(classes=("6B",))
    opened = policy(unblocks=(an_unblock("search.test"),))
    illegal = Listing("child-sexual-abuse", "l", "search.test")

    assert judge_url(url, person, opened, lambda _: (), NOON).reason is Reason.TERM
    assert judge_url(url, person, opened, lambda _: (illegal,), NOON).reason is Reason.ILLEGAL


def test_without_words_nothing_is_read() -> None:
    assert forbidden(searched(parse_url("https://a.test/?q=x")), a_policy(), frozenset({"pupils"})) is None
    assert searched(parse_url("https://a.test/x")) == ()


FILLED = "&".join(f"q=x{number}" for number in range(8))


@pytest.mark.parametrize(
    "query",
    [
        f"{FILLED}&q=make+a+bomb&{FILLED.replace('x', 'y')}",
        "q=" + "+" * 3000 + "make+a+bomb",
        "q=" + "%E2%80%8B" * 700 + "make+a+bomb",
        "q=" + "%CC%80%CC%A7" * 2000 + "make+a+bomb",
        "q=" + "romans+" * 3000 + "make+a+bomb",
        "as_q=make+a&as_epq=bomb",
        "as_epq=bomb&as_q=make+a",
        "q=make&q=a&q=bomb",
        "a=1;q=make+a+bomb",
        "q%00=make+a+bomb",
        "q%2500x=make+a+bomb",
        "Q=make+a+bomb",
        "q=m%00ake%01+a+bomb",
        "q=make+a+b%E3%85%A4omb",
    ],
)
def test_no_length_number_or_place_hides_a_word(query: str) -> None:
    assert decided(f"https://www.google.com/search?{query}") is Reason.TERM


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "romans+in+britain+" * 3000,
        "q=" + "%CC%80%CC%A7" * 5000,
        "&".join(f"q={number}" for number in range(9000)),
        "q=" + "make+a+bombardier+" * 3000,
        "q=" + "%F0%9F%92%A3m%31" * 4000,
    ],
)
def test_much_text_is_read_in_little_time(query: str) -> None:
    begun = time.process_time()
    reason = decided(f"https://www.google.com/search?{query}")
    assert time.process_time() - begun < 0.5
    assert (reason is Reason.TERM) is ("bombardier" in query)  # too much to be told from the word itself

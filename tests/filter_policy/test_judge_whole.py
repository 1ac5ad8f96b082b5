"""Of all that a request is and carries, what is answered: the first that is blocked, and the earliest end."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from filter_lists.names import Url, parse_site, parse_url
from filter_policy.decide import decide
from filter_policy.judge import DEEPEST, Judge, judge_url, listings_of, sooner, stands_alone
from filter_policy.model import Decision, Listing, Policy, Reason, Request, SiteRule, TermRule, Verdict
from tests.builders import NOON, a_person, a_policy, an_unblock
from tests.filter_policy.carrying import decided, lookup, the_policy

HOUR = timedelta(hours=1)
CARRY = "http://translate.test/translate?u="


def nothing(_url: Url) -> Iterable[Listing]:
    return ()


def judge(answers: dict[str, Decision], policy: Policy | None = None, **changes: object) -> Judge:
    """Answers by host: what is not there is allowed for ever."""
    allowed = Decision(Verdict.ALLOW, Reason.UNLISTED_ALLOWED, "any", "r1")
    answer = lambda asked: answers.get(asked.url.host, allowed)  # noqa: E731  # one line says it
    return Judge(a_person(), policy or a_policy(), nothing, answer, **changes)  # type: ignore[arg-type]  # by name


def until(at: datetime | None, verdict: Verdict = Verdict.ALLOW, rule: str = "r") -> Decision:
    return Decision(verdict, Reason.UNLISTED_ALLOWED, rule, "r1", valid_until=at)


def names(*hosts: str) -> list[Url]:
    return [parse_url(f"https://{host}/") for host in hosts]


def test_the_first_name_that_is_blocked_is_the_answer() -> None:
    shut = until(NOON, Verdict.BLOCK)
    found = judge({"b.test": shut, "c.test": until(None, Verdict.BLOCK, "later")}).names(
        names("a.test", "b.test", "c.test")
    )
    assert (found.url.host, found.decision) == ("b.test", shut)


@pytest.mark.parametrize(
    ("one", "other", "earliest"),
    [
        (NOON, NOON + HOUR, NOON),
        (NOON + HOUR, NOON, NOON),
        (None, NOON, NOON),
        (NOON, None, NOON),
        (None, None, None),
    ],
)
def test_of_two_names_that_are_allowed_the_first_is_told_with_the_earliest_end(
    one: datetime | None, other: datetime | None, earliest: datetime | None
) -> None:
    held = judge({"a.test": until(one, rule="first"), "b.test": until(other, rule="second")})
    found = held.names(names("a.test", "b.test"))
    assert found.url.host == "a.test"
    assert (found.decision.rule, found.decision.valid_until) == ("first", earliest)
    assert sooner(one, other) is (one is not None and (other is None or one < other))


def test_who_names_nothing_is_told_so() -> None:
    with pytest.raises(ValueError, match=r"^nothing was asked$"):
        judge({}).names([])


def test_what_is_carried_ends_when_the_first_of_it_ends() -> None:
    policy = the_policy()
    held = judge({"translate.test": until(NOON + HOUR, rule="carrier"), "a.test": until(NOON)}, policy)
    found = held.names([parse_url(f"{CARRY}http://a.test/")]).decision
    assert (found.rule, found.valid_until) == ("carrier", NOON)


def test_carriers_are_read_three_deep_and_no_deeper() -> None:
    def within(depth: int, address: str) -> str:
        for _ in range(depth):
            address = CARRY + address.replace("%", "%25").replace("&", "%26").replace("?", "%3F")
        return address

    for depth in range(1, DEEPEST + 1):
        assert not decided(within(depth, "http://allowed.test/")).is_block, depth
        blocked = decided(within(depth, "http://blocked.test/"))
        assert blocked.rule == "carried: access.gambling.everyone", depth
    too_deep = decided(within(DEEPEST + 1, "http://allowed.test/"))
    assert (too_deep.is_block, too_deep.listing) == (
        True,
        Listing("circumvention", "schoolgate", "unreadable-carrier"),
    )


def test_what_a_carrier_carries_is_told_to_whoever_listens() -> None:
    said: list[tuple[str, bool, str]] = []
    judge_url(
        parse_url(f"{CARRY}http://allowed.test/x"), a_person(), the_policy(), lookup, NOON,
        note=lambda *step: said.append(step),
    )  # fmt: skip
    assert ("carried: http://allowed.test/x", True, "judged as if it were visited") in said


def test_illegal_content_that_is_carried_is_told_before_all_else() -> None:
    blocked_carrier = a_policy(
        carriers=(parse_site("translate.test"),),
        sites=(SiteRule(parse_site("translate.test"), Verdict.BLOCK, frozenset({"pupils"}), "no"),),
    )
    plain = decided(f"{CARRY}http://allowed.test/", blocked_carrier)
    illegal = decided(f"{CARRY}http://illegal.test/", blocked_carrier)
    assert plain.reason is Reason.SITE_BLOCKED
    assert (illegal.reason, illegal.rule) == (Reason.ILLEGAL, "carried: access.child-sexual-abuse")


def test_signs_of_a_way_round_count_for_the_request_and_not_for_what_it_carries() -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Decision:
        asked.append(request)
        return until(None)

    held = Judge(a_person(), the_policy(), lookup, answer, signs=("dns-over-https", "tunnel"))
    held.names([parse_url(f"{CARRY}http://allowed.test/")])

    signs = {each.url.host: [listing.entry for listing in each.listings] for each in asked}
    assert signs == {"translate.test": ["dns-over-https", "tunnel"], "allowed.test": []}


def test_the_schools_own_word_makes_a_site_known_to_those_it_is_for_alone() -> None:
    url = parse_url("https://own.test/rammerhead.js")

    def entries(verdict: Verdict, for_: str, site: str = "own.test") -> list[str]:
        rule = SiteRule(parse_site(site), verdict, frozenset({for_}), "x")
        found: list[str] = []

        def answer(request: Request) -> Decision:
            found.extend(listing.entry for listing in request.listings)
            return until(None)

        Judge(a_person(), a_policy(sites=(rule,)), nothing, answer).names([url])
        return found

    assert entries(Verdict.ALLOW, "pupils") == []
    for seen in (
        entries(Verdict.ALLOW, "staff"),
        entries(Verdict.BLOCK, "pupils"),
        entries(Verdict.ALLOW, "pupils", "own.test/other"),
    ):
        assert set(seen) == {"web-proxy"}


def test_what_is_searched_for_is_read_only_where_words_are_forbidden() -> None:
    url, found = parse_url("https://s.test/?q=Bomb"), list[tuple[str, ...]]()

    def answer(request: Request) -> Decision:
        found.append(request.searched)
        return until(None)

    words = (TermRule("bomb", frozenset({"pupils"}), "x"),)
    for policy in (a_policy(), a_policy(terms=words)):
        Judge(a_person(), policy, nothing, answer).names([url])
    assert found == [(), ("bomb",)]


def test_all_that_lists_say_of_an_address_is_told_with_what_it_carries() -> None:
    def found(address: str, policy: Policy | None = None) -> list[str]:
        return [each.category for each in listings_of(parse_url(address), lookup, policy)]

    assert found("http://blocked.test/") == ["gambling"]
    assert found("https://translate.google.com/translate?u=http://blocked.test/") == ["gambling"]
    assert found(f"{CARRY}http://blocked.test/", the_policy()) == ["gambling"]
    deep = CARRY + "http://translate.test/translate?u=http%253A%252F%252Fillegal.test%252F"
    assert found(deep.replace("?u=http://t", "?u=http%3A%2F%2Ft"), the_policy()) == ["child-sexual-abuse"]


@pytest.mark.parametrize(
    ("address", "alone"),
    [
        ("https://plain.test/x?q=bomb", False),
        ("http://10.0.0.1/", True),
        ("http://xn--bcher-kva.test/", True),
        ("http://translate.test/", True),
        ("https://plain.test/dns-query?name=x.test", True),
        ("https://plain.test/rammerhead.js", True),
    ],
)
def test_more_than_its_host_bears_on_some_addresses(address: str, alone: bool) -> None:
    assert stands_alone(parse_url(address), the_policy()) is alone


def test_where_words_are_forbidden_a_search_stands_alone() -> None:
    policy = a_policy(terms=(TermRule("bomb", frozenset({"pupils"}), "x"),))
    assert stands_alone(parse_url("https://plain.test/x?q=romans"), policy)
    assert not stands_alone(parse_url("https://plain.test/x"), policy)


def test_a_judgement_is_the_decision_with_its_end() -> None:
    policy = a_policy(unblocks=(an_unblock("bet.test", people=frozenset({"p_anna"})),))

    def listed(url: Url) -> list[Listing]:
        return [Listing("gambling", "l", url.host)]

    url = parse_url("https://bet.test/")
    found = judge_url(url, a_person(), policy, listed, NOON)
    assert found == decide(Request(a_person(), url, tuple(listed(url))), policy, NOON)
    assert (found.unblock_id, found.valid_until) == ("u1", NOON + HOUR)

"""No policy, person, time or list shuts a place of help; none opens what is illegal."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_lists.names import Site, Url, parse_url
from filter_policy.comparing import compare
from filter_policy.decide import decide
from filter_policy.explain import explain
from filter_policy.harbours import harbour_of
from filter_policy.judge import judge_url
from filter_policy.model import (
    Access,
    CategoryAccess,
    Listing,
    Person,
    Policy,
    Reason,
    Request,
    Role,
    Rule,
    SafeHarbour,
    SiteRule,
    Verdict,
)
from filter_policy.parse import parse_policy
from filter_policy.worded import worded
from filter_policy.worded_gate import not_seen
from tests.builders import NOON, POLICY, a_person, a_policy

HARBOUR = SafeHarbour(Site("help.test"), "Helpline", "0800 1111", "S128")
HELP = a_policy(safe_harbour=(HARBOUR,))
HELPED = (Verdict.ALLOW, Reason.SAFE_HARBOUR, "safe_harbour.help.test")
NOBODY = Person("", "", None, ("unidentified",))
KINDS = ("pornography", "gambling", "circumvention", "malware", "nowhere")
HOSTS = ("help.test", "www.help.test", "a.b.help.test")
EVERYBODY = frozenset({"everyone"})

instants = st.none() | st.integers(-400, 400).map(lambda days: NOON + timedelta(days=days))
people = st.builds(
    Person,
    id=st.sampled_from(["", "p_1"]),
    username=st.just("x"),
    role=st.none() | st.sampled_from(Role),
    filter_groups=st.lists(st.sampled_from([*HELP.filter_groups, "none"]), max_size=2).map(tuple),
    agreement_signed=st.booleans(),
    starts_at=instants,
    ends_at=instants,
    suspended_from=instants,
    suspended_until=instants,
    password_ends_at=instants,
)
policies = st.builds(
    lambda locked, access, blocked: replace(
        HELP,
        access={kind: CategoryAccess({"everyone": Rule(access)}, locked) for kind in KINDS},
        sites=tuple(SiteRule(Site(host), Verdict.BLOCK, EVERYBODY, "no") for host in blocked),
        connect_ports=frozenset(),
    ),
    st.booleans(),
    st.sampled_from([each for each in Access if each is not Access.ILLEGAL]),
    st.lists(st.sampled_from(["test", *HOSTS])),
)
listings = st.lists(st.sampled_from(KINDS), max_size=3).map(
    lambda kinds: tuple(Listing(kind, "list", "help.test") for kind in kinds)
)
urls = st.builds(
    lambda scheme, host: Url(scheme, host, {"http": 80, "https": 443}[scheme]),
    st.sampled_from(["http", "https"]),
    st.sampled_from(HOSTS),
)


@given(people, policies, listings, urls, st.integers(-500, 500))
def test_nothing_shuts_a_place_of_help(
    person: Person, policy: Policy, found: tuple[Listing, ...], url: Url, hours: int
) -> None:
    now = NOON + timedelta(hours=hours)
    made = decide(Request(person, url, found), policy, now)
    judged = judge_url(url._replace(path="/talk", query="q=me"), person, policy, lambda _: found, now)

    assert (made.verdict, made.reason, made.rule) == HELPED
    assert (judged.verdict, judged.reason, judged.rule) == HELPED


@given(people, policies, listings, urls, st.booleans())
def test_no_place_of_help_opens_what_is_illegal(
    person: Person, policy: Policy, found: tuple[Listing, ...], url: Url, marked: bool
) -> None:
    sealed = Listing("child-sexual-abuse", "iwf", "(not shown)")
    if marked:
        illegal = CategoryAccess({"everyone": Rule(Access.ILLEGAL)})
        policy, sealed = (
            replace(policy, access={**policy.access, "abuse": illegal}),
            Listing("abuse", "l", "x"),
        )
    for at in range(len(found) + 1):
        told = (*found[:at], sealed, *found[at:])
        made = judge_url(url, person, policy, lambda _, told=told: told, NOON)  # type: ignore[misc]  # bound here
        assert (made.verdict, made.reason) == (Verdict.BLOCK, Reason.ILLEGAL)


@pytest.mark.parametrize(
    "address",
    [
        "https://nohelp.test/",
        "https://help.test.evil.test/",
        "https://help.test:8443/",
        "http://help.test:81/",
        "http://help.test:443/",
        "https://192.0.2.7/",
    ],
)
def test_what_only_looks_like_a_place_of_help_is_none(address: str) -> None:
    assert harbour_of(HELP, parse_url(address)) is None
    assert decide(Request(NOBODY, parse_url(address)), HELP, NOON).is_block


def test_the_most_exact_row_is_the_one_that_is_named() -> None:
    both = replace(HELP, safe_harbour=(HARBOUR, replace(HARBOUR, site=Site("www.help.test"))))
    made = decide(Request(NOBODY, parse_url("https://www.help.test/")), both, NOON)
    assert made.rule == "safe_harbour.www.help.test"


def test_what_is_searched_for_or_carried_there_is_nobodys_to_judge() -> None:
    shut = replace(
        HELP, terms=parse_policy(POLICY + "terms:\n  - {block: [bomb], for: everyone, reason: x}\n").terms
    )
    for path in ("/search?q=bomb", "/?url=https%3A%2F%2Fbet.test%2F"):
        made = judge_url(parse_url(f"http://help.test{path}"), a_person(), shut, lookup, NOON)
        assert made.reason is Reason.SAFE_HARBOUR


def lookup(url: Url) -> tuple[Listing, ...]:
    kinds = {"bet.test": "gambling", "abuse.test": "child-sexual-abuse"}
    return (Listing(kinds[url.host], "l", url.host),) if url.host in kinds else ()


def test_what_is_illegal_is_not_carried_there_either() -> None:
    url = parse_url("http://help.test/?url=https%3A%2F%2Fabuse.test%2F")
    assert judge_url(url, a_person(), HELP, lookup, NOON).reason is Reason.ILLEGAL


def test_why_it_is_open_is_explained_by_its_host_alone() -> None:
    found = explain(parse_url("https://help.test/me?q=x"), NOBODY, HELP, lookup, NOON)
    assert found.decision.reason is Reason.SAFE_HARBOUR
    assert [step.rule for step in found.steps if step.hit][-1] == "safe_harbour.help.test"
    shut = explain(parse_url("https://help.test/"), NOBODY, HELP, illegal, NOON)
    assert shut.decision.reason is Reason.ILLEGAL


def illegal(url: Url) -> tuple[Listing, ...]:
    return (Listing("child-sexual-abuse", "l", url.host),)


ROW = 'safe_harbour:\n  - {site: help.test, name: Helpline, telephone: "0800 1111", reason: S128}\n'


def test_a_place_of_help_comes_changes_and_goes_by_two_people_and_is_told_in_words() -> None:
    without, there = parse_policy(POLICY), parse_policy(POLICY + ROW)
    moved = parse_policy(POLICY + ROW.replace("0800 1111", "0900 6666"))

    for old, new in ((without, there), (there, moved), (there, without)):
        assert compare(old, new, (), ()).loosening
        assert {each.section for each in worded(old, new)} == {"safe_harbour"}
    assert [each.says for each in worded(without, there)] == [
        "place of help: none -> help.test: Helpline, 0800 1111 (S128)"
    ]
    (warned,) = not_seen(without, there)
    assert warned.startswith("help.test will be open to everybody at all times")
    assert not list(not_seen(there, without))


@pytest.mark.parametrize("at", [NOON, datetime(2031, 1, 1, tzinfo=NOON.tzinfo)])
def test_an_answer_about_a_place_of_help_is_the_same_for_all(at: datetime) -> None:
    answers = {
        decide(Request(person, Url("https", "help.test", 443)), HELP, at)
        for person in (NOBODY, a_person(), a_person(suspended_from=NOON), a_person(agreement_signed=False))
    }
    assert len({replace(each, valid_until=None) for each in answers}) == 1

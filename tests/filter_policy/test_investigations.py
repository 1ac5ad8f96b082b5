"""What two seniors look into opens their sites to them on one device for a while; a device that is evidence
opens nothing to anybody. Whatever else the policy says.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.names import parse_site, parse_url
from filter_policy.bearing import isolations_on
from filter_policy.decide import decide, is_illegal
from filter_policy.judge import Judge, judge_url
from filter_policy.model import (
    Investigation,
    Isolation,
    Listing,
    Person,
    Policy,
    Reason,
    Request,
    SafeHarbour,
    TermRule,
    Verdict,
)
from tests.builders import NOON, a_person, a_policy, a_request, a_teacher, an_unblock

MINUTE = timedelta(minutes=1)
DEVICE, OTHER = "10.1.2.3", "10.1.2.4"
CORA, HEDY, TESS = (a_teacher(name) for name in ("cora", "hedy", "tess"))
LOOK = Investigation(
    "s1", "c1", DEVICE, frozenset({"p_cora", "p_hedy"}), (parse_site("porn.test"), parse_site("x.test/a")),
    NOON, NOON + 60 * MINUTE,
)  # fmt: skip
SHUT = Isolation("i1", DEVICE, NOON, NOON + 60 * MINUTE)


def asked(url: str, *kinds: str, person: Person = CORA, address: str = DEVICE) -> Request:
    return replace(a_request(url, *kinds, person=person), address=address)


def looked_into(**changes: object) -> Policy:
    return a_policy(investigations=(LOOK,), **changes)


def test_two_seniors_reach_what_a_case_is_about() -> None:
    found = decide(asked("porn.test", "pornography"), looked_into(), NOON)

    assert (found.verdict, found.reason, found.rule) == ("allow", "investigation", "investigation.c1")
    assert found.listing is not None
    assert found.listing.category == "pornography"
    assert found.valid_until == LOOK.ends_at


@pytest.mark.parametrize(
    ("request_", "at"),
    [
        (asked("porn.test", "pornography", address=OTHER), NOON),
        (asked("porn.test", "pornography", address=""), NOON),
        (asked("porn.test", "pornography", person=TESS), NOON),
        (asked("porn.test", "pornography", person=a_person("cora")), LOOK.ends_at),
        (asked("other.test", "pornography"), NOON),
        (asked("https://x.test/b", "pornography"), NOON),
        (asked("porn.test", "pornography"), NOON - MINUTE),
        (asked("porn.test", "pornography"), LOOK.ends_at),
        (asked("porn.test", "pornography", "child-sexual-abuse"), NOON),
        (asked("porn.test", "pornography", person=replace(CORA, suspended_from=NOON)), NOON),
    ],
)
def test_nothing_else_is_opened_by_it(request_: Request, at: datetime) -> None:
    found = replace(decide(request_, looked_into(), at), valid_until=None)
    assert found == replace(decide(request_, a_policy(), at), valid_until=None)


def test_before_it_begins_it_is_known_when_it_will() -> None:
    found = decide(asked("porn.test", "pornography"), looked_into(), NOON - MINUTE)
    assert (found.is_block, found.valid_until) == (True, NOON)


def test_what_may_be_searched_for_otherwise_is_looked_into_too() -> None:
    """Words that nobody may search for are what a case may be about."""
    policy = looked_into(terms=(TermRule("made up", frozenset({"everyone"}), "an example"),))
    word = replace(asked("https://x.test/a"), searched=("made up",))

    assert decide(word, policy, NOON).reason is Reason.INVESTIGATION
    assert decide(replace(word, address=OTHER), policy, NOON).reason is Reason.TERM


EVERYBODY = [a_person(), CORA, a_person("nobody", ()), Person("", "", None, ("unidentified",))]


@pytest.mark.parametrize("person", EVERYBODY, ids=lambda person: person.username or "nobody")
@pytest.mark.parametrize("url", ["www.gov.uk", "help.test", "porn.test", "https://x.test/a", "new.test"])
def test_from_a_device_that_is_evidence_nothing_goes_out(person: Person, url: str) -> None:
    policy = looked_into(
        isolations=(SHUT,),
        safe_harbour=(SafeHarbour(parse_site("help.test"), "Help", "0800 0000", "agreed"),),
        unblocks=(an_unblock("porn.test", filter_groups=frozenset({"upper-ks2", "staff"})),),
    )
    found = decide(asked(url, person=person), policy, NOON)

    assert (found.verdict, found.reason, found.rule) == ("block", "isolated", "isolation.i1")
    assert decide(asked(url, person=person, address=OTHER), policy, NOON).reason is not Reason.ISOLATED
    assert found.valid_until in (None, SHUT.ends_at)


def test_what_is_illegal_is_said_to_be_so_on_such_a_device_too() -> None:
    found = decide(asked("a.test", "child-sexual-abuse"), a_policy(isolations=(SHUT,)), NOON)
    assert found.reason is Reason.ILLEGAL


def test_a_page_that_is_open_ends_when_its_device_becomes_evidence() -> None:
    later = replace(SHUT, starts_at=NOON + MINUTE)
    policy = a_policy(isolations=(later,))

    assert decide(asked("new.test"), policy, NOON).valid_until == later.starts_at
    assert decide(asked("new.test"), policy, later.starts_at).valid_until == later.ends_at


def test_where_nobody_knows_the_device_no_question_of_it_is_asked() -> None:
    policy = looked_into(isolations=(replace(SHUT, device=""),))
    assert isolations_on(policy, "") == ()
    assert decide(asked("new.test", address=""), policy, NOON).reason is Reason.UNLISTED_ALLOWED


def test_a_whole_request_is_judged_for_its_device() -> None:
    """Each name and each way to read it, and what a carrier carries."""
    url = parse_url("https://translate.google.com/translate?u=https://porn.test/")
    policy = looked_into(isolations=(replace(SHUT, device=OTHER),))
    lookup = {"porn.test": (Listing("pornography", "l", "porn.test"),)}

    def reason(address: str) -> Reason:
        judge = Judge(
            CORA,
            policy,
            lambda name: lookup.get(name.host, ()),
            lambda asked_: decide(asked_, policy, NOON),
            address=address,
        )
        return judge.names((url,)).decision.reason

    assert reason(DEVICE) is not Reason.LOCKED
    assert (reason(OTHER), reason("10.9.9.9")) == (Reason.ISOLATED, Reason.LOCKED)
    assert judge_url(url, CORA, policy, lambda name: lookup.get(name.host, ()), NOON).is_block


KINDS = ("pornography", "gambling", "child-sexual-abuse", "video", "search")
INSTANTS = st.integers(-90, 90).map(lambda minutes: NOON + minutes * MINUTE)
SITES = st.sampled_from(
    ["porn.test", "a.porn.test", "x.test/a", "x.test", "other.test", "translate.google.com"]
)
LOOKS = st.builds(
    lambda device, people, sites, starts_at, minutes: Investigation(
        "s", "c", device, people, tuple(map(parse_site, sites)), starts_at, starts_at + minutes * MINUTE
    ),
    st.sampled_from([DEVICE, OTHER]),
    st.frozensets(st.sampled_from(["p_cora", "p_hedy", "p_tess", "p_anna"]), min_size=2),
    st.lists(SITES, min_size=1, max_size=3),
    INSTANTS,
    st.integers(1, 240),
)
SHUTS = st.builds(
    lambda device, starts_at, minutes: Isolation("i", device, starts_at, starts_at + minutes * MINUTE),
    st.sampled_from([DEVICE, OTHER]),
    INSTANTS,
    st.integers(1, 240),
)


@settings(max_examples=150)
@given(
    st.lists(LOOKS, max_size=3).map(tuple),
    st.lists(SHUTS, max_size=2).map(tuple),
    st.sampled_from([CORA, HEDY, TESS, a_person(), replace(CORA, ends_at=NOON)]),
    st.sampled_from([DEVICE, OTHER, "10.9.9.9", ""]),
    SITES,
    st.lists(st.sampled_from(KINDS), max_size=3, unique=True),
    INSTANTS,
)
def test_whatever_is_looked_into_nothing_illegal_nobody_else_and_not_a_second_more(  # noqa: PLR0917  # hypothesis
    looks: tuple[Investigation, ...],
    shuts: tuple[Isolation, ...],
    person: Person,
    address: str,
    site: str,
    kinds: list[str],
    at: datetime,
) -> None:
    policy = a_policy(investigations=looks, isolations=shuts)
    request = asked(f"https://{site}", *kinds, person=person, address=address)
    found, without = decide(request, policy, at), decide(request, a_policy(), at)

    is_shut = any(each.device == address and each.starts_at <= at < each.ends_at for each in shuts)
    bears = any(
        each.device == address
        and person.id in each.people
        and each.starts_at <= at < each.ends_at
        and any(one.covers(request.url) for one in each.sites)
        for each in looks
    )
    if any(is_illegal(each, policy) for each in request.listings):
        assert found.reason is Reason.ILLEGAL
    elif is_shut:
        assert found.reason is Reason.ISOLATED
    elif bears and without.reason is not Reason.ENDED:
        assert (found.verdict, found.reason) == (Verdict.ALLOW, Reason.INVESTIGATION)
    else:
        assert (found.verdict, found.reason) == (without.verdict, without.reason)
    if found.valid_until is not None:
        just_before = found.valid_until - timedelta(microseconds=1)
        assert decide(request, policy, just_before).verdict is found.verdict
    if not found.is_block:
        until = found.valid_until or at + timedelta(hours=9)
        for minutes in range(0, 540, 20):
            now = at + minutes * MINUTE
            assert now >= until or not decide(request, policy, now).is_block

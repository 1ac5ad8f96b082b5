"""Whatever an update opens for anybody counts against what two people agreed on; held against `decide`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from change_control.list_tolerance import (
    Expressed,
    Overstep,
    Since,
    Why,
    is_shut_to_somebody,
    opening,
    opens_to_somebody,
    oversteps,
)
from filter_lists.diffing import Change
from filter_lists.lists_model import Trust
from filter_policy.decide import decide
from filter_policy.model import Access, CategoryAccess, FilterGroup, Opening, Policy, Role, Rule
from tests.builders import NOON, a_person, a_policy, a_request

TRUST = Trust(loses=Fraction(2, 100), gains=Fraction(50, 100))
GAMBLING = ("l", "gambling")  # not allowed to anybody
EDUCATION = ("l", "education")  # allowed to everybody
KINDS = ("a", "b", "c")
PLAIN = st.sampled_from((Access.ALLOWED, Access.NOT_ALLOWED, Access.NOT_ALLOWED))
NAMED = st.one_of(
    st.builds(Rule, st.just(Access.AT_CERTAIN_TIMES), st.sampled_from((("lunch",), ("lessons", "lunch")))),
    st.builds(Rule, st.just(Access.SELECTED_USERS), st.sampled_from((("some",), ("some", "others")))),
    st.just(Rule(Access.WITH_STAFF_PERMISSION)),
)
RULES = st.one_of(PLAIN.map(Rule), NAMED)
GROUPS = ("young", "old", "teachers", "nobody")
ROLES = {"young": Role.PUPIL, "old": Role.PUPIL, "teachers": Role.STAFF, "nobody": None}
CELLS = st.one_of(
    st.builds(lambda rule: {"everyone": rule}, RULES),
    st.builds(lambda one, all_: {"young": one, "everyone": all_}, RULES, RULES),
    st.builds(lambda one, kind: {"young": one, "pupils": kind, "adults": kind}, RULES, RULES),
    st.dictionaries(st.sampled_from((*GROUPS, "pupils", "adults")), RULES, max_size=4),
)
ROWS = st.one_of(
    st.builds(CategoryAccess, CELLS, locked=st.booleans()),
    st.just(CategoryAccess({"everyone": Rule(Access.ILLEGAL)})),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Some kinds may have no row."""
    groups = {name: FilterGroup(name, ROLES[name], draw(RULES), "plain") for name in GROUPS}
    access = draw(st.dictionaries(st.sampled_from(KINDS), ROWS))
    selected = {"some": frozenset({"anna"}), "others": frozenset({"ben"})}
    opened = Opening("o", "p_tess", frozenset({"6B"}), NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    return a_policy(
        filter_groups=groups,
        access=access,
        selected_users=selected,
        openings=(opened,) if draw(st.booleans()) else (),
    )


@settings(max_examples=2000, deadline=None)
@given(
    policy=policies(),
    was=st.one_of(st.just(set()), st.sets(st.sampled_from(KINDS))),
    moves=st.sets(st.sampled_from(KINDS), min_size=1, max_size=2),
    username=st.sampled_from(("anna", "ben", "carl")),
    groups=st.lists(st.sampled_from(("young", *GROUPS, "unknown")), min_size=1, max_size=2, unique=True),
    now=st.sampled_from((NOON, NOON + timedelta(hours=1, minutes=30), NOON + timedelta(hours=9))),
)
def test_what_opens_anything_for_anybody_at_any_time_is_counted(  # noqa: PLR0917  # one for each that is drawn
    policy: Policy, was: set[str], moves: set[str], username: str, groups: list[str], now: datetime
) -> None:
    """A site that was of some kinds is now of others."""
    becomes = was ^ moves
    person = a_person(username, tuple(groups), classes=("6B",))
    before, after = (
        decide(a_request("site.test", *sorted(kinds), person=person), policy, now) for kinds in (was, becomes)
    )

    if before.is_block and not after.is_block:
        going = sum(opening(policy, kind, 1, 0) for kind in was - becomes)
        assert going + sum(opening(policy, kind, 0, 1) for kind in becomes - was) > 0


EVERY_RULE = (
    Rule(Access.ALLOWED),
    Rule(Access.AT_CERTAIN_TIMES, ("lunch",)),
    Rule(Access.AT_CERTAIN_TIMES, ("lessons", "lunch")),
    Rule(Access.SELECTED_USERS, ("some",)),
    Rule(Access.SELECTED_USERS, ("some", "others")),
    Rule(Access.WITH_STAFF_PERMISSION),
    Rule(Access.NOT_ALLOWED),
)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=str)
def test_of_one_group_and_one_kind_every_pair_of_rules_is_counted(rule: Rule) -> None:
    for other, unlisted, staff in product(EVERY_RULE, EVERY_RULE, (True, False)):
        policy = one_group(CategoryAccess({"young": rule, "pupils": other}), unlisted, staff_opened=staff)
        opens = {"goes": opening(policy, "a", 1, 0), "comes": opening(policy, "a", 0, 1)}
        for username, now in product(("anna", "ben"), (NOON, NOON + timedelta(hours=1, minutes=30))):
            person = a_person(username, ("young",), classes=("6B",))
            listed = not decide(a_request("site.test", "a", person=person), policy, now).is_block
            bare = not decide(a_request("site.test", person=person), policy, now).is_block
            assert opens["goes"] or listed or not bare
            assert opens["comes"] or bare or not listed


def one_group(row: CategoryAccess, unlisted: Rule, *, staff_opened: bool) -> Policy:
    opened = Opening("o", "p_tess", frozenset({"6B"}), NOON - timedelta(hours=1), NOON + timedelta(hours=2))
    return a_policy(
        filter_groups={"young": FilterGroup("young", Role.PUPIL, unlisted, "plain")},
        access={"a": row},
        selected_users={"some": frozenset({"anna"}), "others": frozenset({"ben"})},
        openings=(opened,) if staff_opened else (),
    )


def test_what_is_open_to_everybody_and_what_is_not(subtests: pytest.Subtests) -> None:
    policy = a_policy()
    expected = {
        "gambling": (True, False),
        "child-sexual-abuse": (True, False),
        "pornography": (True, False),
        "no-row": (True, False),
        "education": (False, True),  # and to the youngest nothing else is
        "video": (True, True),
        "search": (True, True),
    }
    for category, wanted in expected.items():
        with subtests.test(category):
            found = (is_shut_to_somebody(policy, category), opens_to_somebody(policy, category))
            assert found == wanted


def change(where: tuple[str, str], before: int, *, gone: int = 0, come: int = 0) -> Change:
    return Change(*where, before, before - gone + come, come, gone, gone, come)


def whys(found: tuple[Overstep, ...]) -> list[Why]:
    return [each.why for each in found]


@pytest.mark.parametrize(
    ("where", "before", "gone", "come", "expected"),
    [
        (GAMBLING, 100, 2, 0, []),
        (GAMBLING, 100, 3, 0, [Why.LOSES]),
        (GAMBLING, 10, 1, 0, [Why.LOSES]),  # not one of so few
        (GAMBLING, 100, 2, 50, []),
        (GAMBLING, 100, 0, 51, [Why.GAINS]),
        (GAMBLING, 100, 3, 51, [Why.LOSES, Why.GAINS]),
        (GAMBLING, 100, 100, 0, [Why.VANISHED]),
        (GAMBLING, 0, 0, 1, [Why.GAINS]),  # a new category
        (EDUCATION, 100, 2, 0, []),
        (EDUCATION, 100, 3, 0, [Why.SHRINKS]),
        (EDUCATION, 100, 0, 2, []),
        (EDUCATION, 100, 0, 3, [Why.LOSES]),  # what comes there opens for the youngest
        (EDUCATION, 100, 1, 2, []),
        (EDUCATION, 0, 0, 1, [Why.LOSES, Why.GAINS]),
        (EDUCATION, 100, 100, 0, [Why.VANISHED]),
        (("other", "gambling"), 100, 1, 0, [Why.LOSES]),  # a list that nobody agreed on
        (("other", "gambling"), 100, 0, 1, [Why.GAINS]),
    ],
)
def test_how_far_an_update_goes_by_itself(
    where: tuple[str, str], before: int, gone: int, come: int, expected: list[Why]
) -> None:
    changes = [change(where, before, gone=gone, come=come)]

    assert whys(oversteps(a_policy(), {"l": TRUST}, changes, {}, {})) == expected


def test_a_list_nobody_can_look_into_loses_what_it_shrank_by() -> None:
    sealed = Change("l", "child-sexual-abuse", before=100, after=40, added=0, removed=0, opened=0, shut=0)

    (found,) = oversteps(a_policy(), {"l": replace(TRUST, loses=Fraction(1, 2))}, [sealed], {}, {})

    assert (found.why, found.count) == (Why.LOSES, 60)


@pytest.mark.parametrize(
    ("loses", "before", "expected"),
    [
        ("2/100", 8, [Why.LOSES]),  # more than the tolerance anyway
        ("2/100", 9, [Why.LOSES]),
        ("10/100", 9, []),
        ("10/100", 10, [Why.ADDS_UP]),
        ("20/100", 19, []),
        ("20/100", 20, [Why.ADDS_UP]),
        ("1", 500, []),
    ],
)
def test_what_went_since_two_people_agreed_is_added_up(loses: str, before: int, expected: list[Why]) -> None:
    trust = {"l": Trust(loses=Fraction(loses))}
    gone = change(GAMBLING, 40, gone=1)

    found = oversteps(a_policy(), trust, [gone], {}, {GAMBLING: Since(100, opened=before)})

    assert whys(found) == ([Why.LOSES] if expected == [Why.LOSES] else expected)


def test_what_came_after_the_agreement_may_go_again() -> None:
    found = oversteps(
        a_policy(), {"l": TRUST}, [change(GAMBLING, 1000, gone=20)], {}, {GAMBLING: Since(0, opened=500)}
    )

    assert found == ()


@pytest.mark.parametrize(
    ("where", "expressed", "expected"),
    [
        (GAMBLING, Expressed(20, opened=1), [Why.EXPRESSIONS]),
        (GAMBLING, Expressed(100, opened=2), []),
        (GAMBLING, Expressed(0, opened=1), [Why.EXPRESSIONS]),  # an exception, the first
        (GAMBLING, Expressed(4, shut=2), []),
        (GAMBLING, Expressed(0, shut=1), [Why.GAINS]),
        (EDUCATION, Expressed(20, opened=1), []),
        (EDUCATION, Expressed(20, shut=1), [Why.EXPRESSIONS]),
    ],
)
def test_expressions_are_measured_among_themselves(
    where: tuple[str, str], expressed: Expressed, expected: list[Why]
) -> None:
    """One of them may stand for more sites than all the rest of the list."""
    changes = [change(where, 10_000, gone=1, come=1)]

    assert whys(oversteps(a_policy(), {"l": TRUST}, changes, {where: expressed}, {})) == expected


@settings(max_examples=300, deadline=None)
@given(
    policy=policies(),
    steps=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=30),
    kind=st.sampled_from(KINDS),
    loses=st.fractions(0, Fraction(99, 100)),
)
def test_no_number_of_updates_opens_more_than_a_tenth_or_what_was_agreed(
    policy: Policy, steps: list[tuple[int, int]], kind: str, loses: Fraction
) -> None:
    """Whatever goes and comes, as long as nobody is asked; what came instead is made good."""
    where, entries = ("l", kind), 100
    since: Mapping[tuple[str, str], Since] = {}
    for gone, come in steps:
        each = change(where, entries, gone=min(gone, entries), come=come)
        if any(over.loosens for over in oversteps(policy, {"l": Trust(loses=loses)}, [each], {}, since)):
            continue
        since = {where: since.get(where, Since(100)).and_then(each)}
        entries = each.after
        fewer = opening(policy, kind, max(0, 100 - entries), max(0, entries - 100))
        assert fewer <= max(loses, Fraction(10, 100)) * 100

    assert entries > 0


@settings(max_examples=200, deadline=None)
@given(policy=policies(), kind=st.sampled_from(KINDS), each_day=st.integers(1, 20), days=st.integers(1, 60))
def test_a_feed_that_exchanges_its_entries_every_day_is_never_held(
    policy: Policy, kind: str, each_day: int, days: int
) -> None:
    trust = {"l": Trust(loses=Fraction(20, 100), gains=Fraction(20, 100))}
    where, since = ("l", kind), Since(100)
    for _ in range(days):
        each = change(where, 100, gone=each_day, come=each_day)
        found = oversteps(policy, trust, [each], {}, {where: since})
        assert Why.ADDS_UP not in whys(found)
        since = since.and_then(each)


def test_what_the_list_has_made_good_does_not_count() -> None:
    trust = {"l": Trust(loses=Fraction(10, 100))}
    for gone, come, expected in (
        (1, 0, [Why.ADDS_UP]),
        (1, 1, []),
        (1, 2, []),
        (0, 1, []),
        (2, 1, [Why.ADDS_UP]),
    ):
        each = change(GAMBLING, 40, gone=gone, come=come)
        found = oversteps(a_policy(), trust, [each], {}, {GAMBLING: Since(100, opened=90, shut=80)})
        assert whys(found) == expected


def test_in_an_open_category_what_came_and_stayed_counts() -> None:
    trust = {"l": Trust(loses=Fraction(10, 100))}
    for shut, opened, expected in ((10, 0, [Why.ADDS_UP]), (10, 5, []), (0, 5, [])):
        since = {EDUCATION: Since(100, opened=opened, shut=shut)}
        found = oversteps(a_policy(), trust, [change(EDUCATION, 40, come=1)], {}, since)
        assert whys(found) == expected

"""No figure of a report is a figure of at most three people, not even by taking the others from the sum."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from audit_api.few import FEW
from audit_api.report_groups import (
    NOBODY,
    OTHER,
    SELDOM,
    Groups,
    key_of,
    named,
    people_by_groups,
    regrouped_since,
    with_requests,
)
from audit_log.db import reading
from change_control.proposals import approve, propose_people
from tests.audit_api.school import School
from tests.builders import NOON, a_person, a_policy

POLICY = a_policy()
DAY = timedelta(days=1)


def test_groups_of_many_have_their_name_and_groups_of_few_share_one() -> None:
    people: dict[Groups, int] = {("upper-ks2",): 30, ("staff",): 12, ("guests",): 3, ("lower-ks2",): 2}

    names = named([*people, ()], people, POLICY)

    assert names == {
        ("upper-ks2",): "upper-ks2",
        ("staff",): "staff",
        ("guests",): OTHER,
        ("lower-ks2",): OTHER,
        (): NOBODY,
    }


def test_a_single_small_group_takes_the_smallest_other_one_with_it() -> None:
    people: dict[Groups, int] = {("upper-ks2",): 30, ("staff",): 12, ("guests",): 3}

    assert named(people, people, POLICY) == {
        ("upper-ks2",): "upper-ks2",
        ("staff",): OTHER,
        ("guests",): OTHER,
    }


def test_devices_that_need_no_sign_in_tell_of_nobody_until_somebody_is_in_their_group() -> None:
    devices = ("reception-ks1",), ("unidentified",)

    assert named(devices, {}, POLICY) == {
        ("reception-ks1",): "reception-ks1",
        ("unidentified",): "unidentified",
    }
    assert named(devices, {("reception-ks1",): 1}, POLICY)["reception-ks1",] == OTHER


def test_a_group_that_nobody_is_in_any_more_may_have_been_of_few() -> None:
    assert named([("leavers",)], {}, POLICY) == {("leavers",): OTHER}


def test_whoever_was_there_at_some_time_of_the_month_counts() -> None:
    there = [
        a_person("one"),
        a_person("two", ends_at=NOON + DAY),
        a_person("three", starts_at=NOON + DAY, groups=("b", "a")),
        a_person("gone", ends_at=NOON),
        a_person("coming", starts_at=NOON + 2 * DAY),
    ]

    assert people_by_groups(there, NOON, NOON + 2 * DAY) == {("upper-ks2",): 2, ("a", "b"): 1}


def test_who_came_into_a_group_after_the_month_does_not_count() -> None:
    """But a group that anybody is in is none of devices."""
    there = [a_person("one"), a_person("two"), a_person("three", groups=("reception-ks1",))]
    unsure = {there[1].id, there[2].id}

    found = people_by_groups(there, NOON, NOON + DAY, unsure)

    assert dict(found) == {("upper-ks2",): 1, ("reception-ks1",): 0}
    assert set(named(found, found, POLICY).values()) == {OTHER}


def test_where_hardly_anything_was_asked_for_one_may_have_asked_for_all() -> None:
    people: dict[Groups, int] = {("upper-ks2",): 30, ("staff",): 12, ("guests",): 0}

    found = with_requests(people, {("upper-ks2",): SELDOM, ("staff",): SELDOM - 1})

    assert found == {("upper-ks2",): 30, ("staff",): 1, ("guests",): 0}


def test_whose_groups_are_new_is_read_from_what_was_agreed_on(school: School) -> None:
    anna = school.person("anna").id
    row = {"id": anna, "filter_groups": ["lower-ks2"]}
    asked = propose_people(school.desk, school.actor("terry"), [row], "moves up", NOON)
    propose_people(school.desk, school.actor("terry"), [row | {"id": school.person("ben").id}], "waits", NOON)

    def known(at: datetime) -> frozenset[str]:
        with reading(school.desk.engine) as conn:
            return regrouped_since(conn, at)

    assert known(NOON) == frozenset()
    approve(school.desk, school.actor("hedy"), asked.id, "", NOON)

    assert known(NOON) == {anna}
    assert known(NOON + DAY) == frozenset()
    assert anna in known(NOON - 365 * DAY)


GROUPS = st.lists(st.sampled_from(["upper-ks2", "staff", "guests", "x"]), max_size=3, unique=True).map(key_of)


@given(st.dictionaries(GROUPS, st.integers(0, 12)), st.sets(GROUPS))
def test_no_name_stands_for_few_people(people: dict[Groups, int], more: set[Groups]) -> None:
    known = {groups: count for groups, count in people.items() if groups}
    names = named({*known, *more}, known, POLICY)

    assert names.keys() == {*known, *more}
    for name in set(names.values()) - {NOBODY}:
        behind = sum(known.get(groups, 0) for groups, called in names.items() if called == name)
        assert behind > FEW or set(names.values()) <= {OTHER, NOBODY}

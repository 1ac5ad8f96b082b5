"""Incidents in numbers: nobody in them, and no case about a member of staff behind any of them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from audit_api.incident_figures import Counted, figures, terms_of
from audit_log.incident_model import Incident, Task
from change_control.incidents import Told, ask_step, report, sign_step
from filter_policy.parse import parse_policy
from tests.audit_api.cases import AT
from tests.audit_api.school import School, problem_of
from tests.builders import NOON, POLICY

FIGURES = "/api/v1/incidents/figures"
POLICY_ = parse_policy(POLICY)
ONE = Counted("a", "reported", "bullying", "inappropriate", False, NOON, None)


def a_case(school: School, kind: str, about: str | None = None) -> Incident:
    person = school.person(about).id if about else None
    return report(school.desk, Told("hand", kind, person, text="Anna told me", joins=False), school.clock.now)


def told(school: School, who: str = "gail") -> Mapping[str, Any]:
    answer = school.as_(who).get(FIGURES)
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()
    return found


def test_governors_see_kinds_and_states_and_nobody(school: School) -> None:
    a_case(school, "pupil-circumvention", "anna")
    case = a_case(school, "pupil-circumvention", "ben")
    closing = {"reason": "seen", "outcome": "no-concern"}
    asked = ask_step(school.desk, school.actor("cora"), case.id, "close", closing, NOON)
    sign_step(school.desk, school.actor("hedy"), case.id, asked.steps[-1].id, NOON)

    found = told(school)
    (kind,) = found["kinds"]
    assert (kind["kind"], kind["open"], kind["closed"], kind["this_term"]) == ("pupil-circumvention", 1, 1, 2)
    assert {each["state"]: each["count"] for each in found["states"]} == {
        **dict.fromkeys(("investigation", "action", "sanction"), 0), "reported": 1, "closed": 1
    }  # fmt: skip
    for person in ("anna", "ben", "cora", "hedy"):
        one = school.person(person)
        assert not {one.id, one.username, one.name} & set(json.dumps(found).split('"'))
    assert case.id not in json.dumps(found)


@pytest.mark.parametrize("person", ["tess", "hedy", "cora", "gail", "terry"])
def test_a_case_about_staff_changes_no_number(school: School, person: str) -> None:
    a_case(school, "bullying")
    before = told(school)
    a_case(school, "staff-circumvention", person)
    a_case(school, "bullying", person)
    assert told(school) == before
    assert before["about_staff"] == "at most 3"


def test_a_case_that_a_leader_is_left_out_of_changes_no_number(school: School) -> None:
    a_case(school, "bullying")
    before = told(school, "cora")
    for _ in range(4):
        body = {"kind": "pupil-circumvention", "person": "anna", "text": "told", "exclude": "cora"}
        school.as_("tess").post(f"{AT}/reports", json=body).raise_for_status()

    assert told(school, "cora") == {**before, "about_staff": "4"}
    said = 'he wrote "exclude":["me"] there'
    report(school.desk, Told("hand", "bullying", text=said, joins=False), school.clock.now)
    assert told(school, "cora")["open"] == before["open"] + 1


def test_many_staff_cases_are_one_number(school: School) -> None:
    for _ in range(4):
        a_case(school, "staff-personal-use", "tess")
    assert told(school)["about_staff"] == "4"
    assert told(school)["open"] == 0


@pytest.mark.parametrize("who", ["tess", "terry"])
def test_only_leaders_and_governors_see_them(school: School, who: str) -> None:
    problem_of(school.as_(who).get(FIGURES), 403, "wrong-role")


def test_this_term_is_held_against_as_many_days_of_the_last(school: School) -> None:
    terms = terms_of(POLICY_, NOON)  # 2026-11-24: day 23 of the term that began on the second
    assert [str(day) for day in (*(terms.this or ()), *(terms.last or ()))] == [
        "2026-11-02", "2026-11-24", "2026-09-02", "2026-09-24"
    ]  # fmt: skip
    then = [replace(ONE, opened_at=NOON - timedelta(days=days)) for days in (0, 3, 30, 70, 80)]
    found = figures(then, [], POLICY_, NOON)
    assert (found.this_term and found.this_term.opened, found.last_term and found.last_term.opened) == (2, 2)
    assert (found.kinds[0].this_term, found.kinds[0].last_term) == (2, 2)


def test_before_the_first_term_there_is_nothing_to_compare() -> None:
    found = figures([ONE], [], POLICY_, NOON - timedelta(days=200))
    assert (found.this_term, found.last_term) == (None, None)


def test_times_are_told_of_more_than_a_few() -> None:
    closed = [
        replace(ONE, state="closed", opened_at=NOON - timedelta(days=days), closed_at=NOON)
        for days in (1, 2, 3, 9)
    ]
    assert figures(closed[:3], [], POLICY_, NOON).times_to_close.median_days is None
    found = figures(closed, [], POLICY_, NOON).times_to_close
    assert (found.closed, found.median_days, found.longest_days) == (4, 2, 9)


def test_what_was_not_done_in_time_is_overdue() -> None:
    late = Task("t", "parents", NOON, "p_cora", NOON - timedelta(days=3))
    tasks = [late, replace(late, done_at=NOON), replace(late, due_at=NOON + timedelta(days=1))]
    found = figures([ONE], tasks, POLICY_, NOON).tasks
    assert (found.open, found.overdue, found.longest_overdue_days) == (2, 1, 3)

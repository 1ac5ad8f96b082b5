"""A case from its report to its end: every step by two, nobody's name in the change log."""

import json
from functools import partial

from audit_log.incident_model import IncidentState, Lane
from change_control.desk import Desk
from change_control.incidents import (
    ask_step,
    classify,
    join,
    leave,
    note,
    sign_step,
    to_illegal,
    withdraw_step,
)
from tests.builders import NOON
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import log_of, refused, somebody, the


def test_a_case_goes_from_its_report_to_its_end(desk: Desk) -> None:
    case = a_case(desk)
    case = step(desk, case, "investigate")
    case = step(desk, case, "substance", substance=True)
    case = step(desk, case, "act", responses=["internal"])
    case = step(desk, case, "sanction", actions=["warning"], deviation="a first time")
    case = step(desk, case, "close", outcome="dealt-with")
    assert case.state is IncidentState.CLOSED
    assert case_of(desk, case) == case
    lines = [line for line in log_of(desk) if line.event.startswith("incident:")]
    assert [line.detail["to"] for line in lines if "to" in line.detail] == [
        *("reported", "investigation", "action", "sanction", "closed"),
    ]
    anna = somebody(desk, "anna")
    sealed = json.dumps([line.sealed for line in lines])
    assert anna.id not in sealed
    assert "first time" not in sealed
    assert "circumvention" not in sealed


def test_a_second_report_joins_the_open_case_of_the_same_kind(desk: Desk) -> None:
    first, second = a_case(desk), a_case(desk, text="again")
    other = a_case(desk, "bullying")
    assert (second.id, len(second.reports)) == (first.id, 2)
    assert other.id != first.id


def test_nobody_signs_a_step_alone(desk: Desk) -> None:
    case = a_case(desk)
    asked = ask_step(desk, the(desk, "cora"), case.id, "investigate", {"reason": "seen"}, NOON)
    waiting = asked.steps[-1].id
    refused("same-person", lambda: sign_step(desk, the(desk, "cora"), case.id, waiting, NOON))
    refused("wrong-role", lambda: sign_step(desk, the(desk, "terry"), case.id, waiting, NOON))
    withdraw_step(desk, the(desk, "hedy"), case.id, waiting, "too early", NOON)
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON))
    assert case_of(desk, case).state is IncidentState.REPORTED


def test_a_case_about_staff_is_the_headteachers_and_one_more_persons(desk: Desk) -> None:
    case = a_case(desk, "staff-personal-channels", "tess")
    refused("not-found", lambda: note(desk, the(desk, "cora"), case.id, "let me see", NOON))
    refused("not-found", lambda: note(desk, the(desk, "tess"), case.id, "about me", NOON))
    join(desk, the(desk, "hedy"), case.id, somebody(desk, "cora").id, NOON)
    assert step(desk, case, "investigate").state is IncidentState.INVESTIGATION
    leave(desk, the(desk, "hedy"), case.id, somebody(desk, "cora").id, NOON)
    refused("not-found", lambda: note(desk, the(desk, "cora"), case.id, "once more", NOON))


def test_whoever_was_on_a_case_is_off_it_when_it_becomes_one_about_staff(desk: Desk) -> None:
    """The headteacher names one more anew."""
    case = a_case(desk)
    join(desk, the(desk, "cora"), case.id, somebody(desk, "cora").id, NOON)
    about = {"kind": "staff-personal-channels", "person": somebody(desk, "tess").id}
    assert join(desk, the(desk, "cora"), case.id, about["person"], NOON).members
    found = classify(desk, the(desk, "cora"), case.id, about, NOON)
    assert (found.restricted, found.members) == (True, frozenset())
    refused("not-found", lambda: note(desk, the(desk, "cora"), case.id, "let me see", NOON))
    join(desk, the(desk, "hedy"), case.id, somebody(desk, "cora").id, NOON)
    assert note(desk, the(desk, "cora"), case.id, "now I do", NOON).notes


def test_what_may_be_illegal_is_closed_only_after_the_police_know(desk: Desk) -> None:
    case = to_illegal(desk, the(desk, "cora"), a_case(desk).id, "a picture of abuse", NOON)
    assert (case.lane, case.halted_at) == (Lane.ILLEGAL, NOON)
    refused("wrong-state", lambda: step(desk, case, "close", outcome="referred"))


def test_sorting_a_report_makes_it_a_case_about_somebody(desk: Desk) -> None:
    case = a_case(desk, "unsorted", None, source="block-page", text="somebody is unkind to me")
    said = {"kind": "bullying", "person": somebody(desk, "ben").id, "intent": "deliberate"}
    found = classify(desk, the(desk, "cora"), case.id, said, NOON)
    assert (found.kind, found.about, found.restricted) == ("bullying", "safeguarding", False)
    refused("bad-input", lambda: classify(desk, the(desk, "cora"), case.id, {"kind": "gossip"}, NOON))


def test_what_may_be_illegal_takes_a_case_that_was_lowered_back_and_the_gates_hear_of_it(desk: Desk) -> None:
    case = a_case(desk, "pupil-illegal-material")
    assert step(desk, case, "lower").lane is Lane.INAPPROPRIATE
    again = a_case(desk, "pupil-illegal-material")
    assert (again.id, again.lane) == (case.id, Lane.ILLEGAL)
    assert [line.event for line in log_of(desk)][-2:] == ["incident:report", "incident:illegal"]


def test_what_a_step_lacks_is_told_by_its_field(desk: Desk) -> None:
    case = a_case(desk)
    for facts, field in (({"outcome": "dealt-with"}, "reason"), ({"reason": "over"}, "outcome")):
        ask = partial(ask_step, desk, the(desk, "cora"), case.id, "close", facts, NOON)
        assert list(refused("bad-input", ask).fields) == [field]

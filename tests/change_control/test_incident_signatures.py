"""What two sign holds for the case that they signed it for, and for as long as they meant it."""

from audit_log.db import reading
from audit_log.incident_model import LAPSES, Incident, IncidentState
from audit_log.incidents import entries_of
from change_control.desk import Desk
from change_control.incident_steps import of_whom
from change_control.incidents import ask_step, classify, join, sign_step
from change_control.proposals import approve, propose_people
from tests.builders import NOON
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import a_row, is_whole, refused, somebody, the

REASON = {"reason": "as we saw in the log"}


def sort(desk: Desk, case: Incident, **said: object) -> Incident:
    return classify(desk, the(desk, "cora"), case.id, said, NOON)


def waits(desk: Desk, case: Incident, act: str, by: str = "cora", **facts: object) -> str:
    return ask_step(desk, the(desk, by), case.id, act, REASON | facts, NOON).steps[-1].id


def at_action(desk: Desk) -> Incident:
    case = step(desk, a_case(desk), "investigate")
    case = step(desk, case, "substance", substance=True)
    return step(desk, case, "act", responses=["internal"])


def test_both_sign_whom_the_case_is_about_and_of_what_kind(desk: Desk) -> None:
    case = step(desk, a_case(desk), "investigate")
    whom = {"kind": "pupil-circumvention", "about": "pupil", "person": somebody(desk, "anna").id}
    assert case.steps[0].facts["of"] == whom == of_whom(case)


def test_what_waits_for_one_child_is_signed_for_no_other(desk: Desk) -> None:
    case = at_action(desk)
    waiting = waits(desk, case, "sanction", actions=["warning"], deviation="a first time")
    sort(desk, case, person=somebody(desk, "ben").id)
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON))
    sort(desk, case, person=somebody(desk, "anna").id)  # nor does it wait again with the way back
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON))
    assert is_whole(desk)


def test_of_another_child_nothing_is_decided_yet(desk: Desk) -> None:
    case = sort(desk, at_action(desk), person=somebody(desk, "ben").id)
    assert (case.state, case.substance) == (IncidentState.INVESTIGATION, None)
    assert case_of(desk, case) == case
    refused("wrong-state", lambda: waits(desk, case, "act", responses=["internal"]))
    with reading(desk.engine) as conn:
        assert entries_of(conn, case.id)[-1].act == "classify"
    assert is_whole(desk)


def test_what_says_nothing_of_who_and_what_leaves_the_steps_as_they_are(desk: Desk) -> None:
    case = at_action(desk)
    waiting = waits(desk, case, "sanction", actions=["warning"], deviation="a first time")
    sort(desk, case, intent="deliberate", place="on-site")
    assert sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON).state is IncidentState.SANCTION


def test_a_case_of_another_kind_needs_both_signatures_anew(desk: Desk) -> None:
    case = a_case(desk)
    waiting = waits(desk, case, "investigate")
    sort(desk, case, kind="bullying")
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON))
    assert step(desk, case, "investigate").state is IncidentState.INVESTIGATION


def test_a_first_signature_lapses(desk: Desk) -> None:
    case, late = a_case(desk), NOON + LAPSES
    waiting = waits(desk, case, "investigate")
    refused("wrong-state", lambda: waits(desk, case, "investigate", "hedy"))
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, late))
    again = ask_step(desk, the(desk, "hedy"), case.id, "investigate", REASON, late)
    assert [each.ended_at for each in again.steps] == [late, None]
    after = sign_step(desk, the(desk, "cora"), case.id, again.steps[-1].id, late)
    assert after.state is IncidentState.INVESTIGATION


def test_a_first_signature_does_not_outlast_the_state_that_it_was_given_in(desk: Desk) -> None:
    case = a_case(desk)
    waiting = waits(desk, case, "close", outcome="duplicate")
    case = step(desk, case, "investigate")
    case = step(desk, case, "substance", substance=True)
    case = step(desk, case, "act", responses=["internal"])
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON))
    other = waits(desk, case, "sanction", actions=["warning"], deviation="a first time")
    case = step(desk, case, "close", outcome="dealt-with")
    case = step(desk, case, "reopen")
    refused("wrong-state", lambda: sign_step(desk, the(desk, "hedy"), case.id, other, NOON))


def test_a_concern_that_has_substance_is_not_closed_as_none(desk: Desk) -> None:
    case = at_action(desk)
    refused("wrong-state", lambda: waits(desk, case, "close", outcome="no-concern"))
    assert step(desk, case, "close", outcome="dealt-with").state is IncidentState.CLOSED


def test_one_of_the_two_leads_the_case(desk: Desk) -> None:
    new = [a_row("tom", "staff", "staff", [])]
    asked = propose_people(desk, the(desk, "cora"), new, "new", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "yes", NOON)
    case = a_case(desk)
    for each in ("tess", "tom"):
        join(desk, the(desk, "cora"), case.id, somebody(desk, each).id, NOON)
    waiting = waits(desk, case, "investigate", "tess")
    refused("wrong-role", lambda: sign_step(desk, the(desk, "tom"), case.id, waiting, NOON))
    assert sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON).state is IncidentState.INVESTIGATION


def test_a_case_about_staff_is_led_by_the_headteacher(desk: Desk) -> None:
    """Also where the coordinator was named to it."""
    case = a_case(desk, "staff-personal-channels", "tess")
    join(desk, the(desk, "hedy"), case.id, somebody(desk, "cora").id, NOON)
    waiting = waits(desk, case, "investigate")
    assert sign_step(desk, the(desk, "hedy"), case.id, waiting, NOON).state is IncidentState.INVESTIGATION

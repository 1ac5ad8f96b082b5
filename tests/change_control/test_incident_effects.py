"""What a second signature does is done with it, or not at all."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_log.incident_model import Incident
from change_control.desk import Desk
from change_control.incident_effects import EFFECTS
from change_control.incident_followups import OF_RESPONSE, OF_SANCTION
from change_control.incident_kinds import actions
from change_control.incident_steps import FROM, REMOVAL
from change_control.incidents import ask_step, join, sign_step
from change_control.tightening import end_person
from filter_policy.bundle import current_bundle, read_bundle
from tests.builders import NOON
from tests.change_control.incident_school import a_case, case_of, step
from tests.change_control.school import log_of, refused, somebody, the


def at_action(desk: Desk, *responses: str) -> Incident:
    case = step(desk, step(desk, a_case(desk), "investigate"), "substance", substance=True)
    return step(desk, case, "act", responses=list(responses) or ["internal"])


def test_each_effect_is_of_a_step_that_there_is() -> None:
    assert set(EFFECTS) <= set(FROM)


def test_what_cannot_be_done_is_not_signed_either(desk: Desk) -> None:
    """Whoever asked for it has left: the sanction waits as it was, and nobody is told of it."""
    case = at_action(desk)
    join(desk, the(desk, "hedy"), case.id, somebody(desk, "tess").id, NOON)
    raw = {"reason": "r", "deviation": "d", "actions": [REMOVAL, "parents"],
           "removal": {"until": (NOON + timedelta(days=2)).isoformat()}}  # fmt: skip
    waiting = ask_step(desk, the(desk, "cora"), case.id, "sanction", raw, NOON).steps[-1].id
    end_person(desk, the(desk, "terry"), somebody(desk, "cora").id, "has left", NOON)
    before = len(log_of(desk))
    refused("wrong-state", lambda: sign_step(desk, the(desk, "tess"), case.id, waiting, NOON))
    found = case_of(desk, case)
    assert (found.state, found.steps[-1].is_waiting, found.tasks) == ("action", True, ())
    assert len(log_of(desk)) == before


CHOSEN = st.sets(st.sampled_from(sorted(actions("pupil"))), min_size=1)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=CHOSEN, responses=st.sets(st.sampled_from(["internal", *OF_RESPONSE]), min_size=1))
def test_whatever_two_choose_is_followed_by_its_tasks_and_its_suspension(
    chosen: set[str], responses: set[str], desk: Desk
) -> None:
    """Each task once; the person is suspended in what is published if, and only if, access was removed."""
    case = at_action(desk, *sorted(responses))
    before = _until(desk)
    case = step(desk, case, "sanction", actions=sorted(chosen), deviation="as it fits")
    wanted = (responses & set(OF_RESPONSE)) | (chosen & set(OF_SANCTION))
    assert sorted(each.kind for each in case.tasks) == sorted(wanted)
    assert (_until(desk) is not None) is (REMOVAL in chosen or before is not None)
    step(desk, case, "close", outcome="dealt-with")


def _until(desk: Desk) -> object:
    bundle = read_bundle(desk.state, current_bundle(desk.state) or "")
    return bundle.accounts["anna"].person.suspended_until

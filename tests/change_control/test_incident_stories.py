"""Each kind of incident of the schools' two tables, from its event to its end."""

from datetime import timedelta

import pytest

from audit_log.db import reading
from audit_log.incident_model import Incident, IncidentState, Intent, Lane
from audit_log.incidents import incident_of
from change_control.desk import Desk
from change_control.incident_kinds import kind_of_sighting, kinds
from change_control.incident_tasks import refer
from change_control.incidents import Told, classify, join, report
from filter_policy.model import Role
from tests.builders import NOON
from tests.change_control.incident_school import a_case, step
from tests.change_control.school import log_of, somebody, the

TABLES = [each for each in kinds().values() if each.about in ("pupil", "staff")]
SIGHTED = {
    kind_of_sighting(sighting, role).id: sighting
    for sighting in ("illegal-content", "circumvention", "account-sharing", "guessing", "repeated-blocks")
    for role in (Role.PUPIL, Role.STAFF)
}


def test_the_tables_have_sixteen_kinds_each() -> None:
    assert [sum(each.about == about for each in TABLES) for about in ("pupil", "staff")] == [16, 16]


@pytest.mark.parametrize("kind", [each.id for each in TABLES])
def test_each_kind_goes_from_its_event_to_closed(kind: str, desk: Desk) -> None:
    known = kinds()[kind]
    about = "anna" if known.about == "pupil" else "tess"
    case = _event(desk, kind, about)
    assert (case.kind, case.restricted) == (kind, known.about == "staff")
    if case.restricted:
        join(desk, the(desk, "hedy"), case.id, somebody(desk, "cora").id, NOON)
    classify(desk, the(desk, "hedy"), case.id, {"intent": Intent.DELIBERATE, "place": "on-site"}, NOON)
    step(desk, case, "investigate")
    step(desk, case, "substance", substance=True)
    step(desk, case, "act", responses=["police" if case.is_illegal else "internal"])
    if case.is_illegal:
        code = "other-criminal"
        refer(desk, the(desk, "hedy"), case.id, code, "the police", "ref 1", "as the policy says", NOON)
    step(desk, case, "sanction", actions=list(known.actions))
    case = step(desk, case, "close", now=NOON + timedelta(days=1), outcome="dealt-with")
    assert (case.state, case.closed_at) == (IncidentState.CLOSED, NOON + timedelta(days=1))
    assert case.is_illegal is (known.lane is Lane.ILLEGAL)
    told = [line.detail["to"] for line in log_of(desk) if line.detail.get("incident") == case.id
            and "to" in line.detail]  # fmt: skip
    assert told == ["reported", "investigation", "action", "sanction", "closed"]


def _event(desk: Desk, kind: str, about: str) -> Incident:
    """By the rule where the gate can notice it; else somebody reports it, and the headteacher sorts it."""
    if kind in SIGHTED:
        return a_case(desk, kind, about, happened=SIGHTED[kind])
    told = Told(
        source="staff", text="it was like this", by=somebody(desk, "cora").id, person=somebody(desk, about).id
    )
    case = report(desk, told, NOON)
    classify(desk, the(desk, "hedy"), case.id, {"kind": kind}, NOON)
    with reading(desk.engine) as conn:
        found = incident_of(conn, case.id)
    assert found is not None
    return found

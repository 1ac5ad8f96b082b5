"""Who may see a case follows from what the accused are now, not from what they were when it was reported."""

from dataclasses import replace

from sqlalchemy import Engine

from audit_log.db import reading, writing
from audit_log.incident_model import Incident, IncidentState, Lane
from audit_log.incident_now import as_now
from audit_log.people import Registered, add_person
from filter_policy.model import Role
from tests.builders import NOON

TESS = Registered(
    id="p_tess", username="tess", name="Tess Tyler", role=Role.HEADTEACHER, filter_groups=("staff",),
    created_at=NOON,
)  # fmt: skip
CASE = Incident(
    *("c1", "staff-personal-channels", "staff", Lane.INAPPROPRIATE, IncidentState.REPORTED, NOON, NOON),
    restricted=True,
    role="staff",
    person_id=TESS.id,
)


def test_a_case_about_staff_has_the_role_that_they_have_now(engine: Engine) -> None:
    with writing(engine) as conn:
        add_person(conn, TESS)
    gone, of_nobody = replace(CASE, person_id="p_gone"), replace(CASE, person_id=None)
    pupils = replace(CASE, restricted=False, role="pupil")
    with reading(engine) as conn:
        told = as_now(conn, [pupils, CASE, gone, of_nobody])
    assert [each.role for each in told] == ["pupil", "headteacher", "staff", "staff"]

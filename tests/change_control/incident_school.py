"""A school with cases, for their tests: who may lead them, and how one comes to where it is."""

from datetime import datetime, timedelta
from typing import Any

from audit_log.db import reading
from audit_log.incident_model import Incident
from audit_log.incidents import incident_of
from change_control.desk import Desk
from change_control.incident_steps import REMOVAL
from change_control.incidents import Told, ask_step, report, sign_step
from tests.builders import NOON
from tests.change_control.school import somebody, the

A_WEEK = timedelta(days=7)


def a_case(
    desk: Desk, kind: str = "pupil-circumvention", about: str | None = "anna", **more: Any
) -> Incident:
    """Opened by a rule unless `source` says otherwise."""
    person = somebody(desk, about).id if about else None
    return report(desk, Told(**{"source": "rule", "kind": kind, "person": person} | more), NOON)


def case_of(desk: Desk, case: Incident) -> Incident:
    with reading(desk.engine) as conn:
        found = incident_of(conn, case.id)
    assert found is not None
    return found


def step(
    desk: Desk,
    case: Incident,
    act: str,
    by: tuple[str, str] = ("cora", "hedy"),
    now: datetime = NOON,
    **facts: Any,
) -> Incident:
    """Asked for by the first and signed by the second."""
    raw = {"reason": "as we saw in the log", **facts}
    if REMOVAL in raw.get("actions", ()):
        raw = {"removal": {"until": (now + A_WEEK).isoformat()}, **raw}
    asked = ask_step(desk, the(desk, by[0]), case.id, act, raw, now)
    return sign_step(desk, the(desk, by[1]), case.id, asked.steps[-1].id, now)

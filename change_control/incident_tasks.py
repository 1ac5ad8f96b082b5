"""Whom to tell of a case, and what is late of it (S6, S177, S178, S185).

A task that nobody did stays, also when its case is closed, and is overdue from its day on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, or_, select

from audit_log.incident_model import Incident, Task
from audit_log.incident_rows import OF_SEVERAL, OPEN_TASKS, ids_of, raw
from audit_log.incidents import readable
from audit_log.tables import incident_entry
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.in_force import parsed_policy
from change_control.incident_followups import add_task, due_of, task_kinds
from change_control.incident_letters import letter
from change_control.incident_lines import write
from change_control.incident_referral_codes import refer as refer
from change_control.incidents import opened_case, require_open
from change_control.sealing import change
from change_control.texts import fault_of, needed
from filter_policy.model import Policy

MOST_DAYS = 366


MANY = 1000  # tasks that one line may open


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that nobody did, and its case."""

    incident: Incident
    task: Task


def open_task(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, incident_id: str, kind: str, raw: Mapping[str, Any], now: datetime
) -> Incident:
    """`raw`: perhaps text, instead of the letter; perhaps due, a day. Raises ChangeError."""
    with change(desk, now) as made:
        found = opened_case(made, actor, "task", incident_id)
        require_open(found)
        policy, faults = parsed_policy(made.conn), dict[str, str]()
        if kind not in task_kinds(policy):
            raise bad_input({"kind": f"one of {', '.join(task_kinds(policy))} is needed"})
        due = _due(policy, kind, raw.get("due"), now, faults)
        if fault := fault_of(raw.get("text") or ""):
            faults["text"] = fault
        if unknown := sorted(raw.keys() - {"text", "due"}):
            faults[unknown[0]] = "there is no such field; there are text and due"
        if faults:
            raise bad_input(faults)
        text = (raw.get("text") or "").strip() or letter(policy, kind, found.id, now)
        return add_task(made, found, actor, kind, due, text)


def _due(policy: Policy, kind: str, said: object, now: datetime, faults: dict[str, str]) -> datetime:
    """The end of that day in school; without one, as the policy says."""
    if not said:
        return due_of(policy, kind, now)
    zone = policy.timetable.zone
    try:
        day = said if isinstance(said, date) else date.fromisoformat(str(said))
    except ValueError:
        faults["due"] = "a day like 2026-11-27 is needed"
        return now
    today = now.astimezone(zone).date()
    if not today <= day <= today + timedelta(days=MOST_DAYS):
        faults["due"] = f"today or later, within {MOST_DAYS} days"
    return datetime.combine(day + timedelta(days=1), time(), zone)


def done_task(  # noqa: PLR0917  # as above
    desk: Desk, actor: Actor, incident_id: str, task_id: str, how: str, now: datetime
) -> Incident:
    """Also of a case that is closed. `how`: what was said to whom. Raises ChangeError."""
    said = needed(how, "how")
    with change(desk, now) as made:
        found = opened_case(made, actor, "task-done", incident_id)
        task = next((each for each in found.tasks if each.id == task_id), None)
        if task is None:
            raise ChangeError("not-found", "there is no such task")
        if task.done_at is not None:
            raise ChangeError("wrong-state", "this was done already")
        return write(made, found, "task-done", actor, {"id": task_id, "how": said})


def overdue(incident: Incident, now: datetime) -> tuple[Task, ...]:
    """The latest first."""
    late = (each for each in incident.tasks if each.done_at is None and each.due_at <= now)
    return tuple(sorted(late, key=lambda each: each.due_at))


def tasks_waiting(conn: Connection) -> list[Waiting]:
    """Of all cases, also closed ones, the earliest first. Who may see which case is asked elsewhere."""
    act = incident_entry.c.act
    more = func.sum(case((OF_SEVERAL, MANY), (act == "task", 1), (act == "task-done", -1), else_=0))
    asked = select(*raw(conn, incident_entry.c.incident_id)).where(or_(OPEN_TASKS, act == "task-done"))
    asked = asked.group_by(incident_entry.c.incident_id).having(more > 0)
    ids, _ = ids_of(conn, asked)
    cases, _odd = readable(conn, ids)  # `verify` names those that cannot be read
    found = [Waiting(each, task) for each in cases for task in each.tasks if task.done_at is None]
    return sorted(found, key=lambda waiting: (waiting.task.due_at, waiting.task.id))

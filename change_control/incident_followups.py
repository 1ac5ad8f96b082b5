"""The tasks that follow from what was decided: whom to tell, by when (S6, S178, S185)."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from audit_log.incident_model import Incident, Lane, Step
from audit_log.seal import stamp
from change_control.desk import SYSTEM, Actor
from change_control.in_force import parsed_policy
from change_control.incident_letters import letter
from change_control.incident_lines import write
from change_control.sealing import Change
from filter_policy.model import Policy

# Days until a task is overdue, where the policy (incidents.tasks) says nothing else.
DAYS: Mapping[str, int] = {
    "police": 1,
    "ceop": 1,
    "safeguarding-partners": 1,
    "local-authority": 2,
    "parents": 3,
    "line-manager": 3,
    "technical-support": 3,
    "governors": 14,
    "school-community": 14,  # that it was dealt with, and no more (S177)
}
OF_RESPONSE = ("local-authority", "police")  # S171
OF_SANCTION = ("parents", "police", "local-authority", "line-manager", "technical-support")
POLICE = "police"
# What is suspected to be illegal is reported to the police (S163); more of these kinds (S178).
OF_ILLEGAL: Mapping[str, tuple[str, ...]] = {
    "grooming": (POLICE, "ceop", "safeguarding-partners"),
    "staff-illegal-material": (POLICE, "local-authority"),
}


def task_kinds(policy: Policy) -> Mapping[str, int]:
    """By name, with the days until one is overdue: ours, and whatever the school's policy adds."""
    return {**DAYS, **policy.incidents.tasks}


def due_of(policy: Policy, kind: str, now: datetime) -> datetime:
    return now + timedelta(days=task_kinds(policy)[kind])


def add_task(made: Change, case: Incident, actor: Actor, kind: str, due: datetime, text: str) -> Incident:  # noqa: PLR0917  # as `write`, and what it is
    facts = {"id": secrets.token_hex(8), "kind": kind, "due": stamp(due), "text": text}
    return write(made, case, "task", actor, facts)


def follow(made: Change, case: Incident, actor: Actor, wanted: Iterable[str]) -> Incident:
    """One task each, but for whom such a task waits already; one line, however many."""
    tasks = _tasks(made, case.id, wanted, case)
    return write(made, case, "task", actor, {"tasks": tasks}) if tasks else case


def _tasks(
    made: Change, incident_id: str, wanted: Iterable[str], case: Incident | None = None
) -> list[dict[str, str]]:
    policy = parsed_policy(made.conn)
    waiting = {each.kind for each in case.tasks if each.done_at is None} if case else set()
    return [
        {
            "id": secrets.token_hex(8),
            "kind": kind,
            "due": stamp(due_of(policy, kind, made.at)),
            "text": letter(policy, kind, incident_id, made.at),
        }
        for kind in dict.fromkeys(each for each in wanted if each not in waiting)
    ]


def after_act(made: Change, case: Incident, step: Step, actor: Actor) -> Incident:
    return follow(made, case, actor, [each for each in OF_RESPONSE if each in step.facts["responses"]])


def after_sanction(made: Change, case: Incident, step: Step, actor: Actor) -> Incident:
    return follow(made, case, actor, [each for each in OF_SANCTION if each in step.facts["actions"]])


def reported(made: Change, case: Incident | None, facts: Mapping[str, Any]) -> Incident:
    """A report that opens a case or joins one. What may be illegal takes it into that lane, with a line that
    the gates hear of: who was looking looks no more. Whom to tell of it stands in the same line: lines of
    their own would tell everybody who reads the change log of which kind it is."""
    if case is None:
        new = secrets.token_hex(8)
        tasks = _tasks(made, new, _of_illegal(facts["kind"])) if facts["lane"] == Lane.ILLEGAL else []
        return write(made, None, "report", SYSTEM, {**facts, "tasks": tasks}, new)
    now = write(made, case, "report", SYSTEM, facts)
    if facts["lane"] == Lane.ILLEGAL and not now.is_illegal:
        return into_illegal(made, now, SYSTEM, "what was reported is for the police")
    return now


def into_illegal(made: Change, case: Incident, actor: Actor, reason: str) -> Incident:
    tasks = _tasks(made, case.id, _of_illegal(case.kind), case)
    return write(made, case, "illegal", actor, {"reason": reason, "tasks": tasks})


def _of_illegal(kind: str) -> tuple[str, ...]:
    return OF_ILLEGAL.get(kind, (POLICE,))

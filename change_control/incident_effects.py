"""What the words of a step are made into before they are signed, and what its second signature does besides
moving the case: with the signature, or not at all.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit_log.incident_model import Incident, Step
from audit_log.seal import stamp
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.in_force import parsed_policy
from change_control.incident_endings import is_theirs
from change_control.incident_followups import after_act, after_sanction
from change_control.incident_modes import mode_facts, require_named
from change_control.incident_removals import remove_access
from change_control.incident_sanctions import sanction_facts
from change_control.sealing import Change
from change_control.texts import fault_of
from filter_policy.unblock_windows import parse_instant

Facts = Mapping[str, Any]
OFF_THE_CASE = "somebody whom it was asked for is not on the case any more; take it back and ask again"
Effect = Callable[[Change, Incident, Step, Actor], Incident]


def prepared(desk: Desk, made: Change, case: Incident, actor: Actor, act: str, raw: Facts) -> Facts:  # noqa: PLR0917  # as every verb, and which step
    """The facts of a step, from what somebody asked for. Raises ChangeError."""
    if act == "mode":
        return mode_facts(desk, made.conn, case, actor, raw, made.at)
    if act == "sanction":
        raw = sanction_facts(made.conn, case, raw, made.at)
        if fault := fault_of(raw.get("deviation") or ""):
            raise bad_input({"deviation": fault})
    return _with_removal(made.conn, case, raw) if act in ("sanction", "close") else raw


def _with_removal(conn: Connection, case: Incident, raw: Facts) -> Facts:
    """Of whom it is, so that both sign the same person; its end in UTC, without a zone in school time."""
    asked, faults = raw.get("removal"), dict[str, str]()
    if not asked:
        return {name: value for name, value in raw.items() if name != "removal"}
    if not isinstance(asked, Mapping) or asked.keys() != {"until"}:
        raise bad_input({"removal": "until when is needed: {until}"})
    until: datetime | None = parse_instant(
        asked["until"], "removal.until", parsed_policy(conn).timetable, faults
    )
    if until is None:
        raise bad_input(faults)
    return {**raw, "removal": {"person": case.person_id, "until": stamp(until)}}


def _sanctioned(made: Change, case: Incident, step: Step, actor: Actor) -> Incident:
    return after_sanction(made, remove_access(made, case, step, actor), step, actor)


def _mode(made: Change, case: Incident, step: Step, actor: Actor) -> Incident:
    require_named(step.facts["people"], actor)
    if not is_theirs(made.conn, case, step, made.at):
        raise ChangeError("wrong-state", OFF_THE_CASE)
    return case


EFFECTS: Mapping[str, Effect] = {
    "act": after_act,
    "sanction": _sanctioned,
    "close": remove_access,
    "mode": _mode,
}


def apply_step(made: Change, case: Incident, step: Step, actor: Actor) -> Incident:
    """Raises ChangeError where it cannot be done: then nothing of the step is."""
    effect = EFFECTS.get(step.act)
    return effect(made, case, step, actor) if effect else case

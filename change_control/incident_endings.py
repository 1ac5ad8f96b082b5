"""What is open for an investigation is shut as soon as one of those whom it is for is off the case: who left
it, who may act no more, and above all whom it is about.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from audit_log.incident_model import Incident, Step
from audit_log.incidents import incident_of
from audit_log.tables import incident_entry
from change_control.desk import SYSTEM, Actor
from change_control.incident_lines import write
from change_control.incident_readers import signers
from change_control.sealing import Change
from filter_policy.case_orders import MODE

LOOKED_BACK = timedelta(days=1)  # further than any that is still open was signed


def is_running(step: Step, now: datetime) -> bool:
    """Signed, not ended, and not over by the clock."""
    signed = step.act == MODE and step.signed_at is not None and step.ended_at is None
    return signed and now < datetime.fromisoformat(step.facts["ends_at"])


def is_theirs(conn: Connection, case: Incident, step: Step, now: datetime) -> bool:
    """Whether everybody whom it is for may sign for this case."""
    whom = set(step.facts["people"])
    return len(signers(conn, case, whom, now)) == len(whom)


def end_modes(made: Change, case: Incident, actor: Actor) -> Incident:
    """After somebody left the case, or it was sorted anew."""
    for step in case.steps:
        if is_running(step, made.at) and not is_theirs(made.conn, case, step, made.at):
            case = write(made, case, "end", actor, {"act": MODE}, step.id)
    return case


def end_modes_of_all(made: Change) -> None:
    """After somebody may act no more. In nobody's name: who suspends somebody is on no case by that."""
    row = incident_entry.c
    lately = select(row.incident_id).where(row.act == "sign", row.at > made.at - LOOKED_BACK).distinct()
    for each in sorted(made.conn.scalars(lately).all()):
        with suppress(ValueError, RecursionError):  # what was damaged opens nothing; `verify` names it
            if (case := incident_of(made.conn, each)) is not None and case.is_open and not case.is_illegal:
                end_modes(made, case, SYSTEM)

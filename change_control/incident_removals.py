"""Removal of network access (A419, B185): a suspension with an end, made by the same two signatures.

It is the suspension that one person could make alone (tightening.py), with its line and its review, in the
transaction of the second signature: signed and not enforced is nothing.
"""

from datetime import datetime

from audit_log.incident_model import Incident, Step
from audit_log.people import Registered, person_by_id
from change_control.desk import Actor
from change_control.errors import ChangeError
from change_control.roles import APPROVING
from change_control.sealing import Change
from change_control.tightening import may_suspend, suspend_in

# Governors read it, and it is beside a person: it says nothing of any case.
SAYS = "a sanction that two senior people signed"
ALONE = "one of the two who remove somebody's access has to be coordinator or headteacher"


def remove_access(made: Change, case: Incident, step: Step, actor: Actor) -> Incident:
    """As signed; nothing, where a suspension in force is longer. Raises ChangeError."""
    removal = step.facts.get("removal")
    if not removal or case.person_id is None:
        return case
    until = datetime.fromisoformat(removal["until"])
    who = _by(made, step, actor)
    found = may_suspend(made, who, case.person_id)
    if not _is_longer(found, until, made.at):
        suspend_in(made, who, found, until, SAYS)
    return case


def _by(made: Change, step: Step, actor: Actor) -> Actor:
    """Of the two the one who may suspend alone as well, in whose name the line stands."""
    if actor.role in APPROVING:
        return actor
    first = person_by_id(made.conn, step.asked_by)
    if first is None or first.role not in APPROVING:
        raise ChangeError("refused", ALONE)
    return Actor(first.id, first.role)


def _is_longer(found: Registered, until: datetime, now: datetime) -> bool:
    begun = found.suspended_from is not None and found.suspended_from <= now
    return begun and (found.suspended_until is None or found.suspended_until >= until)

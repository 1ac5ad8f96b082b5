"""What every kind of proposal has in common on its way through the window."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection

from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.reader import Reader
from audit_api.rights import APPROVING, ASKING, READING
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from audit_log.db import reading
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError
from change_control.proposal import Proposal
from change_control.queries import get_proposal
from filter_policy.life_cycle import State

Verb = Callable[[Desk, Actor, str, str, datetime], Proposal]


def find(visit: Visit, kind: str, proposal_id: str) -> Proposal:
    """Raises Problem not-found: no such thing, of another kind, or somebody else's whom staff may not see."""
    try:
        with reading(visit.desk.engine) as conn:
            found = get_proposal(conn, proposal_id, visit.now)
    except ChangeError as error:
        raise Problem("not-found") from error
    if found.kind != kind or not _sees(visit.reader, found):
        raise Problem("not-found")
    return found


def settle(visit: Visit, kind: str, proposal_id: str, verb: Verb, reason: str) -> Proposal:
    """Approve, decline, withdraw or revoke one of this kind. Raises Problem not-found or ChangeError."""
    find(visit, kind, proposal_id)
    return verb(visit.desk, visit.reader.actor, proposal_id, reason, visit.now)


def names_for(conn: Connection, reader: Reader, found: Sequence[Proposal]) -> Callable[[Proposal], Names]:
    """Pupils are named to those who decide, and to whoever asked for them by name; never to a governor."""
    ids = [who for each in found for who in (each.proposed_by, each.decided_by, each.ended_by, *each.people)]
    others = Names.of(conn, ids, pupils=reader.role in APPROVING)
    own = Names.of(conn, ids, pupils=True)
    asks = reader.role in ASKING
    return lambda each: own if asks and each.proposed_by == reader.person_id else others


def history(found: Proposal, names: Names) -> dict[str, Any]:
    """Who asked, who decided, who ended it, when and why."""
    return {
        "id": found.id,
        "state": found.state,
        "loosening": found.loosening,
        "reason": found.reason,
        "asked_by": names.somebody(found.proposed_by),
        "asked_at": iso(found.proposed_at),
        "decided_by": names.somebody_or_none(found.decided_by),
        "decided_at": iso_or_none(found.decided_at),
        "decision_reason": found.decision_reason,
        "ended_by": names.somebody_or_none(found.ended_by),
        "ended_at": iso_or_none(found.ended_at),
        "ended_reason": found.ended_reason,
    }


def as_it_is[View: BaseModel](visit: Visit, found: Proposal, view: View) -> View:
    """Where nothing newly agreed on reaches a gate, whoever agreed must not believe that it does."""
    unproven = visit.desk.published.unproven
    since = found.decided_at or found.proposed_at
    if unproven is None or found.state != State.APPROVED or (unproven.at and since <= unproven.at):
        return view
    return view.model_copy(update={"not_in_force": f"agreed, and not yet in force: {unproven.says}"})


def _sees(reader: Reader, found: Proposal) -> bool:
    return reader.role in READING or found.proposed_by == reader.person_id

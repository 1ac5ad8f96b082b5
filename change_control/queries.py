"""Proposals and openings as lists, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from audit_log.tables import opening, proposal
from change_control.in_force import opening_of, openings_in_force, parsed_policy
from change_control.proposal import Proposal, load, proposal_of, state_at
from filter_policy.model import Opening

__all__ = ["Cursor", "Page", "get_opening", "get_proposal", "list_proposals", "openings_in_force"]

Cursor = tuple[datetime, str]  # when it was proposed, and its id


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Proposal, ...]
    next: Cursor | None  # None: that was the last page


def list_proposals(
    conn: Connection,
    now: datetime,
    *,
    kind: str | None = None,
    state: str | None = None,
    mine: str | None = None,
    limit: int = 50,
    cursor: Cursor | None = None,
) -> Page:
    """`state` is the state as of `now`; `mine` is the id of the person whose proposals are wanted."""
    current = state_at(now, parsed_policy(conn).limits.lapse_after_hours)
    asked = select(proposal, current.label("state_now"))
    for column, wanted in ((proposal.c.kind, kind), (current, state), (proposal.c.proposed_by, mine)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    if cursor is not None:
        at, last = cursor
        older = and_(proposal.c.proposed_at == at, proposal.c.id < last)
        asked = asked.where(or_(proposal.c.proposed_at < at, older))
    asked = asked.order_by(proposal.c.proposed_at.desc(), proposal.c.id.desc()).limit(limit + 1)
    found = [proposal_of(row) for row in conn.execute(asked).mappings()]
    more = len(found) > limit
    rows = tuple(found[:limit])
    return Page(rows, (rows[-1].proposed_at, rows[-1].id) if more and rows else None)


def get_proposal(conn: Connection, proposal_id: str, now: datetime) -> Proposal:
    """Raises ChangeError not-found."""
    return proposal_of(load(conn, proposal_id, now, parsed_policy(conn).limits.lapse_after_hours))


def get_opening(conn: Connection, opening_id: str) -> Opening | None:
    row = conn.execute(select(opening).where(opening.c.id == opening_id)).mappings().first()
    return None if row is None else opening_of(row)

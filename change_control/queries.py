"""Proposals and openings as lists, newest first, a page at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from audit_log.tables import opening, proposal
from change_control.desk import SYSTEM
from change_control.in_force import (
    agreed_lists,
    opening_of,
    openings_in_force,
    parsed_policy,
    policy_in_force,
)
from change_control.proposal import Proposal, load, proposal_of, state_at
from filter_policy.life_cycle import State
from filter_policy.model import Opening

__all__ = [
    "Cursor",
    "Page",
    "get_opening",
    "get_proposal",
    "in_force_since",
    "list_proposals",
    "openings_in_force",
    "overtaken",
]

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


def overtaken(conn: Connection, found: Iterable[Proposal]) -> frozenset[str]:
    """Those that wait though another policy, or other lists, came into force since: nobody can agree to them.

    As `recheck` of their kinds has it. An update that the system holds makes way for a newer one by itself.
    """
    waiting = [
        each for each in found if each.state is State.REQUESTED and each.proposed_by != SYSTEM.person_id
    ]
    late = set[str]()
    if policies := [each for each in waiting if each.kind == "policy"]:
        now = policy_in_force(conn).id
        late |= {each.id for each in policies if each.payload["base"] != now}
    if others := [each for each in waiting if each.kind == "lists"]:
        lists = agreed_lists(conn)
        base = lists.row_id, lists.generation
        late |= {each.id for each in others if (each.payload["base_id"], each.payload["base"]) != base}
    return frozenset(late)


def in_force_since(conn: Connection, kind: str) -> datetime | None:
    """Since when the policy, or the lists, in force are so."""
    at = func.coalesce(proposal.c.decided_at, proposal.c.proposed_at)
    asked = select(at).where(proposal.c.kind == kind, proposal.c.state == State.APPROVED)
    return conn.execute(asked.limit(1)).scalar()


def get_opening(conn: Connection, opening_id: str) -> Opening | None:
    row = conn.execute(select(opening).where(opening.c.id == opening_id)).mappings().first()
    return None if row is None else opening_of(row)

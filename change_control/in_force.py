"""What is open now, as the database has it: the only source of a bundle."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from audit_log.tables import opening, proposal
from change_control.desk import SYSTEM
from change_control.errors import ChangeError
from filter_lists.names import parse_site
from filter_policy.life_cycle import State
from filter_policy.model import Opening, Policy, Unblock
from filter_policy.parse import parse_policy


class InForce(NamedTuple):
    """What two people agreed on together: the text, and with it the generation of the lists."""

    text: str
    lists: str
    id: str  # of the proposal that brought it
    proposed_by: str

    @property
    def is_agreed(self) -> bool:
        """False: it is still that of the founding, which one person set up."""
        return self.proposed_by != SYSTEM.person_id


def policy_in_force(conn: Connection) -> InForce:
    """Raises ChangeError before the founding."""
    asked = select(proposal.c.payload, proposal.c.id, proposal.c.proposed_by).where(
        proposal.c.kind == "policy", proposal.c.state == State.APPROVED
    )
    row = conn.execute(asked).one_or_none()
    if row is None:
        raise ChangeError("not-established", "no policy is in force yet; schoolgate init brings the first")
    return InForce(str(row.payload["text"]), str(row.payload.get("lists", "")), row.id, row.proposed_by)


def parsed_policy(conn: Connection) -> Policy:
    """The policy in force, without the unblocks and openings."""
    return parsed(policy_in_force(conn).text)


@lru_cache(maxsize=16)
def parsed(text: str) -> Policy:
    """Remembered, so that what was parsed before a transaction is not parsed again in it."""
    return parse_policy(text)


def unblocks_in_force(conn: Connection, as_of: datetime) -> tuple[Unblock, ...]:
    """Every approved unblock that is not over, begun or not; `decide` holds each to its own times."""
    asked = (
        select(proposal)
        .where(proposal.c.kind == "unblock", proposal.c.state == State.APPROVED, proposal.c.ends_at > as_of)
        .order_by(proposal.c.id)
    )
    return tuple(unblock_of(row) for row in conn.execute(asked).mappings())


def unblock_of(row: Mapping[Any, Any]) -> Unblock:
    payload = row["payload"]
    return Unblock(
        id=row["id"],
        sites=tuple(parse_site(site) for site in payload["sites"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        classes=frozenset(payload["classes"]),
        filter_groups=frozenset(payload["filter_groups"]),
        people=frozenset(payload["people"]),
    )


def openings_in_force(conn: Connection, as_of: datetime) -> tuple[Opening, ...]:
    asked = select(opening).where(opening.c.ends_at > as_of).order_by(opening.c.id)
    return tuple(opening_of(row) for row in conn.execute(asked).mappings())


def opening_of(row: Mapping[Any, Any]) -> Opening:
    return Opening(
        id=row["id"],
        opened_by=row["opened_by"],
        classes=frozenset(row["classes"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )

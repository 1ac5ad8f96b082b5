"""What is open now, as the database has it: the only source of a bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, select

from audit_log.tables import opening, proposal
from change_control.desk import SYSTEM
from change_control.errors import ChangeError
from filter_lists.names import parse_site
from filter_policy.life_cycle import State
from filter_policy.model import Opening, Policy, Unblock, Window
from filter_policy.parse import parse_policy


class InForce(NamedTuple):
    """The policy that two people agreed on."""

    text: str
    id: str  # of the proposal that brought it
    proposed_by: str

    @property
    def is_agreed(self) -> bool:
        """False: it is still that of the founding, which one person set up."""
        return self.proposed_by != SYSTEM.person_id


@dataclass(frozen=True, slots=True)
class AgreedLists:
    """The lists in force: a generation, the lists.yaml it was made from, and what is remembered with it."""

    generation: str
    config_text: str
    id: str  # of the proposal that brought it
    agreement_id: str  # of the last that two people agreed on, or of the founding
    is_agreed: bool  # False: no two people have agreed on lists.yaml yet
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def row_id(self) -> str | None:
        """None in a database that was founded when lists came with the policy."""
        return self.id if self.payload else None

    @property
    def sealed_lists(self) -> frozenset[str]:
        """Every list of illegal content that was ever in force: none of them goes again (D9)."""
        return frozenset(self.payload.get("sealed_lists", ()))


def policy_in_force(conn: Connection) -> InForce:
    """Raises ChangeError before the founding."""
    row = _approved(conn, "policy")
    if row is None:
        raise ChangeError("not-established", "no policy is in force yet; schoolgate init brings the first")
    return InForce(str(row["payload"]["text"]), row["id"], row["proposed_by"])


def agreed_lists(conn: Connection) -> AgreedLists:
    """Raises ChangeError before the founding."""
    row = _approved(conn, "lists")
    if row is None:
        return _lists_of_policy(conn)
    payload = row["payload"]
    two_people = SYSTEM.person_id != row["proposed_by"] and row["loosening"]
    agreement = row["id"] if two_people else payload["agreement"] or row["id"]
    return AgreedLists(
        str(payload["generation"]),
        str(payload["config"]),
        row["id"],
        agreement,
        two_people or payload["is_agreed"],
        payload,
    )


def _lists_of_policy(conn: Connection) -> AgreedLists:
    """As it was once: the lists were agreed on with the policy, and lists.yaml was kept nowhere."""
    had = select(proposal.c.id).where(proposal.c.kind == "lists", proposal.c.state == State.SUPERSEDED)
    if conn.execute(had.limit(1)).first():
        says = "the lists in force are gone from the database; see schoolgate changes verify"
        raise ChangeError("refused", says)
    row = _approved(conn, "policy")
    if row is None:
        raise ChangeError("not-established", "no lists are in force yet; schoolgate init brings the first")
    return AgreedLists(str(row["payload"].get("lists", "")), "", row["id"], row["id"], is_agreed=False)


def _approved(conn: Connection, kind: str) -> RowMapping | None:
    """One at most: what was approved before was superseded in the same transaction."""
    asked = select(proposal).where(proposal.c.kind == kind, proposal.c.state == State.APPROVED)
    return conn.execute(asked).mappings().one_or_none()


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
    """Only what was agreed on opens, and of that only what was asked for."""
    payload = row["payload"]
    agreed = payload.get("agreed") or {"sites": payload["sites"], "companions": ()}
    sites = [
        site for name in ("sites", "companions") for site in payload.get(name, ()) if site in agreed[name]
    ]
    return Unblock(
        id=row["id"],
        sites=tuple(parse_site(site) for site in sites),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        classes=frozenset(payload["classes"]),
        filter_groups=frozenset(payload["filter_groups"]),
        people=frozenset(payload["people"]),
        windows=tuple(_window_of(window) for window in payload.get("windows", ())),
    )


def _window_of(edges: Sequence[str]) -> Window:
    starts_at, ends_at = (datetime.fromisoformat(edge) for edge in edges)
    return starts_at, ends_at


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

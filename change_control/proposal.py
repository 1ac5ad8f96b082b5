"""A proposal as callers see it: one shape for policy, lists, unblock and people.

Time ends things here as it does in `decide`: what nobody answered in time is shown as lapsed, and an unblock
that is over as ended, whether or not the clock's own lines (`lapse_due`) have been written yet. An update of
the lists that waits for somebody waits until a newer one comes: it is no person's proposal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, or_, select

from audit_log.tables import proposal
from change_control.desk import SYSTEM
from change_control.errors import ChangeError
from filter_policy.life_cycle import State

# What a row about a person may say without naming them.
ANONYMOUS = frozenset(
    {"role", "filter_groups", "classes", "agreement_signed", "starts_at", "ends_at",
     "suspended_from", "suspended_until"}
)  # fmt: skip
UNSEEN = frozenset({"secrets", "was"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who wants what, why, and what became of it. People are opaque ids; passwords are never in it."""

    id: str
    kind: str
    state: State
    loosening: bool
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    ended_reason: str | None
    payload: Mapping[str, Any] = field(repr=False)
    # Username -> half of an enrolment code; told once, to whoever proposed or approved just now.
    handed: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(self.payload.get("sites", ()))

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.payload.get("classes", ()))

    @property
    def filter_groups(self) -> tuple[str, ...]:
        return tuple(self.payload.get("filter_groups", ()))

    @property
    def people(self) -> tuple[str, ...]:
        """The ids of those an unblock is for."""
        return tuple(self.payload.get("people", ()))

    @property
    def subject(self) -> str:
        return str(self.payload.get("subject", ""))

    @property
    def policy_text(self) -> str | None:
        return self.payload.get("text")

    @property
    def lists(self) -> str | None:
        """The generation of the lists that were in force when a policy was proposed."""
        named = self.payload.get("lists")
        return named if isinstance(named, str) else None

    @property
    def entries(self) -> Mapping[str, Mapping[str, int]]:
        """Of a policy proposal of the time when lists came with the policy: counts by category."""
        return dict(self.payload.get("entries", {}))

    @property
    def config_text(self) -> str | None:
        """Of a lists proposal: lists.yaml."""
        return self.payload.get("config")

    @property
    def generation(self) -> str | None:
        """Of a lists proposal: what it brings into force."""
        return self.payload.get("generation")

    @property
    def changes(self) -> tuple[Mapping[str, Any], ...]:
        """Of a lists proposal, where anything differs: list_id, category, before, after, added, removed, …"""
        return tuple(self.payload.get("changes", ()))

    @property
    def because(self) -> tuple[Mapping[str, Any], ...]:
        """Why an update waits: list_id, category, why, count, before."""
        return tuple(self.payload.get("because", ()))

    @property
    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """Of a people proposal: each person with `id`, `new`, what is `set`, and whether by a `code`."""
        return tuple(self.payload.get("rows", ()))


def state_at(now: datetime, lapse_after_hours: int) -> ColumnElement[str]:
    """The state as of `now`, in SQL, so that lists, filters and decisions agree on it."""
    unanswered = or_(
        proposal.c.proposed_at <= now - timedelta(hours=lapse_after_hours), proposal.c.ends_at <= now
    )
    timed = proposal.c.kind.in_(("unblock", "disclosure"))
    by_a_person = proposal.c.proposed_by != SYSTEM.person_id
    return case(
        (and_(proposal.c.state == State.REQUESTED, by_a_person, unanswered), State.LAPSED.value),
        (and_(timed, proposal.c.state == State.APPROVED, proposal.c.ends_at <= now), State.ENDED.value),
        else_=proposal.c.state,
    )


def load(
    conn: Connection, proposal_id: str, now: datetime, lapse_after_hours: int, *, to_change: bool = False
) -> RowMapping:
    """The row, with `state_now`. Raises ChangeError not-found."""
    asked = select(proposal, state_at(now, lapse_after_hours).label("state_now"))
    asked = asked.where(proposal.c.id == proposal_id)
    row = conn.execute(asked.with_for_update() if to_change else asked).mappings().first()
    if row is None:
        raise ChangeError("not-found", "there is no such proposal")
    return row


def proposal_of(row: Mapping[Any, Any]) -> Proposal:
    """What callers may see of a row that `load` or a query with `state_now` gave."""
    return Proposal(
        id=row["id"],
        kind=row["kind"],
        state=State(row["state_now"]),
        loosening=row["loosening"],
        reason=row["reason"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        decision_reason=row["decision_reason"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        ended_by=row["ended_by"],
        ended_at=row["ended_at"],
        ended_reason=row["ended_reason"],
        payload=without_secrets(row["payload"]),
    )


def without_secrets(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload less the hashes, and less what the register said at that time: for every eye."""
    if "rows" not in payload:
        return {key: value for key, value in payload.items() if key not in UNSEEN}
    rows = [{key: value for key, value in row.items() if key not in UNSEEN} for row in payload["rows"]]
    return {**payload, "rows": rows}


def settled(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept once it is decided: no hashes, and no names either (they are in the register, or gone)."""
    kept = without_secrets(payload)
    for row in kept.get("rows", ()):
        row["set"] = {key: value for key, value in row["set"].items() if key in ANONYMOUS}
    return kept

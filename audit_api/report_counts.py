"""What people did in a month: sites asked for, and browsing read by name. Few lines, so they are read."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection, func, or_, select

from audit_api.months import Month
from audit_log.change_log import Entry, entries
from audit_log.tables import checkpoint, proposal
from filter_policy.life_cycle import State

READING = "filtering-log:read"
TAKING = ("filtering-log:export", "filtering-log:tail")  # by name or not; the line says which
ACCESS = "person:access"  # everything that is kept about somebody, to be handed over
MOST = 20_000  # lines; a month with more is told up to there


@dataclass(frozen=True, slots=True)
class Unblocks:
    asked: int
    agreed: int
    declined: int
    waited_minutes: int | None  # half of the answers took no longer


@dataclass(frozen=True, slots=True)
class Readings:
    """How often browsing was read by name, by the role of who read; and how often rows were taken away."""

    by_role: tuple[tuple[str, int], ...]
    exports: int
    accesses: int = 0  # of those by name

    @property
    def by_name(self) -> int:
        return sum(count for _, count in self.by_role)


def unblocks_of(conn: Connection, month: Month) -> Unblocks:
    columns = proposal.c.proposed_at, proposal.c.decided_at
    asked, decided = ((column >= month.starts_at) & (column < month.ends_at) for column in columns)
    query = select(*columns, proposal.c.state).where(proposal.c.kind == "unblock", or_(asked, decided))
    rows = conn.execute(query).all()
    answered = [row for row in rows if row.decided_at and _is_in(row.decided_at, month)]
    declined = sum(row.state == State.DECLINED for row in answered)
    waits = [(row.decided_at - row.proposed_at).total_seconds() / 60 for row in answered]
    return Unblocks(
        asked=sum(_is_in(row.proposed_at, month) for row in rows),
        agreed=len(answered) - declined,
        declined=declined,
        waited_minutes=round(median(waits)) if waits else None,
    )


def readings_of(conn: Connection, month: Month) -> Readings:
    looks, accesses = _lines(conn, month, READING), _lines(conn, month, ACCESS)
    exports, tails = (_lines(conn, month, event) for event in TAKING)
    taken = [line for line in (*exports, *tails) if line.detail.get("by_name")]
    by_name = Counter(line.role for line in (*looks, *accesses, *taken))
    return Readings(tuple(by_name.most_common()), len(exports), len(accesses))


def _lines(conn: Connection, month: Month, event: str) -> list[Entry]:
    return entries(
        conn,
        event=event,
        since=month.starts_at,
        until=month.ends_at,
        after=_size_before(conn, month.starts_at),
        before=_size_after(conn, month.ends_at),
        limit=MOST,
    )


def _size_before(conn: Connection, at: datetime) -> int:
    """How long the change log was then, as was signed: lines of an earlier time need not be looked at."""
    return conn.scalar(select(func.max(checkpoint.c.size)).where(checkpoint.c.made_at < at)) or 0


def _size_after(conn: Connection, at: datetime) -> int | None:
    size = conn.scalar(select(func.min(checkpoint.c.size)).where(checkpoint.c.made_at >= at))
    return None if size is None else size + 1


def _is_in(at: datetime, month: Month) -> bool:
    return month.starts_at <= at < month.ends_at

"""What people did in a month: sites asked for, and browsing read by name. Few lines, so they are read."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from audit_api.months import Month
from audit_log.change_log import Entry, entries
from audit_log.tables import checkpoint

READING = "filtering-log:read"
TAKING = ("filtering-log:export", "filtering-log:tail")  # by name or not; the line says which
ACCESS = "person:access"  # everything that is kept about somebody, to be handed over
MOST = 20_000  # lines; a month with more is told up to there


@dataclass(frozen=True, slots=True)
class Readings:
    """How often browsing was read by name, by the role of who read; and how often rows were taken away."""

    by_role: tuple[tuple[str, int], ...]
    exports: int
    accesses: int = 0  # of those by name

    @property
    def by_name(self) -> int:
        return sum(count for _, count in self.by_role)


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

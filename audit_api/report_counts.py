"""What people did in a month: sites asked for, and browsing read by name. Few lines, so they are read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from audit_api.months import Month
from audit_log.change_log import Entry, entries_of
from audit_log.tables import checkpoint

READING = "filtering-log:read"
TAKING = ("filtering-log:export", "filtering-log:tail")  # by name or not; the line says which
ACCESS = "person:access"  # everything that is kept about somebody, to be handed over
EVENTS = (READING, *TAKING, ACCESS)


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
    by_name: Counter[str] = Counter()
    events: Counter[str] = Counter()
    for line in _lines(conn, month):
        events[line.event] += 1
        if line.event not in TAKING or line.detail.get("by_name"):
            by_name[line.role] += 1
    return Readings(tuple(by_name.most_common()), events[TAKING[0]], events[ACCESS])


def _lines(conn: Connection, month: Month) -> Iterator[Entry]:
    """Read once, and without what somebody wrote as a reason."""
    after, before = _size_before(conn, month.starts_at), _size_after(conn, month.ends_at)
    for line in entries_of(conn, EVENTS, after, before):
        if month.starts_at <= line.at < month.ends_at:
            yield line


def _size_before(conn: Connection, at: datetime) -> int:
    """How long the change log was then, as was signed: lines of an earlier time need not be looked at."""
    return conn.scalar(select(func.max(checkpoint.c.size)).where(checkpoint.c.made_at < at)) or 0


def _size_after(conn: Connection, at: datetime) -> int | None:
    size = conn.scalar(select(func.min(checkpoint.c.size)).where(checkpoint.c.made_at >= at))
    return None if size is None else size + 1

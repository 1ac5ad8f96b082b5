"""Each hour of the filtering log in the change log: which seals were made, and their Merkle root.

The chain of the seals is signed with the next change; where nobody changes anything, with the next hour. An
hour in which nothing was recorded is stated too, so that nobody can say later that there was none. After an
outage all that is missing is stated, a day's worth at a time; hours of silence in a row are one line.

Not written while nothing can be signed, unlike what only shuts: nobody waits for it, an unsigned line proves
nothing, and it can all be stated once somebody has looked.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice

from sqlalchemy import Connection, text

from audit_log.db import reading
from audit_log.merkle import Frontier
from audit_log.seal import stamp
from audit_log.seal_chain import Seal, parsed
from audit_log.sealed_lines import HOUR, hour_lines, lines_of
from audit_log.streaming import streaming
from change_control.desk import SYSTEM, Desk
from change_control.sealing import change

ONE_HOUR = timedelta(hours=1)
SETTLED = timedelta(minutes=1)  # a batch that was begun in the hour is stored by then
AT_ONCE = 24  # lines in one transaction
SEALS = text("SELECT seq, entry, leaf FROM filtering_seal WHERE seq > :after ORDER BY seq")
WHOLE = "filtering-log"  # what such a line is about
Made = tuple[datetime, Seal, bytes]  # when, and its leaf


@dataclass(frozen=True, slots=True)
class Stated:
    """Up to where the change log tells of the seals."""

    line: int = 0  # its number, 0: none yet
    end: datetime | None = None
    last: int = 0  # seal


class Hour:
    """One line to be, or the silence of several hours."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start = start
        self.end = end
        self.first: int | None = None
        self.last: int | None = None
        self._rows = self._closed = 0
        self._tree = Frontier()

    def add(self, seal: Seal, leaf: bytes) -> None:
        self.first = self.first or seal.seq
        self.last = seal.seq
        self._rows += seal.opened
        self._closed += seal.closed
        self._tree.add(leaf)

    @property
    def detail(self) -> dict[str, object]:
        return {
            "from": stamp(self.start),
            "to": stamp(self.end),
            "first": self.first,
            "last": self.last,
            "rows": self._rows,
            "closed": self._closed,
            "root": self._tree.root().hex(),
        }


class _Quicker(Exception):
    """Somebody else has stated them."""


def state_hours(desk: Desk, now: datetime) -> bool:
    """State what is over and not stated yet; False: there is more. Raises ChangeError while none is signed.

    Raises Fault where a seal or a line of before was changed: `verify` names it.
    """
    with reading(desk.engine) as conn:
        stated = last_stated(conn)
        missing = list(islice(missing_hours(conn, stated, now), AT_ONCE))
    if not missing:
        return True
    with suppress(_Quicker), change(desk, now) as made:
        if any(lines_of(made.conn, HOUR, after=stated.line)):
            raise _Quicker
        for hour in missing:
            made.seal(HOUR, SYSTEM, WHOLE, hour.detail)
    return len(missing) < AT_ONCE


def last_stated(conn: Connection) -> Stated:
    lines = hour_lines(conn)
    if not lines:
        return Stated()
    return Stated(lines[-1].seq, lines[-1].end, max((line.last or 0 for line in lines), default=0))


def missing_hours(conn: Connection, stated: Stated, now: datetime) -> Iterator[Hour]:
    """Oldest first. The first line of all tells of everything so far."""
    over = _hour_of(now - SETTLED)
    seals = _unstated(conn, stated.last, over, now)
    first = next(seals, None)
    start = _start(stated, first[0] if first else None, over, now)
    if start is None or start >= over:
        return
    if stated.end is None:
        yield _filled(Hour(start, over), first, seals)
        return
    yield from _by_hour(start, over, first, seals)


def _start(stated: Stated, first: datetime | None, over: datetime, now: datetime) -> datetime | None:
    if stated.end is None:
        return None if first is None else min(_hour_of(first), over - ONE_HOUR)
    return over - ONE_HOUR if stated.end > now else stated.end  # else: the clock was put back


def _by_hour(start: datetime, over: datetime, first: Made | None, seals: Iterator[Made]) -> Iterator[Hour]:
    waiting = first
    while start < over:
        quiet_until = min(_hour_of(waiting[0]), over) if waiting else over
        if quiet_until > start:
            yield Hour(start, quiet_until)
            start = quiet_until
            continue
        hour = Hour(start, start + ONE_HOUR)
        while waiting is not None and waiting[0] < hour.end:
            hour.add(waiting[1], waiting[2])
            waiting = next(seals, None)
        yield hour
        start = hour.end


def _filled(hour: Hour, first: Made | None, seals: Iterator[Made]) -> Hour:
    for _, seal, leaf in chain([first] if first else [], seals):
        hour.add(seal, leaf)
    return hour


def _unstated(conn: Connection, after: int, over: datetime, now: datetime) -> Iterator[Made]:
    """With the time that each counts for. One of the time to come was made by a clock that was wrong."""
    with streaming(conn, SEALS, {"after": after}) as rows:
        for row in rows:
            seal = parsed(row.entry, row.seq)
            at = datetime.fromisoformat(seal.at)
            if over <= at <= now:
                return
            yield at if at < over else over - ONE_HOUR, seal, bytes(row.leaf)


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

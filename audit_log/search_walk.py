"""From the newest row back: window by window, each along the path on which the fewest rows lie.

How many rows lie on each path is counted in the database itself, up to a few thousand, so that nothing has to
be known beforehand: what is rare is rare where we look. Where a path has none, the window is done. Windows
grow while little is found. On SQLite a window lies in one month's table, and the path's index is named; on
PostgreSQL it lies in the whole log, of which only the days of the window are opened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, TextClause, and_, func, literal, select, text

from audit_log import parts
from audit_log.search_filter import COLUMNS as COL
from audit_log.search_filter import Sought, below, conditions, older_than, stands_alone
from audit_log.search_paths import Path, every_row, host_path, paths_of

STRIDE = 16  # how much further a path is followed than its rows were counted
NARROW = frozenset(("unblock", "reference"))  # with these no hosts are looked up
FETCHING = 10  # what a row costs that must be fetched to be judged, against one that its index judges
SCATTERED = 40  # the same where its neighbours on the path are not its neighbours in the table
IN_ORDER = frozenset(("at", "shown"))
WIDEST = timedelta(days=16)  # on PostgreSQL, where each day of a window has to be opened
NARROWEST = timedelta(seconds=1)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
LAST_CHARACTER = "\U0010ffff"
NEVER = datetime(1, 1, 1, tzinfo=UTC)
Key = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is looked at in one go. None of it changes what is found."""

    sample: int = 2000  # rows of a path that are counted
    few: int = 8  # streams that are read one by one
    hosts: int = 1000  # below one host, to go by
    terms: int = 500  # searches at a time
    first: timedelta = DAY  # the first window, where each day of it has to be opened
    most: int | None = 100_000  # rows looked at for one page; one that must be fetched counts for more


STEADY = Pace()
UNTIRING = Pace(most=None)
COUNTING = Pace(few=64, most=400_000)  # in the order of time or not is one to it


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, [lo, hi), in one table."""

    table: str
    lo: datetime
    hi: datetime

    def newest(self, width: timedelta) -> "Span":
        return Span(self.table, max(self.lo, self.hi - width), self.hi)

    def older(self, hi: datetime) -> "Span":
        return Span(self.table, self.lo, hi)


@dataclass(slots=True)
class Walk:
    """One search, on one connection."""

    conn: Connection
    of: Sought
    names: Sequence[str]
    pace: Pace = STEADY
    stopped_at: datetime | None = None
    _looked: int = 0
    _counting: bool = False
    _step: int = 0  # how many rows of a path are looked at in the next window
    _near: timedelta | None = None  # how wide the last stretch was in which rows were counted
    _all: dict[str, ColumnElement[bool]] = field(init=False)
    _paths: list[Path] = field(init=False)
    _chosen: Select[Any] = field(init=False)
    _hosts: dict[Span, tuple[str, ...] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._all = conditions(self.conn, self.of)
        self._paths = paths_of(self.of)
        self._chosen = select(*(COL[name] for name in self.names))

    def older(self, limit: int, after: Key | None = None) -> list[Row[Any]]:
        """The newest rows that are older than `after`; fewer than `limit` only if there are no more, or if
        too many had to be looked at: then `stopped_at` is how far back that was."""
        self._begin()
        found: list[Row[Any]] = []
        for window, path in self._windows(after):
            if path is not None:
                found += self._read(path, window, limit - len(found), after)
            if len(found) == limit or self._is_enough(window):
                break
        return found

    def _begin(self) -> None:
        self.stopped_at, self._looked, self._step = None, 0, self.pace.sample

    def _is_enough(self, window: Span) -> bool:
        if self.pace.most is None or self._looked < self.pace.most:
            return False
        self.stopped_at = window.lo
        return True

    def _windows(self, after: Key | None) -> Iterator[tuple[Span, Path | None]]:
        """One after the other, newest first, each with the path to take; None where nothing can be."""
        if self.of.whos == ():
            return
        width = None if self._sqlite else self.pace.first
        for span in spans(self.conn, self.of, after):
            left = span
            while left.lo < left.hi:
                path, window = self._best(left if width is None else left.newest(width))
                yield window, path
                left = left.older(window.lo)
                width = self._wider(window, span)

    def count(self, before: datetime | None = None) -> int:
        """Of all that is sought and older; or, where `stopped_at` is set, of those since then."""
        self._begin()
        self._counting, found = True, 0
        for window, path in self._windows(None if before is None else (before, "")):
            if path is not None:
                query = self._from(select(func.count()), path, window).where(path.together, *self._rest(path))
                found += self.conn.scalar(query) or 0
            if self._is_enough(window):
                break
        return found

    def _wider(self, window: Span, span: Span) -> timedelta | None:
        """Four times as wide; SQLite: or the whole table."""
        width = max(NARROWEST, (window.hi - window.lo) * 4)
        if self._sqlite:
            return width if width < span.hi - span.lo else None
        return min(width, WIDEST)

    @property
    def _sqlite(self) -> bool:
        return self.conn.dialect.name == "sqlite"

    def _best(self, window: Span) -> tuple[Path | None, Span]:
        """The path to take, and how far; no path where nothing can be."""
        path, window = self._shortest(self._paths_in(window), window)
        if path is not None and path.index == "terms" and not self._sqlite:
            return self._with_terms(path, window)
        return path, window

    def _with_terms(self, path: Path, window: Span) -> tuple[Path | None, Span]:
        """PostgreSQL judges by an index alone only if nothing else is asked for: so first, when it was."""
        at = COL["at"]
        judged = [condition for name, condition in self._all.items() if name in path.covers]
        query = self._from(select(at), path, window).where(path.together, *judged)
        times = self.conn.scalars(query.order_by(at.desc()).limit(self.pace.terms)).all()
        self._looked += len(times) * FETCHING
        if not times:
            return None, window
        then = at.in_(sorted(set(times)))
        rest = Span(window.table, times[-1], window.hi) if len(times) == self.pace.terms else window
        return Path("at", (then,), then), rest

    def _shortest(self, paths: Sequence[Path], window: Span) -> tuple[Path | None, Span]:
        """The path with the fewest rows, as they lie where the window begins."""
        if len(paths) == 1 and len(paths[0].streams) <= self.pace.few:
            return self._along(paths[0], window)
        near = window if self._near is None else window.newest(self._near * STRIDE)
        while True:
            counts = self._counts(paths, near)
            if near == window and 0 in counts:
                return None, window
            path, least = min(zip(paths, counts, strict=True), key=lambda each: each[1] * self._cost(each[0]))
            if min(counts) < self.pace.sample or near.hi - near.lo <= NARROWEST:
                break
            near = near.newest((near.hi - near.lo) / 4)
        self._near = near.hi - near.lo
        return self._reach(path, least, near, window)

    def _reach(self, path: Path, count: int, near: Span, window: Span) -> tuple[Path | None, Span]:
        """How far to go on a path that has so many rows near the window's beginning."""
        cost = self._cost(path)
        if near == window and count < self.pace.sample:  # so few that they may as well be sorted
            path = replace(path, streams=(path.together,))
        elif len(path.streams) <= self.pace.few:
            return self._along(path, window.newest((near.hi - near.lo) * STRIDE))
        self._looked += count * cost
        return (path if count else None), near

    def _along(self, path: Path, window: Span) -> tuple[Path, Span]:
        """No further than so many rows, unless there is nothing to judge them by."""
        if not (self._left(path) or self._counting):
            return path, window
        cost, most = self._cost(path), self._step
        if self.pace.most is not None:
            most = min(most, max(0, self.pace.most - self._looked) // cost + 1)
        self._step = min(self._step * 4, self.pace.sample * STRIDE)
        for stream in path.streams:
            window, many = self._first_rows(path, stream, window, most // len(path.streams) + 1)
            self._looked += many * cost
        return path, window

    def _first_rows(
        self, path: Path, stream: ColumnElement[bool], window: Span, most: int
    ) -> tuple[Span, int]:
        """How far back so many rows of a stream lie, and how many there are; its index says so."""
        at = COL["at"]
        query = self._from(select(at), path, window).where(stream, *self._needed(path))
        rows = query.order_by(at.desc()).limit(most).subquery()
        many, oldest = self.conn.execute(select(func.count(), func.min(rows.c.at, type_=at.type))).one()
        return (window if many < most else Span(window.table, oldest, window.hi)), many

    def _left(self, path: Path) -> set[str]:
        """What its rows must be judged by. Nearly all of them are requests, and stored long ago."""
        shown = {"shown"} if path.index.startswith("shown") else set()
        return self._all.keys() - path.serves - shown - {"no_request", "upto_seal"}

    def _cost(self, path: Path) -> int:
        """When rows are counted, even those that are seldom missing have to be fetched to be seen."""
        fetched = self._left(path) - path.covers
        if self._counting:
            fetched |= self._all.keys() & {"no_request", "upto_seal"}
        if not fetched:
            return 1
        return FETCHING if path.index in IN_ORDER else SCATTERED

    def _counts(self, paths: Sequence[Path], window: Span) -> list[int]:
        """Of the rows on each path; `sample` means at least so many."""
        asked = []
        for path in paths:
            some = self._from(select(literal(1)), path, window).where(path.together, *self._needed(path))
            asked.append(
                select(func.count()).select_from(some.limit(self.pace.sample).subquery()).scalar_subquery()
            )
        return list(self.conn.execute(select(*asked)).one())

    def _needed(self, path: Path) -> list[ColumnElement[bool]]:
        """What the database must be told to see that it may use the index."""
        return [self._all["shown"]] if path.index.startswith("shown") else []

    def _from(self, query: Select[Any], path: Path, window: Span) -> Select[Any]:
        at = COL["at"]
        return query.select_from(self._table(window, path.index)).where(at >= window.lo, at < window.hi)

    def _table(self, window: Span, index: str) -> TextClause:
        return text(f"{window.table} INDEXED BY {window.table}_{index}" if self._sqlite else window.table)

    def _read(self, path: Path, window: Span, limit: int, after: Key | None) -> list[Row[Any]]:
        if len(path.streams) > self.pace.few:
            return list(self._rows(path, path.together, window, limit, after))
        found: list[Row[Any]] = []
        for stream in path.streams:
            found += self._rows(path, stream, window, limit, after)
            if len(found) >= limit:
                found = sorted(found, key=lambda row: (row.at, row.event_id), reverse=True)[:limit]
                window = Span(window.table, found[-1].at, window.hi)
        return sorted(found, key=lambda row: (row.at, row.event_id), reverse=True)

    def _rows(
        self, path: Path, stream: ColumnElement[bool], window: Span, limit: int, after: Key | None
    ) -> Sequence[Row[Any]]:
        query = self._from(self._chosen, path, window).where(stream, *self._rest(path))
        if after is not None and after[0] < window.hi:
            query = query.where(older_than(*after))
        return self.conn.execute(query.order_by(COL["at"].desc(), COL["event_id"].desc()).limit(limit)).all()

    def _rest(self, path: Path) -> list[ColumnElement[bool]]:
        return [condition for name, condition in self._all.items() if name not in path.serves]

    def _paths_in(self, window: Span) -> list[Path]:
        paths = list(self._paths)
        host = self.of.what.host
        if host is not None and not (stands_alone(host) or any(path.index in NARROW for path in paths)):
            keys = self._hosts_below(host, window)
            if keys is not None:
                paths.append(host_path(self.of, keys, "host"))
        return paths or [every_row(self.of)]

    def _hosts_below(self, host: str, window: Span) -> tuple[str, ...] | None:
        """The keys of those that there are; None: too many to go by."""
        days = _whole_days(window)
        if days not in self._hosts:
            first, end = below(host)
            names = self.conn.execute(self._each_host(first, end, days)).scalars().all()
            self._hosts[days] = tuple(names) if len(names) <= self.pace.hosts else None
        return self._hosts[days]

    def _each_host(self, first: str, end: str, days: Span) -> Select[Any]:
        """Found one after the other: the smallest, and then always the next."""
        path, key = host_path(self.of, (), "host"), COL["host_key"]
        before: ColumnElement[str] = literal(f"{first[:-1]}-{LAST_CHARACTER}")  # smaller than all of them
        if not self._sqlite:
            before = before.collate("C")
        found = select(before.label("key")).cte("found", recursive=True)
        following = select(key).select_from(self._table(days, path.index)).where(key > found.c.key, key < end)
        if not self._sqlite:
            following = following.where(COL["at"] >= days.lo, COL["at"] < days.hi)
        following = following.where(*self._needed(path)).order_by(key).limit(1)
        step = select(following.scalar_subquery()).where(found.c.key.is_not(None))
        found = found.union_all(step)
        there = and_(found.c.key.is_not(None), found.c.key != before)
        return select(found.c.key).where(there).limit(self.pace.hosts + 1)


def spans(conn: Connection, of: Sought, after: Key | None) -> Iterator[Span]:
    """The stretches of time in which rows may be, newest first: a month's table each, or the whole log."""
    ends = [end for end in (of.what.to_at, after and _end_of(after)) if end is not None]
    tables = parts.tables(conn)
    if conn.dialect.name != "sqlite":
        tables = _as_one(conn, tables)
    for part in tables:
        hi = min([_newest(conn, part), *ends])
        lo = max(_midnight(part.first), of.what.from_at or NEVER)
        if lo < hi:
            yield Span(part.name, lo, hi)


def _end_of(key: Key) -> datetime:
    """No longer among what is older. Without an id it is no row, but where a search stopped."""
    at, event_id = key
    return at + TICK if event_id else at


def newest_at(conn: Connection) -> datetime | None:
    """When the newest row is from."""
    for part in parts.tables(conn):
        if (newest := _newest(conn, part)) > NEVER:
            return newest - TICK
    return None


def _as_one(conn: Connection, days: Sequence[parts.PartTable]) -> list[parts.PartTable]:
    """From the first day to the last that has any rows: some are made ahead."""
    for day in days:
        if _newest(conn, day) > NEVER:
            return [parts.PartTable(parts.LOG, days[-1].first, day.end)]
    return []


def _newest(conn: Connection, part: parts.PartTable) -> datetime:
    """Where the newest row of these days ends; NEVER without one."""
    at = COL["at"]
    end = func.max(at, type_=at.type)
    if conn.dialect.name == "sqlite":
        newest = conn.scalar(select(end).select_from(text(part.name)))
    elif part.end - part.first > DAY:
        newest = _midnight(part.end)
    else:
        within = (at >= _midnight(part.first), at < _midnight(part.end))
        newest = conn.scalar(select(end).select_from(text(part.name)).where(*within))
    return NEVER if newest is None else newest + TICK


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _whole_days(window: Span) -> Span:
    """SQLite: the table."""
    if window.table != parts.LOG:
        return Span(window.table, NEVER, NEVER)
    ends = _midnight((window.hi - TICK).date()) + DAY
    return Span(window.table, _midnight(window.lo.date()), ends)

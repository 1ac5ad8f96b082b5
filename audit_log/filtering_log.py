"""Reading the filtering log: newest first, page by page, by whatever a reader may ask for.

A CONNECT that was then decrypted is kept but is no request: it is shown only to who asks for its kind. Rows
that were recorded as somebody else's are told as whose they are (audit_log/corrections.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from audit_log.corrections import Correction, corrected, corrections
from audit_log.db import reading
from audit_log.seal import stamp
from audit_log.search_filter import COLUMNS as COL
from audit_log.search_filter import Filter as Filter
from audit_log.search_filter import Sought, between, conditions, sought
from audit_log.search_walk import COUNTING, UNTIRING, Walk, newest_at
from audit_log.tables import filtering_log, filtering_seal

TAIL = timedelta(minutes=10)
CHUNK = 2000  # rows of a stream in memory at once


class CursorError(ValueError):
    """This is no cursor of ours."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One request, as it was decided and as it ended. `outcome` is None while it is open.

    `person_id` is whose row it is; where a correction says so, `recorded_as` is the id in the log itself.
    """

    event_id: str
    reference: str
    at: datetime
    kind: str
    person_id: str | None
    role: str | None
    filter_groups: tuple[str, ...]
    classes: tuple[str, ...]
    client_address: str | None
    method: str | None
    url: str | None
    host: str | None
    category: str | None
    list_id: str | None
    entry: str | None
    verdict: str
    reason: str
    rule: str | None
    unblock_id: str | None
    policy_revision: str
    search_terms: str | None
    page: bool  # what a person opened; False: a part of a page
    keep: str  # the row of the policy's `record` that says how long
    status: int | None
    bytes_up: int | None
    bytes_down: int | None
    duration_ms: int | None
    outcome: str | None
    recorded_as: str | None = None


NAMES = tuple(field.name for field in fields(LogRow) if field.name != "recorded_as")


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after this one.

    A page can be short and yet not the last: where what is sought is seldom among much, it stops looking at
    `searched_to`, and goes on from there when asked.
    """

    rows: tuple[LogRow, ...]
    next: str | None
    searched_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """Rows that came since; ask for what came after `seal` the next time."""

    rows: tuple[LogRow, ...]
    seal: int


def search(
    conn: Connection, what: Filter | Sought | None = None, limit: int = 100, cursor: str | None = None
) -> Page:
    """Newest first. Raises CursorError. What was `sought` before is as the database knew it then."""
    of = what if isinstance(what, Sought) else sought(conn, what or Filter())
    walk = Walk(conn, of, NAMES)
    rows = [_row(row, of.agreed) for row in walk.older(limit + 1, _read(cursor))]
    if len(rows) > limit:
        return Page(tuple(rows[:limit]), _cursor(rows[limit - 1].at, rows[limit - 1].event_id))
    stopped = walk.stopped_at
    return Page(tuple(rows), None if stopped is None else _cursor(stopped, ""), stopped)


def stream(conn: Connection, what: Filter | None = None) -> Iterator[LogRow]:
    """All of them, newest first; only some are in memory at a time."""
    of, after = sought(conn, what or Filter()), None
    walk = Walk(conn, of, NAMES, UNTIRING)
    while rows := walk.older(CHUNK, after):
        yield from (_row(row, of.agreed) for row in rows)
        after = rows[-1].at, rows[-1].event_id


def count(conn: Connection, what: Filter | None = None) -> int:
    """How many there are. It looks at all of them."""
    of = sought(conn, what or Filter())
    return Walk(conn, of, NAMES, replace(COUNTING, most=None)).count()


def counted(engine: Engine, of: Sought) -> int:
    """The same, some at a time: nobody who writes waits for long."""
    found, before = 0, None
    while True:
        with reading(engine) as conn:
            walk = Walk(conn, of, NAMES, COUNTING)
            found += walk.count(before)
        before = walk.stopped_at
        if before is None:
            return found


def newer(conn: Connection, what: Filter | None, after_seal: int, limit: int = 200) -> Tail:
    """What was stored since, of the last ten minutes of the log, oldest first.

    Whole seals, so that nothing is left out between two calls: with `limit` rows it stops, but after the seal
    that it is in.
    """
    newest = newest_at(conn)
    latest = last_seal(conn)
    if newest is None:
        return Tail((), latest)
    of = sought(conn, what or Filter())
    rows = conn.execute(
        select(COL["opened_in"], *(COL[name] for name in NAMES))
        .select_from(filtering_log)
        .where(*_all(conn, of), COL["at"] >= newest - TAIL, COL["opened_in"] > after_seal)
        .order_by(COL["opened_in"], COL["at"], COL["event_id"])
    ).all()
    if rows:
        latest = max(latest, rows[-1].opened_in)
    if len(rows) > limit:
        latest = rows[limit - 1].opened_in
        rows = [row for row in rows if row.opened_in <= latest]
    return Tail(tuple(_row(row, of.agreed) for row in rows), latest)


def last_seal(conn: Connection) -> int:
    """The number of the newest seal; 0 before there is one."""
    return conn.scalar(select(func.coalesce(func.max(filtering_seal.c.seq), 0))) or 0


def by_event_id(conn: Connection, event_id: str) -> LogRow | None:
    query = select(*(COL[name] for name in NAMES)).select_from(filtering_log)
    row = conn.execute(query.where(COL["event_id"] == event_id)).one_or_none()
    return None if row is None else _row(row, corrections(conn))


def without_people(row: LogRow) -> LogRow:
    """The governor's view: what was asked for and why it was answered so, but not who asked or what page."""
    return replace(
        row,
        person_id=None,
        recorded_as=None,
        client_address=None,
        url=None,
        search_terms=None,
        entry=_host_of(row.entry),
        rule=_host_of(row.rule),
    )


def _host_of(named: str | None) -> str | None:
    """A list's entry, or the school's own, may name a page of a site."""
    return None if named is None else named.partition("/")[0]


def _all(conn: Connection, of: Sought) -> list[Any]:
    return [*conditions(conn, of).values(), *between(of.what.from_at, of.what.to_at)]


def _cursor(at: datetime, event_id: str) -> str:
    """Of the rows before this one."""
    return f"{stamp(at)}~{event_id}"


def _read(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    said, tilde, event_id = cursor.partition("~")
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise CursorError(f"not a cursor: {cursor!r}") from None
    if not tilde or at.tzinfo is None:
        raise CursorError(f"not a cursor: {cursor!r}")
    return at, event_id


def _row(row: Row[Any], agreed: Sequence[Correction]) -> LogRow:
    recorded = LogRow(*(getattr(row, name) for name in NAMES))
    right = corrected(recorded.person_id, recorded.at, recorded.client_address, agreed)
    if right == recorded.person_id:
        return recorded
    return replace(recorded, person_id=right, recorded_as=recorded.person_id)

"""Removing one part of the filtering log whose time is over: what goes, what is held, and what is said of it.

First `weigh`, then the line in the change log, then `remove`: all in one transaction. Nobody else writes to
that table meanwhile, so what was weighed is what goes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    Table,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.sql.visitors import replacement_traverse

from audit_log import parts
from audit_log.corrections import corrections
from audit_log.day_rows import rows_by_id
from audit_log.day_totals import stored_totals, totals_hash
from audit_log.earlier_check import halves_of_earlier
from audit_log.first_seals import EARLIER
from audit_log.holds import holds, rows_held
from audit_log.incident_holds import held_by_cases, holding
from audit_log.purged_parts import held_root, root_of_seals
from audit_log.rollups import CANARY, EVENT
from audit_log.sightings import BLOCK, CIRCUMVENTION, ILLEGAL, KIND_OF_EVENT, ONE_CHANGE
from audit_log.tables import filtering_leaf, filtering_log, filtering_seal, rollup_day, rollup_hour, sighting

LOG = filtering_log.c
LOCK_WAIT = "2s"  # for readers; after that it is tried again in some minutes
SOME = 400
ONE_DAY = timedelta(days=1)
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Part:
    """What goes together: a day of one row of the policy's `record` table; `day` None: all earlier rows."""

    keep: str
    day: date | None

    @property
    def name(self) -> str:
        return EARLIER if self.day is None else f"{self.keep}/{self.day}"


@dataclass(frozen=True, slots=True)
class Weighed:
    rows: int
    kept_back: int
    upto_seal: int
    root: str
    held_root: str
    totals: dict[str, str]  # by day
    seals_kept: frozenset[int]  # those that hold a row that stays
    last_earlier: int  # the last seal of the first format
    incidents_since: date | None

    def detail(self, part: Part, days: int) -> dict[str, object]:
        """For the line in the change log. Of all that is earlier, the totals are told day by day."""
        day = None if part.day is None else str(part.day)
        return {
            "keep": part.keep,
            "day": day,
            "days": days,
            "rows": self.rows,
            "kept_back": self.kept_back,
            "upto_seal": self.upto_seal,
            "root": self.root,
            "held_root": self.held_root,
            "totals_sha256": self.totals if day is None else self.totals[day],
        }


def weigh(
    conn: Connection, part: Part, first_format: int, incidents_since: date | None = None
) -> Weighed | None:
    """None: there is nothing that may go. On PostgreSQL this waits for writers, and not for long.

    `incidents_since`: rows of incidents of this day or later stay; None: all of them.
    """
    days = _days(conn, part)
    tables = _tables(conn, days)
    _lock(conn, tables)
    mine, gone = _conditions(conn, part, days, first_format, incidents_since)
    rows = _count(conn, gone)
    if not rows:
        return None
    upto = conn.scalar(select(func.max(filtering_seal.c.seq))) or 0
    opened, closed, seals = _kept(conn, part, and_(mine, ~_surely(gone)), first_format, upto)
    return Weighed(
        rows,
        len(opened),
        upto,
        root_of_seals(conn, part.name, upto),
        held_root(opened, closed),
        {str(day): totals_hash(stored_totals(conn, day)) for day in days},
        frozenset(seals),
        first_format,
        incidents_since,
    )


def remove(conn: Connection, part: Part, weighed: Weighed) -> None:
    """A table in which nothing else is goes whole."""
    days = [date.fromisoformat(day) for day in weighed.totals]
    _, gone = _conditions(conn, part, days, weighed.last_earlier, weighed.incidents_since)
    for name in _tables(conn, days):
        table = _as_table(name)
        here = _moved(gone, table)
        if conn.execute(select(table.c.event_id).where(~_surely(here)).limit(1)).first() is None:
            parts.drop(conn, name)
        else:
            conn.execute(delete(table).where(here))
    _remove_leaves(conn, part, weighed)


def hold_still(conn: Connection) -> None:
    """What says how long to keep, and what to hold, is not written to until this transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
        conn.execute(
            text(
                "LOCK TABLE change_log, checkpoint, proposal, correction, legal_hold, incident_entry"
                " IN SHARE MODE"
            )
        )


def drop_empty(conn: Connection, before: date) -> int:
    """Tables of days long over in which nothing is. Nothing is removed with them, so nothing is said."""
    dropped = 0
    for each in parts.tables(conn):
        if each.end > before:
            continue
        _lock(conn, [each.name])
        if conn.execute(select(_as_table(each.name).c.event_id).limit(1)).first() is None:
            parts.drop(conn, each.name)
            dropped += 1
    return dropped


def held(conn: Connection, incidents_since: date | None, days: Sequence[date] = ()) -> Condition:
    """Rows that stay though their time is over: under a legal hold, of a sighting, or evidence of an open
    case. `days`: of which rows are asked about; none: of all. Raises Fault.

    A row says itself that it is of a sighting, and that is sealed; the table of sightings is not.
    """
    of_incident = and_(
        LOG.kind != CANARY,
        or_(
            LOG.reason == ILLEGAL,
            and_(
                LOG.kind == EVENT,
                LOG.reason.in_(sorted(KIND_OF_EVENT)),
                func.coalesce(LOG.rule, "") != ONE_CHANGE,
            ),
            and_(LOG.kind != EVENT, LOG.verdict == BLOCK, LOG.category == CIRCUMVENTION),
        ),
    )
    if incidents_since is not None:
        of_incident = and_(of_incident, LOG.at >= _start_of(incidents_since))
    known = corrections(conn)
    return or_(rows_held(holds(conn), known), of_incident, held_by_cases(conn, known, days))


def _surely(condition: Condition) -> Condition:
    """Neither yes nor no is no: a row without a person is not held for somebody."""
    return case((condition, 1), else_=0) == 1


def _conditions(
    conn: Connection, part: Part, days: Sequence[date], first_format: int, incidents_since: date | None
) -> tuple[Condition, Condition]:
    """The rows of this part, and of these the ones that go."""
    if part.day is None:
        mine = and_(LOG.keep == EARLIER, LOG.opened_in <= first_format)
    else:
        mine = and_(LOG.keep == part.keep, LOG.opened_in > first_format)
    if days:
        mine = and_(mine, LOG.at >= _start_of(days[0]), LOG.at < _start_of(days[-1] + ONE_DAY))
    return mine, and_(mine, ~_surely(held(conn, incidents_since, days)))


def _days(conn: Connection, part: Part) -> list[date]:
    if part.day is not None:
        return [part.day]
    day = (
        func.substr(LOG.at, 1, 10)
        if conn.dialect.name == "sqlite"
        else func.to_char(func.timezone("UTC", LOG.at), "YYYY-MM-DD")
    )
    found = conn.scalars(select(day).where(LOG.keep == EARLIER).distinct())
    return sorted(date.fromisoformat(str(each)) for each in found)


def _tables(conn: Connection, days: Iterable[date]) -> list[str]:
    """Those that there are, in an order that is always the same."""
    there = {each.name for each in parts.tables(conn)}
    return sorted({parts.table_for(conn, day) for day in days} & there)


def _lock(conn: Connection, tables: Iterable[str]) -> None:
    """Against writers; SQLite has but one. Raises OperationalError when somebody takes too long."""
    if conn.dialect.name != "postgresql":
        return
    conn.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
    for name in tables:
        conn.execute(text(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"))


def _count(conn: Connection, condition: Condition) -> int:
    return conn.scalar(select(func.count()).select_from(filtering_log).where(condition)) or 0


def _as_table(name: str) -> Table:
    return filtering_log.to_metadata(MetaData(), name=name)


def _moved(condition: Condition, table: Table) -> Condition:
    """The same, of one table of the log."""

    def column(element: Any, **_: object) -> Any:
        return table.c[element.name] if getattr(element, "table", None) is filtering_log else None

    return replacement_traverse(condition, {}, column)


def _kept(
    conn: Connection, part: Part, stays: Condition, first_format: int, upto: int
) -> tuple[list[bytes], list[bytes], set[int]]:
    """The halves of the rows that stay, and the seals that these are in."""
    rows = conn.execute(select(LOG.event_id, LOG.opened_in, LOG.closed_in).where(stays)).all()
    seals = {seq for row in rows for seq in (row.opened_in, row.closed_in) if seq is not None}
    if part.day is None:
        ids = {row.event_id for row in rows}
        return (*halves_of_earlier(conn, first_format, upto, ids), seals)
    opened, closed = [], []
    for some in _some([row.event_id for row in rows]):
        for row in rows_by_id(conn, part.day, some):
            halves = row.halves
            if halves is not None:
                opened.append(halves[0])
                closed += [halves[1]] if row.closed_in is not None else []
    return opened, closed, seals


def _remove_leaves(conn: Connection, part: Part, weighed: Weighed) -> None:
    seal = filtering_seal.c
    of_part = seal.part == part.name if part.day is not None else seal.part.startswith(f"{EARLIER}/")
    query = select(seal.seq).where(of_part, seal.seq <= weighed.upto_seal)
    gone = [seq for seq in conn.scalars(query).all() if seq not in weighed.seals_kept]
    for some in _some(gone):
        conn.execute(delete(filtering_leaf).where(filtering_leaf.c.seq.in_(some)))


def _some[T](things: Sequence[T]) -> Iterator[Sequence[T]]:
    return (things[start : start + SOME] for start in range(0, len(things), SOME))


def remove_sightings(conn: Connection, before: date) -> int:
    """Those of the days before, as far as no legal hold keeps them, and no open case their rows."""
    table = sighting.c
    over = [table.at < _start_of(before)]
    if holding(conn):
        kept = and_(LOG.at < _start_of(before), _surely(held_by_cases(conn, corrections(conn))))
        over.append(table.id.not_in(select(LOG.event_id).where(kept)))
    for each in holds(conn):
        theirs = true() if each.person_id is None else table.person_id == each.person_id
        over.append(~_surely(and_(theirs, table.at >= each.from_at, table.at < each.to_at)))
    return conn.execute(delete(sighting).where(and_(*over))).rowcount


def remove_totals(conn: Connection, before: date) -> tuple[int, int]:
    """How many of hours and of days went."""
    hours = conn.execute(delete(rollup_hour).where(rollup_hour.c.hour < _start_of(before))).rowcount
    return hours, conn.execute(delete(rollup_day).where(rollup_day.c.day < str(before))).rowcount


def _start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)

"""A batch of the journal into SQL: the rows and how far we have read, in one transaction, once each.

Whatever is read twice changes nothing the second time: rows are inserted by event id where there is none,
and a close writes the same values again.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, true
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, ProgrammingError

from audit_log.incidents import COLUMNS as INCIDENT
from audit_log.incidents import incident_values, is_incident
from audit_log.row_seal import next_seal, seal_text
from audit_log.rows import (
    CLOSING,
    OPENING,
    SEALS,
    STILL_OPEN,
    BadRecord,
    Record,
    Values,
    closing_values,
    opening_values,
)
from audit_log.seal import leaf_of
from audit_log.segments import CONTINUED, STARTED, JournalDamage, Segment, read_segment
from audit_log.tables import filtering_log, journal_aside

BATCH = 2000  # lines in one transaction
SOME = 400  # parameters in one question
LOG = filtering_log.c
AT = OPENING.index("at")
NO_OPEN = "closed before it was opened"
# What one odd value raises, in the database or on the way to it; the batch is then stored row by row.
ODD_VALUE = (
    DataError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    OverflowError,
    TypeError,
    ValueError,
)


@dataclass(slots=True)
class Batch:
    """Some lines of one segment, from `start` to `end`."""

    segment: Segment
    start: int
    end: int
    opens: dict[str, Record] = field(default_factory=dict)
    closes: dict[str, Record] = field(default_factory=dict)
    odd: dict[str, Record] = field(default_factory=dict)  # by place: no kind of line we know
    new_process: bool = False  # whatever the gate had open before this, it is not any more
    damaged: int = 0  # bytes


def read_batch(segment: Segment, offset: int) -> Batch:
    """The next lines, up to a full batch, the end, or the first damage (which is stepped over)."""
    batch = Batch(segment, offset, offset)
    try:
        for count, (end, record) in enumerate(read_segment(segment.path, offset), start=1):
            _sort_in(batch, record)
            batch.end = end
            if count == BATCH:
                break
    except JournalDamage as damage:
        batch.damaged = damage.resume - damage.offset
        batch.end = damage.resume
    return batch


def _sort_in(batch: Batch, record: Record) -> None:
    what, event_id = record.get("t"), record.get("id")
    if not isinstance(event_id, str):
        if what == STARTED:
            batch.new_process = True
        elif what != CONTINUED:
            batch.odd[f"{batch.segment.name}:{batch.end}"] = record
        return
    if what in ("open", "whole"):
        batch.opens.setdefault(event_id, record)
    if what in ("close", "whole"):
        batch.closes.setdefault(event_id, record)
    if what not in ("open", "close", "whole"):
        batch.odd[event_id] = record


class Statements:
    """The SQL that is repeated, in the driver's own way of marking parameters."""

    def __init__(self, dialect: str) -> None:
        self.sqlite = dialect == "sqlite"
        mark = "?" if self.sqlite else "%s"
        sets = ", ".join(f"{name} = {mark}" for name in (*CLOSING, "closed_in"))
        self.close = f"UPDATE filtering_log SET {sets} WHERE event_id = {mark} AND closed_in IS NULL"  # noqa: S608  # our own names
        self.interrupt = (
            f"UPDATE filtering_log SET outcome = 'interrupted' WHERE outcome IS NULL AND gate = {mark}"  # noqa: S608  # our own names
        )
        self.insert = _insert("filtering_log", (*OPENING, *CLOSING, *SEALS), mark) + "ON CONFLICT DO NOTHING"
        self.seal = _insert("filtering_seal", ("seq", "entry", "prev", "leaf"), mark)
        self.incident = _insert("incident", INCIDENT, mark) + "ON CONFLICT DO NOTHING"
        self.early = f"SELECT 1 FROM journal_aside WHERE why = {mark} LIMIT 1"  # noqa: S608  # our own names
        self.aside = _insert("journal_aside", ("key", "why", "record"), mark) + "ON CONFLICT DO NOTHING"
        position = ("segment", '"offset"', "torn_bytes", "damaged_bytes")
        self.position = _insert("journal_position", position, mark) + (
            'ON CONFLICT (segment) DO UPDATE SET "offset" = excluded."offset",'
            " torn_bytes = excluded.torn_bytes, damaged_bytes = excluded.damaged_bytes"
        )

    def as_stored(self, values: Values) -> Values:
        """PostgreSQL must be told that our times are UTC."""
        return values if self.sqlite else (*values[:AT], f"{values[AT]}+00", *values[AT + 1 :])


def _insert(table: str, columns: Sequence[str], mark: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))}) "  # noqa: S608  # our own names


class Intake:
    """Stores and seals one batch in one transaction. `careful`: row by row, what is refused is set aside."""

    def __init__(self, conn: Connection, sql: Statements, batch: Batch, *, careful: bool = False) -> None:
        self.conn = conn
        self.sql = sql
        self.batch = batch
        self.careful = careful
        self.closes = batch.closes
        self.refused = 0  # records that cannot be rows
        self.incidents: list[Values] = []

    def store(self, at: datetime) -> int:
        """The number of new rows."""
        if self.batch.new_process:
            interrupt(self.conn, self.sql, self.batch.segment.gate)
        for key, record in self.batch.odd.items():
            self._refuse(key, "no record that we know", record)
        place = seq, _ = next_seal(self.conn)
        self._early_closes()
        closings = self._closings()
        opened = self._open(seq, self._openings(), closings)
        closed = self._close(seq, closings, opened)
        about = [self.sql.as_stored(values) for values in opened.values() if is_incident(values)]
        self.incidents = [incident_values(values) for values in about]
        self._execute(self.sql.incident, self.incidents, 0)
        self._seal(place, at, opened.values(), [(event_id, *values) for event_id, values in closed.items()])
        return len(opened)

    def _seal(
        self, place: tuple[int, bytes], at: datetime, opened: Collection[Values], closed: Collection[Values]
    ) -> None:
        if opened or closed:
            seq, prev = place
            entry = seal_text(seq, at, opened=opened, closed=closed)
            self.conn.exec_driver_sql(self.sql.seal, (seq, entry, prev, leaf_of(prev, entry)))

    def _openings(self) -> dict[str, Values]:
        values = {}
        for event_id, record in self.batch.opens.items():
            try:
                values[event_id] = opening_values(record, self.batch.segment.gate)
            except BadRecord as fault:
                self._refuse(event_id, str(fault), self._both(event_id))
        return values

    def _closings(self) -> dict[str, Values]:
        values = {}
        for event_id, record in self.closes.items():
            try:
                values[event_id] = closing_values(record)
            except BadRecord as fault:
                self._refuse(_close_key(event_id), str(fault), record)
        return values

    def _open(self, seq: int, openings: dict[str, Values], closings: dict[str, Values]) -> dict[str, Values]:
        """Insert what is not there yet, with its closing if that has come; returns what was inserted."""
        stored = {i: self.sql.as_stored(values) for i, values in openings.items()}
        rows = [
            (*values, *closings[i], seq, seq) if i in closings else (*values, *STILL_OPEN, seq, None)
            for i, values in stored.items()
        ]
        if self._execute(self.sql.insert, rows, 0) == len(openings):
            return openings
        return _only(openings, self._sealed_in(LOG.opened_in == seq, list(openings)))

    def _close(self, seq: int, closings: dict[str, Values], opened: dict[str, Values]) -> dict[str, Values]:
        """Close what is open; returns all that was closed in this batch, here or as it was inserted."""
        late = {event_id: values for event_id, values in closings.items() if event_id not in opened}
        rows = [(*values, seq, event_id) for event_id, values in late.items()]
        if self._execute(self.sql.close, rows, -1) == len(late):
            return closings
        for event_id in late.keys() - self._sealed_in(true(), list(late)):
            self._set_aside(_close_key(event_id), NO_OPEN, self.closes[event_id])
        return _only(closings, self._sealed_in(LOG.closed_in == seq, list(closings)))

    def _sealed_in(self, condition: ColumnElement[bool], ids: Sequence[str]) -> set[str]:
        """Those of these events that have a row, and of which this is true."""
        found: set[str] = set()
        for some in _some(ids):
            found.update(self.conn.scalars(select(LOG.event_id).where(LOG.event_id.in_(some), condition)))
        return found

    def _early_closes(self) -> None:
        """Take back the closes that were set aside because these opens had not come yet."""
        table = journal_aside.c
        if self.conn.exec_driver_sql(self.sql.early, (NO_OPEN,)).one_or_none() is None:
            return
        for some in _some(list(self.batch.opens)):
            theirs = table.key.in_([_close_key(event_id) for event_id in some]) & (table.why == NO_OPEN)
            records = [json.loads(kept) for kept in self.conn.scalars(select(table.record).where(theirs))]
            self.closes = {record["id"]: record for record in records} | self.closes
            self.conn.execute(delete(journal_aside).where(theirs))

    def _execute(self, sql: str, rows: list[Values], key: int) -> int:
        """How many rows it touched. When careful, a row that the database refuses is set aside alone."""
        if not rows:
            return 0
        if not self.careful:
            return self.conn.exec_driver_sql(sql, rows).rowcount
        touched = 0
        for row in rows:
            try:
                with self.conn.begin_nested():
                    touched += self.conn.exec_driver_sql(sql, row).rowcount
            except ODD_VALUE as fault:
                why = f"the database refuses it: {type(fault).__name__}"
                self._refuse(str(row[key]), why, self._both(row[key]))
        return touched

    def _both(self, event_id: str) -> Record:
        return {"open": self.batch.opens.get(event_id), "close": self.closes.get(event_id)}

    def _refuse(self, key: str, why: str, record: Record) -> None:
        self.refused += 1
        self._set_aside(key, why, record)

    def _set_aside(self, key: str, why: str, record: Record) -> None:
        """Keep it whole: as ASCII JSON it can be kept whatever is in it."""
        self.conn.exec_driver_sql(self.sql.aside, (_plain(key, 160), _plain(why, 200), json.dumps(record)))


def interrupt(conn: Connection, sql: Statements, gate: str) -> int:
    """What this gate had open stays unfinished: its process is gone. Returns how many."""
    return conn.exec_driver_sql(sql.interrupt, (gate,)).rowcount


def _close_key(event_id: str) -> str:
    return _plain(f"{event_id}:close", 160)


def _plain(said: str, longest: int) -> str:
    return said.encode("ascii", "backslashreplace").decode().replace("\0", "\\0")[:longest]


def _only(values: dict[str, Values], ids: set[str]) -> dict[str, Values]:
    return {event_id: values[event_id] for event_id in values.keys() & ids}


def _some(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + SOME] for start in range(0, len(ids), SOME))

"""A batch of the journal into SQL: rows, seals, totals and how far we have read, in one transaction, once.

Whatever is read twice changes nothing the second time. The quick way believes what the recorder remembers and
stores all at once; where the database finds anything odd, the transaction is undone and the batch is stored
again the careful way: SQL is asked what is there, and each row goes in alone, so that one that is refused is
set aside and holds nobody up.
"""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, delete, select

from audit_log.intake_batch import ANOTHER, Batch
from audit_log.intake_known import CLOSE, Known, Opened, in_some, look_up, opened_from
from audit_log.intake_known import NO_OPEN as NO_OPEN
from audit_log.intake_seals import Seals
from audit_log.intake_store import ODD_VALUE, Statements, Store, execute
from audit_log.rollups import Totals, counted_as, counts_at_once
from audit_log.rows import (
    AT,
    EVENT_ID,
    HOST,
    STILL_OPEN,
    BadRecord,
    Record,
    Values,
    closing_values,
    host_key,
    opening_values,
    part_of,
    who_key,
)
from audit_log.sightings import alike, is_sighting, sighting_values
from audit_log.tables import journal_aside


class Surprise(ValueError):
    """What is there is not what we remember."""


class Intake:
    """Stores and seals one batch in one transaction. `known` is to be thrown away if that fails."""

    def __init__(
        self, conn: Connection, store: Store, known: Known, batch: Batch, *, careful: bool = False
    ) -> None:
        self.conn = conn
        self.store_ = store
        self.sql = Statements(store.mark)
        self.known = known
        self.batch = batch
        self.careful = careful
        self.opens: dict[str, Record] = {}
        self.closes = batch.closes()
        self.refused = 0  # records that cannot be rows
        self.sightings: list[Values] = []
        self.alike: list[tuple[object, ...]] = []  # of each sighting
        self._seals: Seals
        self._totals = Totals()

    def store(self, at: datetime) -> int:
        """The number of new rows."""
        self.store_.prepare(self.conn)
        for gate in self.batch.gates_begun:
            interrupt(self.conn, self.store_, self.known, self.known.of_gate(gate))
        for key, why, record in self.batch.odd():
            self._refuse(key, why, record)
        self._seals = Seals(self.conn)
        openings = self._openings()
        self._early_closes()
        closings = self._closings()
        openings = self._new(openings)
        late = {event_id: values for event_id, values in closings.items() if event_id not in openings}
        opened = self._open_each(openings, closings) if self.careful else self._open(openings, closings)
        waiting = self._waiting(late)
        if self.careful:
            self._close_each(late, waiting)
        else:
            self._close(late, waiting)
        self._store_sightings(opened)
        self.store_.count(self.conn, self._totals)
        self._seals.write(self.conn, self.sql, at, self.batch.ranges)
        places = [(each.segment, each.offset, each.torn, each.damaged) for each in self.batch.places]
        execute(self.conn, self.sql.position, places)
        return len(opened)

    # What came.

    def _openings(self) -> dict[str, Values]:
        values: dict[str, Values] = {}
        for event_id, gate, record in self.batch.opens():
            if event_id in self.opens:
                self._refuse(f"{event_id}:{gate}", ANOTHER, record)
                continue
            self.opens[event_id] = record
            try:
                values[event_id] = checked(opening_values(record, gate))
            except BadRecord as fault:
                self._refuse(event_id, str(fault), self._both(event_id))
                self.closes.pop(event_id, None)
        return values

    def _early_closes(self) -> None:
        """Take back the closes that were set aside because these opens had not come yet."""
        ids = [event_id for event_id in self.opens if event_id in self.known.early]
        table = journal_aside.c
        for some in in_some(ids):
            theirs = table.key.in_([_close_key(event_id) for event_id in some]) & (table.why == NO_OPEN)
            records = [json.loads(kept) for kept in self.conn.scalars(select(table.record).where(theirs))]
            self.closes = {record["id"]: record for record in records} | self.closes
            self.conn.execute(delete(journal_aside).where(theirs))
        self.known.early.difference_update(ids)

    def _closings(self) -> dict[str, Values]:
        values = {}
        for event_id, record in self.closes.items():
            try:
                if event_id not in self.opens and not EVENT_ID.fullmatch(event_id):
                    raise BadRecord(f"not an event id: {event_id!r}")
                values[event_id] = closing_values(record)
            except BadRecord as fault:
                self._refuse(_close_key(event_id), str(fault), record)
        return values

    def _new(self, openings: dict[str, Values]) -> dict[str, Values]:
        """Those that are not there yet, as far as we know."""
        there = look_up(self.conn, openings).keys() if self.careful else self.known.open.keys() & openings
        return {i: values for i, values in openings.items() if i not in there} if there else openings

    def _waiting(self, late: dict[str, Values]) -> dict[str, Opened]:
        """Of what closes now, the rows that are there and not closed. What has no row waits for it."""
        known = self.known.open
        ask = list(late) if self.careful else [event_id for event_id in late if event_id not in known]
        waiting = {} if self.careful else {i: known[i] for i in late if i in known}
        if ask:
            found = look_up(self.conn, ask)
            waiting |= {event_id: opened for event_id, opened in found.items() if opened is not None}
            for event_id in ask:
                if event_id not in found:
                    self.known.early.add(event_id)
                    self._set_aside(_close_key(event_id), NO_OPEN, self.closes[event_id])
        return waiting

    # All at once.

    def _open(self, openings: dict[str, Values], closings: dict[str, Values]) -> dict[str, Values]:
        """Insert the new rows, with their closing if that has come."""
        who = self.known.who.ids(self.conn, {who_key(values) for values in openings.values()})
        rows: dict[str, list[Values]] = {}
        tables: dict[str, list[Values]] = {}
        for event_id, values in openings.items():
            day = values[AT][:10]
            if (table := tables.get(day)) is None:
                name = self.known.table(self.conn, day)
                table = tables[day] = rows.setdefault(name, [])
            closing = closings.get(event_id)
            table.append(self._row(values, who[who_key(values)], closing))
            self._opened(values, closing)
        for name, some in rows.items():
            self.store_.insert(self.conn, name, some)
        return openings

    def _row(self, values: Values, who: int, closing: Values | None) -> Values:
        """In the order of the table."""
        seq = self._seals.number(part_of(values))
        stored = (*values[:AT], self.store_.as_stored(values[AT]), *values[AT + 1 :])
        derived = (host_key(values[HOST]), who)
        if closing is None:
            return (*stored, *derived, *STILL_OPEN, seq, None)
        return (*stored, *derived, *closing, seq, seq)

    def _opened(self, values: Values, closing: Values | None) -> None:
        """It is stored, or will be with all the others: seal it, count it, remember it."""
        part = part_of(values)
        self._seals.opened(part, values)
        if counts_at_once(values):
            self._totals.add(counted_as(values))
        if closing is None:
            self.known.open[values[0]] = opened_from(values)
        else:
            self._closed(values[0], closing, opened_from(values))

    def _close(self, late: dict[str, Values], waiting: dict[str, Opened]) -> None:
        rows: dict[str, list[Values]] = {}
        for event_id, opened in waiting.items():
            table = self.known.table(self.conn, opened.at)
            rows.setdefault(table, []).append(self._closing_row(event_id, late[event_id], opened))
            self._closed(event_id, late[event_id], opened)
        for name, some in rows.items():
            if self.store_.close(self.conn, name, some) != len(some):
                raise Surprise(f"not all of these rows are open in {name}")

    def _closing_row(self, event_id: str, values: Values, opened: Opened) -> Values:
        return (*values, self._seals.number(opened.part), event_id, self.store_.as_stored(opened.at))

    def _closed(self, event_id: str, values: Values, opened: Opened) -> None:
        """Its closing is stored, or will be."""
        self._seals.closed(opened.part, event_id, values)
        decrypted = values[0]
        if opened.counted is not None and not decrypted:
            self._totals.add(opened.counted)
        self.known.open.pop(event_id, None)

    # One by one.

    def _open_each(self, openings: dict[str, Values], closings: dict[str, Values]) -> dict[str, Values]:
        stored = {}
        for event_id, values in openings.items():
            closing = closings.get(event_id)
            why = _refused(partial(self._insert_one, values, closing))
            if why and closing is not None and not _refused(partial(self._insert_one, values, None)):
                # It is the closing that is refused: how something ended never costs that it was asked for.
                self._refuse(_close_key(event_id), why, self.closes[event_id])
                why, closing = None, None
            if why:
                self._refuse(event_id, why, self._both(event_id))
                continue
            self._opened(values, closing)
            stored[event_id] = values
        return stored

    def _insert_one(self, values: Values, closing: Values | None) -> None:
        with self.conn.begin_nested():  # of their own, so that they stay if the row is refused
            table = self.known.table(self.conn, values[AT])
            who = self.known.who.ids(self.conn, {who_key(values)})[who_key(values)]
        with self.conn.begin_nested():
            execute(self.conn, self.sql.row(table), [self._row(values, who, closing)])

    def _close_each(self, late: dict[str, Values], waiting: dict[str, Opened]) -> None:
        for event_id, opened in waiting.items():
            row = self._closing_row(event_id, late[event_id], opened)
            if why := _refused(partial(self._close_one, row, opened)):
                self._refuse(event_id, why, self._both(event_id))
            else:
                self._closed(event_id, late[event_id], opened)

    def _close_one(self, row: Values, opened: Opened) -> None:
        with self.conn.begin_nested():
            table = self.known.table(self.conn, opened.at)
            if execute(self.conn, f"UPDATE {table} {self.sql.close}", [row]) != 1:
                raise Surprise("the row is not open")

    # The rest.

    def _store_sightings(self, opened: dict[str, Values]) -> None:
        about = [values for values in opened.values() if is_sighting(values)]
        stored = [(*v[:AT], self.store_.as_stored(v[AT]), *v[AT + 1 :]) for v in about]
        self.sightings = [sighting_values(values) for values in stored]
        self.alike = [alike(values) for values in about]
        execute(self.conn, self.sql.sighting, self.sightings)
        execute(self.conn, self.sql.waiting, [values[:1] for values in self.sightings])

    def _both(self, event_id: str) -> Record:
        return {"open": self.opens.get(event_id), "close": self.closes.get(event_id)}

    def _refuse(self, key: str, why: str, record: Record) -> None:
        self.refused += 1
        self._set_aside(key, why, record)

    def _set_aside(self, key: str, why: str, record: Record) -> None:
        """Keep it whole: as ASCII JSON it can be kept whatever is in it."""
        row = (_plain(key, 160), _plain(why, 200), json.dumps(record))
        execute(self.conn, self.sql.aside, [row])


def interrupt(conn: Connection, store: Store, known: Known, ids: Collection[str]) -> int:
    """These stay unfinished: the process that had them open is gone. Returns how many."""
    rows: dict[str, list[Values]] = {}
    for event_id in sorted(ids):
        at = known.open.pop(event_id).at
        rows.setdefault(known.table(conn, at), []).append((event_id, store.as_stored(at)))
    sql = Statements(store.mark).interrupt
    return sum(execute(conn, f"UPDATE {table} {sql}", some) for table, some in rows.items())


def _refused(store: Callable[[], None]) -> str | None:
    """Why the database does not take it; None where it does."""
    try:
        store()
    except ODD_VALUE as fault:
        return f"the database refuses it: {type(fault).__name__}"
    return None


def checked(values: Values) -> Values:
    try:
        at = datetime.fromisoformat(values[AT])
    except ValueError as fault:
        raise BadRecord(f"not a time: {values[AT]!r}") from fault
    if at.isoformat(" ", "microseconds") != values[AT]:
        raise BadRecord(f"not a time: {values[AT]!r}")
    return values


def _close_key(event_id: str) -> str:
    return _plain(f"{event_id}{CLOSE}", 160)


def _plain(said: str, longest: int) -> str:
    return said.encode("ascii", "backslashreplace").decode().replace("\0", "\\0")[:longest]

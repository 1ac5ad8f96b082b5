"""The SQL that the recorder repeats, in each driver's own way of saying it.

Plain statements and plain tuples, since this is done for every request. All of them raise on anything odd and
then leave it to their caller to undo the transaction; `ODD_VALUE` is what one odd value raises.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, ProgrammingError

from audit_log.rollups import Totals
from audit_log.rows import CLOSING, DERIVED, OPENING, SEALS, Values
from audit_log.sightings import COLUMNS as SIGHTING

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
ROW = (*OPENING, *DERIVED, *CLOSING, *SEALS)
CLOSED = (*CLOSING, "closed_in", "event_id", "at")  # what closes a row: its new values, and which row


class Store(Protocol):
    """One kind of database."""

    mark: str  # for a parameter

    def as_stored(self, at: str) -> str: ...

    def ahead(self, today: date) -> list[date]:
        """Days for which there should be a table before their first row comes."""

    def prepare(self, conn: Connection) -> None:
        """At the beginning of each transaction."""

    def insert(self, conn: Connection, table: str, rows: Sequence[Values]) -> None:
        """New rows, in the order of ROW."""

    def close(self, conn: Connection, table: str, rows: Sequence[Values]) -> int:
        """The closing of rows that have none, in the order of CLOSED. Returns how many that were."""

    def count(self, conn: Connection, totals: Totals) -> None: ...


def store_for(engine: Engine) -> Store:
    if engine.dialect.name == "sqlite":
        from audit_log.intake_sqlite import SqliteStore

        return SqliteStore()
    from audit_log.intake_postgresql import PostgresqlStore

    return PostgresqlStore()


class Statements:
    """Those that are the same in both but for the mark of a parameter."""

    def __init__(self, mark: str) -> None:
        sets = ", ".join(f"{name} = {mark}" for name in (*CLOSING, "closed_in"))
        self.mark = mark
        self.close = f"SET {sets} WHERE event_id = {mark} AND at = {mark} AND closed_in IS NULL"
        self.interrupt = (
            f"SET outcome = 'interrupted' WHERE event_id = {mark} AND at = {mark} AND outcome IS NULL"
        )
        self.sighting = f"{self.inserts('sighting', SIGHTING)} ON CONFLICT DO NOTHING"
        self.waiting = f"{self.inserts('sighting_waiting', ('id',))} ON CONFLICT DO NOTHING"
        self.seal = self.inserts("filtering_seal", ("seq", "entry", "prev", "leaf", "part"))
        self.leaf = self.inserts("filtering_leaf", ("seq", "opened", "closed"))
        self.aside = f"{self.inserts('journal_aside', ('key', 'why', 'record'))} ON CONFLICT DO NOTHING"
        position = ("segment", '"offset"', "torn_bytes", "damaged_bytes")
        self.position = self.inserts("journal_position", position) + (
            ' ON CONFLICT (segment) DO UPDATE SET "offset" = excluded."offset",'
            " torn_bytes = excluded.torn_bytes, damaged_bytes = excluded.damaged_bytes"
        )

    def inserts(self, table: str, columns: Iterable[str]) -> str:
        names = list(columns)
        marks = ", ".join([self.mark] * len(names))
        return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  # our own names

    def row(self, table: str) -> str:
        return self.inserts(table, ROW)


def execute(conn: Connection, sql: str, rows: Sequence[Values]) -> int:
    """How many rows it touched."""
    done: Any = conn.exec_driver_sql(sql, list(rows)) if rows else None
    return done.rowcount if rows else 0

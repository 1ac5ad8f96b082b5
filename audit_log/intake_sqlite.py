"""Storing on SQLite: the driver's executemany, which steps one prepared statement through all rows."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Connection

from audit_log.intake_store import Statements, execute
from audit_log.rollups import DAYS, HOURS, Totals, upsert
from audit_log.rows import Values


class SqliteStore:
    mark = "?"

    def __init__(self) -> None:
        self._sql = Statements(self.mark)
        self._hours = upsert("rollup_hour", HOURS, "VALUES (?, ?, ?, ?, ?, ?, ?)")
        self._days = upsert("rollup_day", DAYS, "VALUES (?, ?, ?, ?, ?, ?)")

    def as_stored(self, at: str) -> str:
        return at

    def ahead(self, today: date) -> list[date]:
        return [today, today.replace(day=28) + timedelta(days=4)]  # this month and the next

    def prepare(self, conn: Connection) -> None:
        """Nothing to say."""

    def insert(self, conn: Connection, table: str, rows: Sequence[Values]) -> None:
        execute(conn, self._sql.row(table), rows)

    def close(self, conn: Connection, table: str, rows: Sequence[Values]) -> int:
        return execute(conn, f"UPDATE {table} {self._sql.close}", rows)

    def count(self, conn: Connection, totals: Totals) -> None:
        hours = [(f"{hour}:00:00.000000", *rest) for hour, *rest in totals.hours()]
        execute(conn, self._hours, hours)
        execute(conn, self._days, totals.days())

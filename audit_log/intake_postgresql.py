"""Storing on PostgreSQL: COPY into the day's own table, and each other kind of change in one statement.

A table of the day grows all day long, and the planner knows of it late: it is told to go by the index.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from audit_log.intake_store import CLOSED, ROW
from audit_log.rollups import COUNTS, DAYS, HOURS, Totals, named, upsert
from audit_log.rows import Values

# And not to compile what it takes for expensive since it was told so.
BY_INDEX = "SELECT " + ", ".join(
    f"set_config('{way}', 'off', true)"
    for way in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit")
)
AHEAD = 4  # days
CLOSING_TYPES = (
    "decrypted boolean, status integer, bytes_up bigint, bytes_down bigint, duration_ms integer,"
    " outcome text, closed_in integer, event_id text, at timestamptz"
)
HOUR_TYPES = (
    "hour timestamptz, filter_groups text, category text, verdict text, list_id text,"
    " requests bigint, pages bigint"
)
DAY_TYPES = "day text, site text, filter_groups text, verdict text, requests bigint, pages bigint"


class PostgresqlStore:
    mark = "%s"

    def __init__(self) -> None:
        sets = ", ".join(f"{name} = c.{name}" for name in CLOSED[:-2])
        self._close = (
            f"SET {sets} FROM json_to_recordset(%s::json) AS c({CLOSING_TYPES})"
            " WHERE l.event_id = c.event_id AND l.at = c.at AND l.closed_in IS NULL"
        )
        self._hours = upsert("rollup_hour", HOURS, _from_json((*HOURS, *COUNTS), HOUR_TYPES))
        self._days = upsert("rollup_day", DAYS, _from_json((*DAYS, *COUNTS), DAY_TYPES))

    def as_stored(self, at: str) -> str:
        """Told that it is UTC."""
        return f"{at}+00"

    def ahead(self, today: date) -> list[date]:
        return [today + timedelta(days=days) for days in range(AHEAD)]

    def prepare(self, conn: Connection) -> None:
        conn.exec_driver_sql(BY_INDEX)

    def insert(self, conn: Connection, table: str, rows: Sequence[Values]) -> None:
        sql = f"COPY {table} ({', '.join(ROW)}) FROM STDIN"
        with _as_sqlalchemy_says(conn, sql), _cursor(conn) as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)

    def close(self, conn: Connection, table: str, rows: Sequence[Values]) -> int:
        said = json.dumps(named(CLOSED, rows))
        return conn.exec_driver_sql(f"UPDATE {table} AS l {self._close}", (said,)).rowcount

    def count(self, conn: Connection, totals: Totals) -> None:
        hours = [(f"{hour}:00+00", *rest) for hour, *rest in totals.hours()]
        if hours:
            conn.exec_driver_sql(self._hours, (json.dumps(named((*HOURS, *COUNTS), hours)),))
            conn.exec_driver_sql(self._days, (json.dumps(named((*DAYS, *COUNTS), totals.days())),))


def _from_json(names: Sequence[str], types: str) -> str:
    return f"SELECT {', '.join(names)} FROM json_to_recordset(%s::json) AS t({types})"  # noqa: S608  # our own names


@contextmanager
def _cursor(conn: Connection) -> Iterator[psycopg.Cursor[Any]]:
    driver: Any = conn.connection.driver_connection
    with driver.cursor() as cursor:
        yield cursor


@contextmanager
def _as_sqlalchemy_says(conn: Connection, sql: str) -> Iterator[None]:
    """What the driver raises, as everybody else here knows it."""
    try:
        yield
    except psycopg.Error as fault:
        said: Any = DBAPIError.instance(
            sql, None, fault, psycopg.Error, hide_parameters=True, dialect=conn.dialect
        )
        raise said from fault

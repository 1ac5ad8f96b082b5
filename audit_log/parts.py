"""Where rows lie: a partition for each day on PostgreSQL, a table for each month on SQLite (all UTC).

The filtering log is read by its one name. Who writes asks here for the table of a row's day, and makes it
before the first row of that day comes. A table that nothing is left in is dropped whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.elements import quoted_name

from audit_log.tables import filtering_log

LOG = filtering_log.name
MONTH, DAY = f"{LOG}_%Y_%m", f"{LOG}_%Y%m%d"


@dataclass(frozen=True, slots=True)
class PartTable:
    """One table of the log, with the days it is for: `[first, end)`."""

    name: str
    first: date
    end: date


def table_for(conn: Connection, day: date) -> str:
    """The name of the table that rows of this day (UTC) are in, whether or not it exists."""
    return day.strftime(MONTH if _is_sqlite(conn) else DAY)


def tables(conn: Connection) -> list[PartTable]:
    """Those that exist, newest first."""
    return sorted(_found(conn), key=lambda part: part.first, reverse=True)


def ensure(conn: Connection, days: Iterable[date]) -> None:
    """Make what is missing for these days, in this transaction. Readers are not held up."""
    there = {part.name for part in _found(conn)}
    missing = {table_for(conn, day): day for day in days}
    for name in sorted(missing.keys() - there):
        if _is_sqlite(conn):
            _make_month(conn, name)
        else:
            _make_day(conn, name, missing[name])
    if _is_sqlite(conn) and missing.keys() - there:
        renew_view(conn)


def drop(conn: Connection, name: str) -> None:
    """Take away one table with all that is in it. On PostgreSQL it waits for readers: set a lock_timeout."""
    if name not in {part.name for part in _found(conn)}:
        raise ValueError(f"not a table of the filtering log: {name!r}")
    if _is_sqlite(conn):
        conn.execute(text(f"DROP VIEW IF EXISTS {LOG}"))
    conn.execute(text(f"DROP TABLE {name}"))
    if _is_sqlite(conn):
        renew_view(conn)


def renew_view(conn: Connection) -> None:
    """SQLite: the log is all its months; without any, it is empty."""
    names = ", ".join(column.name for column in filtering_log.columns)
    months = [f"SELECT {names} FROM {part.name}" for part in tables(conn)]
    if not months:
        nothing = ", ".join(f"NULL AS {column.name}" for column in filtering_log.columns)
        months = [f"SELECT {nothing} WHERE 0"]
    conn.execute(text(f"DROP VIEW IF EXISTS {LOG}"))
    conn.execute(text(f"CREATE VIEW {LOG} AS {' UNION ALL '.join(months)}"))


def _is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


def _found(conn: Connection) -> list[PartTable]:
    if _is_sqlite(conn):
        query = f"SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '{LOG}_[0-9]*'"
    else:
        query = f"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{LOG}'::regclass"
    parts = (_part(name, sqlite=_is_sqlite(conn)) for name in conn.execute(text(query)).scalars())
    return [part for part in parts if part is not None]


def _part(name: str, *, sqlite: bool) -> PartTable | None:
    try:
        first = datetime.strptime(name, MONTH if sqlite else DAY).replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return PartTable(name, first, _after(first, sqlite=sqlite))


def _after(first: date, *, sqlite: bool) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) if sqlite else first + timedelta(days=1)


def _make_month(conn: Connection, name: str) -> None:
    copy = filtering_log.to_metadata(MetaData(), name=name)
    conn.execute(CreateTable(copy))
    for index in sorted(copy.indexes, key=lambda index: str(index.name)):
        index.name = quoted_name(str(index.name).replace(LOG, name, 1), quote=None)
        conn.execute(CreateIndex(index))


def _make_day(conn: Connection, name: str, day: date) -> None:
    """Made beside the log and then attached: that takes no lock that a reader or writer would wait for."""
    first, end = (f"{each.isoformat()} 00:00:00+00" for each in (day, day + timedelta(days=1)))
    bounds = f"(at >= '{first}' AND at < '{end}')"
    conn.execute(text(f"CREATE TABLE {name} (LIKE {LOG} INCLUDING DEFAULTS INCLUDING INDEXES)"))
    conn.execute(text(f"ALTER TABLE {name} ADD CONSTRAINT {name}_day CHECK {bounds}"))
    conn.execute(text(f"ALTER TABLE {LOG} ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{end}')"))
    conn.execute(text(f"ALTER TABLE {name} DROP CONSTRAINT {name}_day"))

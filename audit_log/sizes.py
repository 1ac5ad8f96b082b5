"""How large the log is, found at once: millions of rows are never counted one by one.

On SQLite rows are numbered as they come, so the last number less the first is how many there were. On
PostgreSQL the server keeps count of what it stored; the count is late by a second, and an estimate after the
server crashed.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from audit_log.db import reading
from audit_log.parts import tables

SQLITE_ROWS = 20_000_000  # for more, and for larger files, PostgreSQL
SQLITE_BYTES = 15_000_000_000


@dataclass(frozen=True, slots=True)
class Size:
    rows: int  # about
    bytes: int
    outgrown: bool  # larger than this kind of database is good for


def size_of(engine: Engine) -> Size:
    with reading(engine) as conn:
        rows, size = rows_about(conn), database_bytes(conn)
        small = conn.dialect.name == "sqlite"
    return Size(rows, size, small and (rows > SQLITE_ROWS or size > SQLITE_BYTES))


def rows_about(conn: Connection) -> int:
    """Of the filtering log; too many rather than too few where rows were deleted since."""
    if conn.dialect.name != "sqlite":
        return conn.scalar(text(POSTGRESQL_ROWS)) or 0
    return sum(conn.scalar(text(_rows_of(part.name))) or 0 for part in tables(conn))


def database_bytes(conn: Connection) -> int:
    if conn.dialect.name != "sqlite":
        return conn.scalar(text("SELECT pg_database_size(current_database())")) or 0
    pages, size = (conn.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size"))
    return int(pages) * int(size)


POSTGRESQL_ROWS = """
SELECT coalesce(sum(greatest(s.n_live_tup, c.reltuples, 0)), 0)::bigint
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
LEFT JOIN pg_stat_all_tables s ON s.relid = i.inhrelid
WHERE i.inhparent = 'filtering_log'::regclass
"""


def _rows_of(table: str) -> str:
    """Two looks at the ends of the table. (One `max(…) - min(…)` would read all of it.)"""
    return f"SELECT (SELECT max(rowid) FROM {table}) - (SELECT min(rowid) FROM {table}) + 1"  # noqa: S608  # a name of ours

"""Reading a long answer row by row: the database keeps the rest until it is asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable


@contextmanager
def streaming(
    conn: Connection, query: Executable, values: Mapping[str, Any] | None = None, *, at_once: int = 2000
) -> Iterator[CursorResult[Any]]:
    """Closed at the end, whatever happens: PostgreSQL's driver warns of a cursor that is left open."""
    rows = conn.execute(query, dict(values or {}), execution_options={"yield_per": at_once})
    try:
        yield rows
    finally:
        rows.close()

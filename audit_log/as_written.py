"""Reading what may have been tampered with: no byte that somebody put there stops the reader.

SQLite keeps any bytes as text, and its driver refuses a whole row for one that is not UTF-8. Read this way,
such a byte arrives as a lone surrogate: it is in no text that we ever stored, so no seal fits it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection


@contextmanager
def as_written(conn: Connection) -> Iterator[None]:
    """While in here, whatever is in the database can be read. PostgreSQL keeps only what is UTF-8."""
    if conn.dialect.name != "sqlite":
        yield
        return
    driver: Any = conn.connection.driver_connection
    before = driver.text_factory
    driver.text_factory = _decoded
    try:
        yield
    finally:
        driver.text_factory = before


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def encodable(said: str) -> bool:
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: object) -> str:
    """For people to read: always a text that can be sent on."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")

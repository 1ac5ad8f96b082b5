"""The one database: SQLite or PostgreSQL, by URL.

Every transaction says what it is: `writing` (SQLite takes its one write lock at the start, so it never fails
half-way) or `reading` (one consistent view, and the database refuses a write).
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

WAL_IS_SAFE_FROM = (3, 51, 3)  # older libraries can lose a WAL when two connections reset it at once
BUSY_SECONDS = 15
OVERWRITE_SECONDS = 2  # for readers, with writers waiting meanwhile
PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",  # what is removed is overwritten: nobody finds it in the file afterwards
    "cache_size=-16000",  # 16 MB: the log's indexes are large
    "recursive_triggers=ON",  # a row that REPLACE takes away fires its delete trigger
    "trusted_schema=OFF",  # what somebody put into the schema calls nothing but plain SQL
)
MIGRATION_LOCK = 0x5C4001  # PostgreSQL advisory lock: two programs that start together migrate one by one


@dataclass(frozen=True, slots=True)
class SqliteLibrary:
    """Which SQLite we run on; `doctor` shows it."""

    module: ModuleType
    version: tuple[int, ...]

    @property
    def journal_mode(self) -> str:
        return journal_mode_for(self.version)


def journal_mode_for(version: tuple[int, ...]) -> str:
    return "WAL" if version >= WAL_IS_SAFE_FROM else "DELETE"


def sqlite_library() -> SqliteLibrary:
    """The newest SQLite at hand: the wheel that brings its own, else the one Python was built with."""
    candidates: list[ModuleType] = [sqlite3]
    try:
        import pysqlite3

        candidates.append(pysqlite3)
    except ImportError:
        pass
    found = [SqliteLibrary(m, tuple(map(int, m.sqlite_version.split(".")))) for m in candidates]
    return max(found, key=lambda library: library.version)


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…`. Connects to nothing yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        hide_parameters=True,  # an error message shows no row of ours
        connect_args={"connect_timeout": 5},
    )


def _sqlite(url: str) -> Engine:
    library = sqlite_library()
    engine = create_engine(
        url, module=library.module, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own would be deferred
        _set_journal_mode(connection, library)
        keep_its_own_rules(connection)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(f"PRAGMA query_only={int(bool(options.get('reading')))}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")

    return engine


def keep_its_own_rules(connection: Any) -> None:
    """No statement on this connection writes the schema past its rules, where the driver can say so.

    Python's own can; the wheel that brings its own SQLite cannot.
    """
    if hasattr(connection, "setconfig"):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)


def _set_journal_mode(connection: Any, library: SqliteLibrary) -> None:
    """SQLite does not wait by itself while another program that starts is setting it too."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode={library.journal_mode}").close()
        except library.module.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write; committed at the end, undone by any exception."""
    with engine.connect() as connection:
        ours = connection.execution_options(writing=True)
        with ours.begin():
            yield ours


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the database; a write in it fails."""
    with engine.connect() as connection:
        ours = connection.execution_options(reading=True)
        if engine.dialect.name == "postgresql":
            ours = ours.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with ours.begin():
            yield ours


def overwrite_removed(engine: Engine) -> bool:
    """Bring what was removed out of SQLite's WAL as well, which is emptied; the file has been overwritten.

    False where somebody who reads holds it up. PostgreSQL overwrites what is free in its own time.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as conn:
        driver: Any = conn.connection.driver_connection
        driver.execute(f"PRAGMA busy_timeout={OVERWRITE_SECONDS * 1000}").close()
        try:
            cursor = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()[0]
            cursor.close()
        finally:
            driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}").close()
    return not busy


class NewerTablesError(Exception):
    """The tables were made by a newer version of the program."""


def migrate(engine: Engine) -> None:
    """Bring the tables to what this version needs: all of it or nothing, one program at a time. Raises
    NewerTablesError."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            if "Can't locate revision" in str(error):  # what the tables have is none of ours
                raise NewerTablesError from error
            raise

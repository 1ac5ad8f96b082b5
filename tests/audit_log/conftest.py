"""A fresh database for each test, on SQLite and on a real PostgreSQL that the tests start themselves."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, Engine, make_url, text

from audit_log.db import migrate, open_engine
from audit_log.migrations.versions.m0009_more_guards import LEAF
from audit_log.tables import metadata
from tests.postgres import server_url

ACCOUNTS = ("api_token", "second_factor")


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    """The same server for every file that takes this fixture from here."""
    return server_url()


@dataclass(frozen=True, slots=True)
class Server:
    """Makes and drops databases."""

    url: URL
    outside: Engine

    def say(self, statement: str) -> None:
        with self.outside.connect() as conn:
            conn.execute(text(statement))

    @contextmanager
    def database(self, like: str = "template1") -> Iterator[str]:
        name = f"t{uuid4().hex}"
        yield self.made(name, like)
        self.say(f"DROP DATABASE {name} WITH (FORCE)")

    def made(self, name: str, like: str = "template1") -> str:
        """The URL of a new one, a copy of one that nobody is connected to."""
        self.say(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self.url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql(postgresql_url: str) -> Iterator[Server]:
    admin = open_engine(postgresql_url)
    server = Server(make_url(postgresql_url), admin.execution_options(isolation_level="AUTOCOMMIT"))
    server.say("ALTER SYSTEM SET fsync = off")  # these databases live for a second
    server.say("SELECT pg_reload_conf()")
    yield server
    admin.dispose()


@pytest.fixture(scope="session")
def postgresql_with_tables(postgresql: Server) -> Iterator[str]:
    """One database for all tests that find it empty and leave it empty; making one takes far longer."""
    with postgresql.database() as url:
        engine = open_engine(url)
        migrate(engine)
        engine.dispose()
        yield url


@pytest.fixture
def fresh_postgresql_url(postgresql: Server) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@pytest.fixture
def fresh_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'schoolgate.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, of each kind in turn."""
    url: str = request.getfixturevalue(f"fresh_{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A database with our tables in it, of each kind in turn."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture(scope="session")
def empty_log(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes folders with a fresh `log.sqlite` in them: for properties, which need many."""
    template = tmp_path_factory.mktemp("template") / "log.sqlite"
    engine = open_engine(f"sqlite:///{template}")
    migrate(engine)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()

    def make() -> Path:
        folder = tmp_path_factory.mktemp("log")
        shutil.copy(template, folder)
        return folder

    return make


@pytest.fixture
def sqlite_engine(empty_log: Callable[[], Path]) -> Iterator[Engine]:
    """For what is about us and not about the database, or about SQLite alone."""
    engine = open_engine(f"sqlite:///{empty_log() / 'log.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql_engine(postgresql_with_tables: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_with_tables)
    yield engine
    engine.dispose()
    empty_again(postgresql_with_tables)


def empty_again(url: str) -> None:
    """Take all rows away, past the guards, and put the guards back."""
    engine = open_engine(url)
    with engine.connect() as conn, conn.begin():
        guards = conn.execute(
            text("SELECT tgrelid::regclass AS table, tgname FROM pg_trigger WHERE NOT tgisinternal")
        ).all()
        for guard in guards:
            conn.execute(text(f"ALTER TABLE {guard.table} DISABLE TRIGGER {guard.tgname}"))
        conn.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
        for guard in guards:
            conn.execute(text(f"ALTER TABLE {guard.table} ENABLE ALWAYS TRIGGER {guard.tgname}"))
        conn.execute(text("ALTER TABLE change_log DROP CONSTRAINT IF EXISTS change_log_leaf"))
        conn.execute(text(f"ALTER TABLE change_log ADD CONSTRAINT change_log_leaf CHECK ({LEAF})"))
        checks = conn.execute(
            text("SELECT conrelid::regclass AS table, conname FROM pg_constraint WHERE NOT convalidated")
        ).all()
        for check in checks:
            conn.execute(text(f"ALTER TABLE {check.table} VALIDATE CONSTRAINT {check.conname}"))
    engine.dispose()


@pytest.fixture
def without_guards() -> Callable[[Engine], None]:
    """Play the owner of the database, who can drop the triggers."""

    def drop(engine: Engine) -> None:
        with engine.connect() as conn, conn.begin():
            if engine.dialect.name == "sqlite":
                names = (
                    conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
                    .scalars()
                    .all()
                )
                for name in names:
                    conn.execute(text(f"DROP TRIGGER {name}"))
            else:
                for table in ("change_log", "change_text", "checkpoint", "filtering_seal", *ACCOUNTS):
                    conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
                conn.execute(text("ALTER TABLE change_log DROP CONSTRAINT change_log_leaf"))

    return drop

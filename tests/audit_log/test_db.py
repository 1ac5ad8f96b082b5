"""One database by URL: the same tables, transactions that say what they are, migrations without gaps."""

import threading
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, create_engine, insert, inspect, text
from sqlalchemy.exc import DBAPIError

from audit_log.db import journal_mode_for, migrate, open_engine, reading, sqlite_library, writing
from audit_log.tables import metadata


def test_the_migrations_make_the_tables_that_the_code_uses(engine: Engine) -> None:
    with writing(engine) as conn:
        options = {"target_metadata": metadata, "include_object": partial(is_compared, conn.dialect.name)}
        context = MigrationContext.configure(conn, opts=options)

        assert compare_metadata(context, metadata) == []


def is_compared(dialect: str, _object: object, name: str | None, kind: str, *_: object) -> bool:
    """The parts of the filtering log are made by the code itself; on SQLite the log is a view over them."""
    if kind != "table" or name is None:
        return True
    return not (name.startswith("filtering_log_") or (dialect == "sqlite" and name == "filtering_log"))


def test_the_migrations_make_the_checks_that_the_code_names(sqlite_engine: Engine) -> None:
    tables = inspect(sqlite_engine)
    made = {c["name"]: c["sqltext"] for name in metadata.tables for c in tables.get_check_constraints(name)}
    named = {
        str(constraint.name): str(constraint.sqltext)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }

    assert made == named != {}


def test_texts_outlive_the_table_that_they_were_written_to(fresh_url: str) -> None:
    """SQLite makes the table anew for a CHECK: the rows come along, and what guards them."""
    engine = open_engine(fresh_url)
    config = Config()
    config.set_main_option("script_location", "audit_log:migrations")
    config.set_main_option("path_separator", "os")
    with writing(engine) as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0003")
        keep = text("INSERT INTO change_text (seq, field, salt, text) VALUES (1, 'reason', :salt, 'because')")
        conn.execute(keep, {"salt": bytes(range(16))})
        erased = text("INSERT INTO change_text (seq, field, salt, text) VALUES (2, 'reason', :salt, NULL)")
        conn.execute(erased, {"salt": bytes(range(16))})

    migrate(engine)

    with reading(engine) as conn:
        assert conn.execute(text("SELECT * FROM change_text ORDER BY seq")).all() == [
            (1, "reason", bytes(range(16)), "because"),
            (2, "reason", bytes(16), None),  # its salt would let its words be guessed
        ]
    for attack in ("UPDATE change_text SET text = 'x'", "DELETE FROM change_text"):
        with pytest.raises(DBAPIError, match=r"append-only|only be erased"), writing(engine) as conn:
            conn.execute(text(attack))
    engine.dispose()


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)

    with reading(engine) as conn:
        assert conn.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_programs_that_start_together_migrate_one_by_one(fresh_url: str) -> None:
    faults: list[BaseException] = []

    def start() -> None:
        engine = open_engine(fresh_url)
        try:
            migrate(engine)
        except BaseException as fault:  # noqa: BLE001  # a thread's fault would be lost
            faults.append(fault)
        engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []


def test_a_failed_write_leaves_nothing_behind(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as conn:
            conn.execute(text("INSERT INTO journal_aside (key, why, record) VALUES ('a', 'b', 'c')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with reading(engine) as conn:
        assert conn.scalar(text("SELECT count(*) FROM journal_aside")) == 0


def test_a_reader_cannot_write(engine: Engine) -> None:
    with reading(engine) as conn, pytest.raises(DBAPIError, match=r"read-?only"):
        conn.execute(text("INSERT INTO journal_aside (key, why, record) VALUES ('a', 'b', 'c')"))


def test_a_connection_that_read_can_write_afterwards(engine: Engine) -> None:
    with reading(engine) as conn:
        conn.execute(text("SELECT 1"))

    with writing(engine) as conn:
        conn.execute(text("INSERT INTO journal_aside (key, why, record) VALUES ('a', 'b', 'c')"))


def test_a_reader_sees_one_moment_while_another_writes(engine: Engine) -> None:
    count = text("SELECT count(*) FROM journal_aside")
    with reading(engine) as conn:
        before = conn.scalar(count)
        with writing(engine) as other:
            other.execute(text("INSERT INTO journal_aside (key, why, record) VALUES ('a', 'b', 'c')"))

        assert conn.scalar(count) == before


def test_writers_wait_for_one_another_and_none_fails(engine: Engine) -> None:
    def add(number: int) -> None:
        for turn in range(10):
            with writing(engine) as conn:
                conn.execute(text("SELECT count(*) FROM journal_aside"))
                conn.execute(
                    text("INSERT INTO journal_aside (key, why, record) VALUES (:key, '', '')"),
                    {"key": f"{number}-{turn}"},
                )

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with reading(engine) as conn:
        assert conn.scalar(text("SELECT count(*) FROM journal_aside")) == 40


def test_sqlite_is_durable_and_keeps_its_rules(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as conn:
        settings = {
            name: conn.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    expected = sqlite_library().journal_mode.lower()
    assert settings == {"journal_mode": expected, "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15_000}


@pytest.mark.parametrize(
    ("version", "mode"),
    [((3, 40, 1), "DELETE"), ((3, 51, 2), "DELETE"), ((3, 51, 3), "WAL"), ((3, 53, 4), "WAL")],
)
def test_a_sqlite_that_can_lose_a_wal_is_not_given_one(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode_for(version) == mode


def test_opening_an_engine_touches_nothing(tmp_path: Path) -> None:
    file = tmp_path / "not-yet.sqlite"

    open_engine(f"sqlite:///{file}").dispose()

    assert not file.exists()


def test_a_postgresql_url_needs_no_driver_in_it() -> None:
    engine = open_engine("postgresql://somebody@localhost/schoolgate")

    assert engine.url.drivername == create_engine("postgresql+psycopg://").url.drivername


def test_an_error_shows_no_row_of_ours(sqlite_engine: Engine) -> None:
    insert = text("INSERT INTO journal_aside (key, why, record) VALUES (:key, '', NULL)")

    with pytest.raises(DBAPIError) as caught, writing(sqlite_engine) as conn:
        conn.execute(insert, {"key": "https://private.example"})

    assert "private" not in str(caught.value)


def test_proposals_outlive_the_table_that_they_were_written_to(fresh_url: str) -> None:
    """SQLite makes that table anew as well."""
    engine = open_engine(fresh_url)
    config = Config()
    config.set_main_option("script_location", "audit_log:migrations")
    config.set_main_option("path_separator", "os")
    kept = {"id": "c_1", "kind": "unblock", "state": "revoked", "loosening": True, "payload": "{}"}
    said = {"reason": "r", "proposed_by": "p_1", "decided_by": "p_2", "decision_reason": "d"}
    times = dict.fromkeys(
        ("proposed_at", "decided_at", "starts_at", "ends_at", "ended_at"), "2026-11-24 12:00:00"
    )
    row = {**kept, **said, **times, "ended_by": "p_3", "ended_reason": "e"}
    with writing(engine) as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0004")
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        conn.execute(text(f"INSERT INTO proposal ({names}) VALUES ({values})"), row)  # noqa: S608  # our own names

    migrate(engine)

    with reading(engine) as conn:
        found = conn.execute(text("SELECT * FROM proposal")).mappings().one()
    assert {name: found[name] for name in (*said, "id", "state")} == {**said, "id": "c_1", "state": "revoked"}
    assert all(str(found[name]).startswith("2026-11-24 12:00:00") for name in times)
    engine.dispose()


@pytest.mark.parametrize(
    ("proposed_by", "decided_by", "loosening", "kept"),
    [
        ("system", None, True, False),
        ("system", "p_terry", True, False),
        ("p_terry", "p_hedy", True, True),
        ("system", None, False, True),  # within what two people agreed on
        ("system", "p_terry", False, True),
    ],
)
def test_lists_that_loosen_are_not_in_force_without_two_people(
    engine: Engine, proposed_by: str, decided_by: str | None, loosening: bool, kept: bool
) -> None:
    row = {
        "id": "c_1",
        "kind": "lists",
        "state": "approved",
        "loosening": loosening,
        "payload": {},
        "reason": "",
        "proposed_by": proposed_by,
        "proposed_at": datetime(2026, 11, 24, tzinfo=UTC),
        "decided_by": decided_by,
    }
    refused = nullcontext() if kept else pytest.raises(DBAPIError, match="proposal_lists_two_people")
    with refused, writing(engine) as conn:
        conn.execute(insert(metadata.tables["proposal"]).values(row))

"""A database that lost a table, a column or a guard is told from a whole one, whatever its version number."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from audit_log.db import reading
from audit_log.shape import shape_faults
from audit_log.tables import metadata


def faults_of(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return shape_faults(conn)


def said(engine: Engine, *statements: str) -> None:
    with engine.connect() as conn, conn.begin():
        for statement in statements:
            conn.execute(text(statement))


def test_a_database_as_it_was_made_has_no_faults(engine: Engine) -> None:
    assert faults_of(engine) == []


def test_each_guard_that_is_gone_is_named(
    sqlite_engine: Engine, without_guards: Callable[[Engine], None]
) -> None:
    with reading(sqlite_engine) as conn:
        guards = conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
    without_guards(sqlite_engine)

    assert faults_of(sqlite_engine) == [f"the guard {name} is missing" for name in sorted(guards)]
    assert len(guards) >= 30


def test_a_guard_that_postgresql_was_told_to_skip_is_named(
    postgresql_engine: Engine, without_guards: Callable[[Engine], None]
) -> None:
    without_guards(postgresql_engine)

    found = faults_of(postgresql_engine)

    assert "the guard change_log_update is missing, or switched off" in found
    assert "the guard checkpoint_truncate is missing, or switched off" in found
    assert found[-1] == "the check change_log_leaf is missing"


def test_every_guard_of_postgresql_is_known_here(postgresql_engine: Engine) -> None:
    """So that one which is made later is not forgotten in the list."""
    with reading(postgresql_engine) as conn:
        made = conn.scalars(text("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")).one()

    said(postgresql_engine, *(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in sorted(metadata.tables)))

    assert len(faults_of(postgresql_engine)) == made


@pytest.mark.parametrize("table", ["second_factor", "api_token", "review"])
def test_a_table_that_was_dropped_is_named(sqlite_engine: Engine, table: str) -> None:
    said(sqlite_engine, f"DROP TABLE {table}")

    assert faults_of(sqlite_engine)[0] == f"the table {table} is missing"


def test_a_column_that_is_gone_is_named(sqlite_engine: Engine) -> None:
    said(sqlite_engine, "ALTER TABLE enrolment DROP COLUMN used_at")

    assert faults_of(sqlite_engine) == ["the table enrolment has no column used_at"]


def test_a_guard_that_guards_nothing_any_more_is_named(sqlite_engine: Engine) -> None:
    said(
        sqlite_engine,
        "DROP TRIGGER change_log_no_delete",
        "CREATE TRIGGER change_log_no_delete BEFORE DELETE ON change_log BEGIN SELECT 1; END",
        "CREATE TRIGGER quiet AFTER INSERT ON person BEGIN SELECT 1; END",
    )

    assert faults_of(sqlite_engine) == [
        "the guard change_log_no_delete is another than was made",
        "the trigger quiet was never made by Schoolgate",
    ]

"""How large the log is, without counting its rows."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, MetaData, delete, insert, text

from audit_log import sizes
from audit_log.db import migrate, open_engine, reading, writing
from audit_log.parts import ensure, table_for
from audit_log.tables import filtering_log
from tests.audit_log.records import event_id
from tests.builders import NOON

ROW = {
    "reference": "000-001", "kind": "request", "gate": "gate-1", "role": "pupil", "filter_groups": ("a",),
    "classes": (), "verdict": "allow", "reason": "category-allowed", "policy_revision": "r", "page": True,
    "keep": "pupils", "who": 1,
}  # fmt: skip


def add_rows(conn: Connection, numbers: range) -> None:
    """One a second, from NOON and from 40 days before."""
    for days in (0, 40):
        at = NOON - timedelta(days=days)
        ensure(conn, [at.date()])
        table = filtering_log.to_metadata(MetaData(), name=table_for(conn, at.date()))
        rows = [{"event_id": event_id(n), "at": at + timedelta(seconds=n)} | ROW for n in numbers]
        conn.execute(insert(table), rows)
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_stat_force_next_flush()"))  # or within a second, by itself


def test_an_empty_log_has_no_rows_and_a_file(engine: Engine) -> None:
    size = sizes.size_of(engine)

    assert (size.rows, size.outgrown) == (0, False)
    assert size.bytes > 50_000


def test_rows_of_all_parts_are_known_without_counting(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        add_rows(conn, range(100))
    assert sizes.size_of(sqlite_engine).rows == 200

    with writing(sqlite_engine) as conn:
        table = filtering_log.to_metadata(MetaData(), name=table_for(conn, NOON.date()))
        conn.execute(delete(table).where(table.c.event_id < event_id(50)))

    assert sizes.size_of(sqlite_engine).rows == 150


def test_postgresql_says_what_it_stored(fresh_postgresql_url: str) -> None:
    engine = open_engine(fresh_postgresql_url)
    migrate(engine)
    with writing(engine) as conn:
        add_rows(conn, range(100))

    assert sizes.size_of(engine).rows == 200
    engine.dispose()


def test_only_the_ends_of_a_table_are_looked_at(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        add_rows(conn, range(10))
        name = table_for(conn, NOON.date())
        plan = conn.execute(text(f"EXPLAIN QUERY PLAN {sizes._rows_of(name)}")).all()

    assert not [row.detail for row in plan if row.detail.startswith("SCAN filtering_log")]


@pytest.mark.parametrize(("rows", "size"), [("SQLITE_ROWS", 10), ("SQLITE_BYTES", 10)])
def test_sqlite_is_outgrown_by_rows_or_by_bytes(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, rows: str, size: int
) -> None:
    with writing(sqlite_engine) as conn:
        add_rows(conn, range(10))
    monkeypatch.setattr(sizes, rows, size)

    assert sizes.size_of(sqlite_engine).outgrown


def test_postgresql_is_never_too_small(postgresql_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "SQLITE_BYTES", 10)

    assert not sizes.size_of(postgresql_engine).outgrown
    with reading(postgresql_engine) as conn:
        assert sizes.database_bytes(conn) > 10

"""What only PostgreSQL has: COPY into the day's own table, and an update that never reads all of it."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from audit_log.db import reading, writing
from audit_log.intake_known import look_up
from audit_log.intake_postgresql import PostgresqlStore
from audit_log.intake_sqlite import SqliteStore
from audit_log.intake_store import ROW
from audit_log.parts import tables
from audit_log.recorder import Recorder
from audit_log.rollups import COUNTS, DAYS, named
from audit_log.tables import filtering_log
from tests.audit_log.records import a_close, a_live_gate, a_segment, a_whole, add_to, an_open, event_id
from tests.builders import NOON

MANY = 1500


def plan_of(engine: Engine, statement: str, given: str) -> str:
    """As the recorder would have it done."""
    with writing(engine) as conn:
        PostgresqlStore().prepare(conn)
        return "\n".join(conn.exec_driver_sql(f"EXPLAIN {statement}", (given,)).scalars())


@pytest.mark.parametrize("analysed", [False, True])
def test_closing_finds_its_rows_by_index_and_never_reads_the_whole_day(
    postgresql_engine: Engine, tmp_path: Path, analysed: bool
) -> None:
    a_segment(tmp_path, [an_open(n, at=NOON + timedelta(seconds=n)) for n in range(MANY)])
    Recorder(postgresql_engine, tmp_path).run_once()
    if analysed:
        with writing(postgresql_engine) as conn:
            conn.execute(text("ANALYZE filtering_log_20261124"))

    store = PostgresqlStore()
    rows = [{"event_id": event_id(n), "at": f"{NOON + timedelta(seconds=n)}"} for n in range(MANY)]
    plan = plan_of(postgresql_engine, f"UPDATE filtering_log_20261124 AS l {store._close}", json.dumps(rows))
    assert "Seq Scan" not in plan
    assert "Index Scan using filtering_log_20261124" in plan


def test_adding_to_totals_finds_them_by_their_key(postgresql_engine: Engine) -> None:
    rows = named(
        (*DAYS, *COUNTS), [("2026-11-24", f"site{n}.example", "[]", "allow", 1, 1) for n in range(9)]
    )
    plan = plan_of(postgresql_engine, PostgresqlStore()._days, json.dumps(rows))

    assert "Conflict Arbiter Indexes: rollup_day_pkey" in plan


def test_rows_come_by_copy_and_no_row_is_inserted_by_itself(
    postgresql_engine: Engine, tmp_path: Path
) -> None:
    said: list[Any] = []
    event.listen(postgresql_engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    a_segment(tmp_path, [an_open(1), a_close(1), a_whole(2)])

    assert Recorder(postgresql_engine, tmp_path).run_once() == 2
    assert not [each for each in said if each.startswith("INSERT INTO filtering_log")]


def test_a_duplicate_undoes_the_copy_and_the_rest_is_stored_all_the_same(
    postgresql_engine: Engine, tmp_path: Path
) -> None:
    path = a_segment(tmp_path, [an_open(1), a_close(1)], how="continued")
    Recorder(postgresql_engine, tmp_path).run_once()
    add_to(path, an_open(1), an_open(2))

    with capture_logs() as said:
        assert Recorder(postgresql_engine, tmp_path).run_once() == 1
    assert ("batch.again", "IntegrityError") in [(line["event"], line.get("fault")) for line in said]


def test_what_the_driver_raises_in_a_copy_is_known_as_a_fault_of_the_database(
    postgresql_engine: Engine,
) -> None:
    store = PostgresqlStore()
    with pytest.raises(IntegrityError), writing(postgresql_engine) as conn:
        store.insert(conn, "filtering_log", [(None,) * len(ROW)])


def test_tables_are_made_ahead_for_three_days(postgresql_engine: Engine, tmp_path: Path) -> None:
    first = datetime(2031, 5, 6, 23, 30, tzinfo=UTC)
    a_segment(tmp_path, [])
    Recorder(postgresql_engine, tmp_path, clock=lambda: first).run_once()

    with reading(postgresql_engine) as conn:
        days = {part.first for part in tables(conn)}
    assert {date(2031, 5, day) for day in (6, 7, 8, 9)} <= days
    assert date(2031, 5, 10) not in days


def test_this_month_and_the_next_are_made_ahead_on_sqlite() -> None:
    for day in (date(2026, 1, 31), date(2026, 1, 1), date(2026, 12, 31)):
        this, following = SqliteStore().ahead(day)
        assert this == day
        assert (following.year * 12 + following.month) - (day.year * 12 + day.month) == 1


def test_a_table_that_retention_dropped_meanwhile_is_made_anew(
    postgresql_engine: Engine, tmp_path: Path
) -> None:
    long_ago = datetime(2024, 2, 29, 12, tzinfo=UTC)
    recorder = Recorder(postgresql_engine, tmp_path)
    with a_live_gate(tmp_path) as write:
        write(an_open(1, at=long_ago), a_close(1))
        recorder.run_once()
        with writing(postgresql_engine) as conn:
            conn.execute(text("DROP TABLE filtering_log_20240229"))

        write(an_open(2, at=long_ago), a_close(2))
        assert recorder.run_once() == 1


def test_an_event_is_looked_up_in_all_days(postgresql_engine: Engine, tmp_path: Path) -> None:
    a_segment(tmp_path, [an_open(n, at=NOON + timedelta(days=n)) for n in range(3)] + [a_close(1)])
    Recorder(postgresql_engine, tmp_path).run_once()

    with reading(postgresql_engine) as conn:
        found = look_up(conn, [event_id(n) for n in range(5)])
        count = len(conn.execute(select(filtering_log.c.event_id)).all())
    assert (sorted(found), count) == ([event_id(n) for n in range(3)], 3)
    assert found[event_id(1)] is None
    assert found[event_id(2)] is not None

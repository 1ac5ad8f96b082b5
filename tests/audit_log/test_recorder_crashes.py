"""Exactly once, wherever the recorder dies: at any question to SQL, at a commit, or by kill -9 under load."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from sqlalchemy import Engine, func, select

from audit_log.db import open_engine, reading
from audit_log.journal import read_segment
from audit_log.recorder import Recorder
from audit_log.row_verification import verify_rows
from audit_log.segments import segments
from audit_log.tables import filtering_log
from tests.audit_log.conftest import empty_again
from tests.audit_log.journals import (
    Story,
    expected,
    outcomes,
    play,
    stories,
    totals_kept,
    totals_of_rows,
)
from tests.audit_log.records import a_close, a_segment, an_open, event_id

ROOT = Path(__file__).parents[2]


def check_that_each_record_is_one_row(story: Story, url: str, folder: Path) -> None:
    play(story, url, folder)
    engine = open_engine(url)
    found = outcomes(engine)
    with reading(engine) as conn:
        sealed = verify_rows(conn)
    kept, counted = totals_kept(engine), totals_of_rows(engine)
    Recorder(engine, folder).run_once()
    again = outcomes(engine), totals_kept(engine)
    engine.dispose()
    assert found == expected(story.parts)
    assert sealed.whole, sealed.says
    assert kept == counted
    assert again == (found, kept), "a recorder that starts again changes nothing"


@settings(max_examples=60, deadline=None)
@given(story=stories)
def test_each_record_is_one_row_wherever_the_recorder_dies_on_sqlite(
    empty_log: Callable[[], Path], story: Story
) -> None:
    folder = empty_log()
    check_that_each_record_is_one_row(story, f"sqlite:///{folder / 'log.sqlite'}", folder)


@settings(max_examples=15, deadline=None)
@given(story=stories)
def test_each_record_is_one_row_wherever_the_recorder_dies_on_postgresql(
    postgresql_with_tables: str, tmp_path_factory: pytest.TempPathFactory, story: Story
) -> None:
    try:
        folder = tmp_path_factory.mktemp("journal")
        check_that_each_record_is_one_row(story, postgresql_with_tables, folder)
    finally:
        empty_again(postgresql_with_tables)


def stored(engine: Engine) -> int:
    with reading(engine) as conn:
        return conn.scalar(select(func.count()).select_from(filtering_log)) or 0


def wait_for_more(engine: Engine, than: int) -> None:
    deadline = time.monotonic() + 60
    while stored(engine) <= than:
        assert time.monotonic() < deadline, "the recorder stores nothing"
        time.sleep(0.01)


@pytest.mark.torture
def test_kill_9_of_the_recorder_under_load_stores_each_record_once(
    engine: Engine, tmp_path: Path, torture_rounds: int
) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    url = engine.url.render_as_string(hide_password=False)
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.audit_log.journal_writer", str(folder), "5", "honest"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    program = [sys.executable, "-m", "tests.audit_log.recorder_runner", url, str(folder)]
    try:
        for number in range(torture_rounds):
            with subprocess.Popen(program, cwd=ROOT) as recorder:
                try:
                    wait_for_more(engine, than=stored(engine))
                    time.sleep(
                        number % 7 * 0.03
                    )  # it is in the middle of something, each time something else
                finally:
                    recorder.kill()
    finally:
        writer.kill()
        writer.wait()

    Recorder(engine, folder).run_once()
    written = [r["id"] for s in segments(folder) for _, r in read_segment(s.path, 0) if r["t"] == "open"]
    assert sorted(outcomes(engine)) == sorted(written)
    with reading(engine) as conn:
        assert verify_rows(conn).whole


def test_the_crash_test_has_teeth_a_position_that_moves_too_early_loses_records(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    path = a_segment(tmp_path, [an_open(1), a_close(1)])
    with sqlite_engine.begin() as conn:
        place = (path.name, path.stat().st_size, 0, 0)
        conn.exec_driver_sql("INSERT INTO journal_position VALUES (?, ?, ?, ?)", place)
    Recorder(sqlite_engine, tmp_path).run_once()

    assert event_id(1) not in outcomes(sqlite_engine)

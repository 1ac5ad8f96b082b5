"""Exactly once, wherever the recorder dies: at any question to SQL, at a commit, or by kill -9 under load."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select

from audit_log.db import open_engine, reading
from audit_log.journal import read_segment
from audit_log.recorder import Recorder
from audit_log.row_verification import verify_rows
from audit_log.segments import segments
from audit_log.tables import filtering_log
from tests.audit_log.records import Record, a_close, a_segment, a_whole, an_open, event_id

ROOT = Path(__file__).parents[2]
SEGMENTS = 3


class PowerCut(BaseException):
    """Nothing catches it."""


@st.composite
def journals(draw: st.DrawFn) -> list[list[Record]]:
    """Opens, closes and wholes in any order, some twice, some never closed, over some segments."""
    lines: list[Record] = []
    for number in range(draw(st.integers(1, 9))):
        shape = draw(st.sampled_from(["open", "both", "both", "whole", "twice"]))
        if shape == "whole":
            lines += [a_whole(number)]
        else:
            lines += [an_open(number)] * (2 if shape == "twice" else 1)
            lines += [a_close(number)] * {"open": 0, "both": 1, "twice": 2}[shape]
    mixed = draw(st.permutations(lines))
    cuts = sorted(draw(st.lists(st.integers(0, len(mixed)), min_size=SEGMENTS - 1, max_size=SEGMENTS - 1)))
    return [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]


def expected(parts: list[list[Record]]) -> dict[str, str]:
    closed = {record["id"] for part in parts for record in part if record["t"] in ("close", "whole")}
    opened = {record["id"] for part in parts for record in part if record["t"] in ("open", "whole")}
    return {event_id: "done" if event_id in closed else "interrupted" for event_id in opened}


def outcomes(engine: Engine) -> dict[str, Any]:
    with reading(engine) as conn:
        rows = conn.execute(select(filtering_log.c.event_id, filtering_log.c.outcome)).all()
    return {row.event_id: row.outcome for row in rows}


def run_and_die(url: str, folder: Path, at: int) -> bool:
    """A recorder that dies at its `at`-th question or commit; whether it came to that."""
    engine = open_engine(url)
    left = [at]

    def die(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise PowerCut

    event.listen(engine, "before_cursor_execute", die)
    event.listen(engine, "commit", die)
    try:
        Recorder(engine, folder).run_once()
    except PowerCut:
        return True
    finally:
        engine.dispose()
    return False


@settings(max_examples=60, deadline=None)
@given(parts=journals(), deaths=st.lists(st.integers(1, 40), max_size=6), together=st.booleans())
def test_each_record_is_one_row_wherever_the_recorder_dies(
    empty_log: Callable[[], Path], parts: list[list[Record]], deaths: list[int], together: bool
) -> None:
    folder = empty_log()
    url = f"sqlite:///{folder / 'log.sqlite'}"
    engine = open_engine(url)
    for ns, part in enumerate(parts, start=1):
        a_segment(folder, part, ns=ns, how="start" if ns == 1 else "continued")
        if not together:
            run_and_die(url, folder, deaths.pop() if deaths else 1)
    for at in deaths:
        run_and_die(url, folder, at)

    Recorder(engine, folder).run_once()
    found = outcomes(engine)
    with reading(engine) as conn:
        sealed = verify_rows(conn)
    engine.dispose()
    assert found == expected(parts)
    assert sealed.whole, sealed.says


def wait_for_more(engine: Engine, than: int) -> None:
    deadline = time.monotonic() + 60
    while len(outcomes(engine)) <= than:
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
            recorder = subprocess.Popen(program, cwd=ROOT)
            wait_for_more(engine, than=len(outcomes(engine)))
            time.sleep(number % 7 * 0.03)  # it is in the middle of something, each time of something else
            recorder.kill()
            recorder.wait()
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

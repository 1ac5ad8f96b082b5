"""Every record becomes one row, once, whoever dies in between; and what a dead gate left open is said so."""

import json
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text
from structlog.testing import capture_logs

from audit_log.db import migrate, open_engine, reading, writing
from audit_log.heartbeat import HEARTBEAT
from audit_log.recorder import Recorder, RecorderError
from audit_log.segments import segments
from audit_log.tables import filtering_log, filtering_seal
from tests.audit_log.recording import in_hours, outcomes, positions, running, until
from tests.audit_log.records import (
    a_close,
    a_live_gate,
    a_segment,
    a_whole,
    add_to,
    an_open,
    lines,
)


def test_rows_and_position_move_together(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1), a_close(1)])

    assert Recorder(engine, tmp_path).run_once() == 1
    assert outcomes(engine) == {1: "done"}
    assert positions(engine) == {path.name: (path.stat().st_size, 0, 0)}


def test_nothing_moves_twice(engine: Engine, tmp_path: Path) -> None:
    recorder = Recorder(engine, tmp_path)
    a_segment(tmp_path, [an_open(1), a_close(1)])

    assert [recorder.run_once(), recorder.run_once(), Recorder(engine, tmp_path).run_once()] == [1, 0, 0]


def test_a_close_that_comes_later_ends_its_row(engine: Engine, tmp_path: Path) -> None:
    recorder = Recorder(engine, tmp_path)
    with a_live_gate(tmp_path) as write:
        write(an_open(1))
        recorder.run_once()
        assert outcomes(engine) == {1: None}

        write(a_close(1))
        recorder.run_once()
        assert outcomes(engine) == {1: "done"}


def test_several_gates_are_read(engine: Engine, tmp_path: Path) -> None:
    a_segment(tmp_path, [an_open(1), a_close(1)])
    a_segment(tmp_path, [a_whole(2)], gate="gate-2")

    assert Recorder(engine, tmp_path).run_once() == 2


def test_what_a_dead_gate_left_open_was_interrupted(engine: Engine, tmp_path: Path) -> None:
    a_segment(tmp_path, [an_open(1), an_open(2), a_close(2)])

    with capture_logs() as said:
        Recorder(engine, tmp_path).run_once()
    assert outcomes(engine) == {1: "interrupted", 2: "done"}
    assert said == [{"event": "requests.interrupted", "gate": "gate-1", "count": 1, "log_level": "warning"}]


def test_what_a_live_gate_has_open_stays_open(engine: Engine, tmp_path: Path) -> None:
    recorder = Recorder(engine, tmp_path)
    with a_live_gate(tmp_path) as write:
        write(an_open(1))
        a_segment(tmp_path, [an_open(2)], gate="gate-2")  # a dead one beside it
        recorder.run_once()
        assert outcomes(engine) == {1: None, 2: "interrupted"}
    recorder.run_once()

    assert outcomes(engine) == {1: "interrupted", 2: "interrupted"}


def test_a_gate_that_started_again_ends_what_its_last_process_had_open(
    engine: Engine, tmp_path: Path
) -> None:
    a_segment(tmp_path, [an_open(1), an_open(2), a_close(2)], ns=1)
    with a_live_gate(tmp_path) as write:
        write(an_open(3))
        Recorder(engine, tmp_path).run_once()

        assert outcomes(engine) == {1: "interrupted", 2: "done", 3: None}


def test_a_request_that_outlives_its_segment_is_not_interrupted(engine: Engine, tmp_path: Path) -> None:
    recorder = Recorder(engine, tmp_path)
    with a_live_gate(tmp_path) as write:
        write(an_open(1), *[a_whole(number) for number in range(2, 30)])
        recorder.run_once()
        assert len(segments(tmp_path)) > 3
        assert outcomes(engine)[1] is None

        write(a_close(1))
        recorder.run_once()
        assert outcomes(engine)[1] == "done"


def test_a_gate_that_comes_back_after_it_was_given_up_is_read_on(engine: Engine, tmp_path: Path) -> None:
    recorder = Recorder(engine, tmp_path)
    a_segment(tmp_path, [an_open(1)])
    recorder.run_once()

    with a_live_gate(tmp_path) as write:
        write(an_open(2))
        recorder.run_once()
        assert outcomes(engine) == {1: "interrupted", 2: None}
    recorder.run_once()
    assert outcomes(engine) == {1: "interrupted", 2: "interrupted"}


def test_half_a_line_of_a_live_gate_is_waited_for(engine: Engine, tmp_path: Path) -> None:
    recorder = Recorder(engine, tmp_path)
    with a_live_gate(tmp_path) as write:
        write(an_open(1))
        (segment,) = segments(tmp_path)
        line = lines(an_open(2))
        with segment.path.open("ab") as file:
            file.write(line[:100])
        recorder.run_once()
        assert outcomes(engine) == {1: None}

        with segment.path.open("ab") as file:
            file.write(line[100:])
        recorder.run_once()
        assert outcomes(engine) == {1: None, 2: None}


def test_a_torn_tail_is_counted_once_the_gate_is_dead(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [an_open(1), a_close(1)])
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"0badc0de {half a li")

    with capture_logs() as said:
        Recorder(engine, tmp_path).run_once()
        Recorder(engine, tmp_path).run_once()
    assert positions(engine) == {path.name: (whole, 19, 0)}
    assert [line["event"] for line in said] == ["journal.torn"]


# SQL goes away and comes back.


def test_records_wait_while_there_is_no_database_and_arrive_later_once_each(tmp_path: Path) -> None:
    folder = tmp_path / "not-yet"
    engine = open_engine(f"sqlite:///{folder / 'schoolgate.sqlite'}")
    journal = tmp_path / "journal"
    with capture_logs() as said, running(Recorder(engine, journal)):
        path = a_segment(journal, [an_open(1), a_close(1)])
        until(lambda: said)
        add_to(path, a_whole(2))
        until(lambda: json.loads((journal / HEARTBEAT).read_text())["sql"] == "away")
        folder.mkdir()
        migrate(engine)
        until(lambda: len(said) == 2)

    assert [line["event"] for line in said] == ["sql.lost", "sql.found_again"], "said once"
    assert outcomes(engine) == {1: "done", 2: "done"}
    engine.dispose()


def test_a_server_that_cuts_connections_loses_nothing(postgresql_engine: Engine, tmp_path: Path) -> None:
    killer = open_engine(postgresql_engine.url.render_as_string(hide_password=False))
    cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
               " AND datname = current_database()")  # fmt: skip
    with running(Recorder(postgresql_engine, tmp_path)), a_live_gate(tmp_path) as write:
        for number in range(200):
            write(an_open(number), a_close(number))
            if number % 50 == 49:
                with writing(killer) as conn:
                    conn.execute(cut)
        until(lambda: len(outcomes(killer)) == 200)
    killer.dispose()

    assert set(outcomes(postgresql_engine).values()) == {"done"}


def test_stopping_moves_what_is_left(engine: Engine, tmp_path: Path) -> None:
    with running(Recorder(engine, tmp_path)):
        a_segment(tmp_path, [a_whole(number) for number in range(500)])

    assert len(outcomes(engine)) == 500


def test_two_recorders_do_not_work_on_one_journal(sqlite_engine: Engine, tmp_path: Path) -> None:
    with running(Recorder(sqlite_engine, tmp_path)):
        until((tmp_path / HEARTBEAT).exists)

        with pytest.raises(RecorderError):
            Recorder(sqlite_engine, tmp_path).run(threading.Event())


def test_the_heartbeat_says_how_far_behind(sqlite_engine: Engine, tmp_path: Path) -> None:
    a_segment(tmp_path, [an_open(1)])
    with running(Recorder(sqlite_engine, tmp_path)):
        until((tmp_path / HEARTBEAT).exists)

    said = json.loads((tmp_path / HEARTBEAT).read_text())
    assert (said["sql"], said["behind_bytes"], said["damaged_bytes"]) == ("ok", 0, 0)
    assert datetime.fromisoformat(said["at"]).tzinfo is not None


# What is stored whole and a day old goes; nothing else does.


def test_a_segment_that_is_stored_goes_after_a_day(engine: Engine, tmp_path: Path) -> None:
    for ns in (1, 2, 3):
        a_segment(tmp_path, [a_whole(ns)], ns=ns)

    Recorder(engine, tmp_path, clock=in_hours(23)).run_once()
    assert len(segments(tmp_path)) == 3
    Recorder(engine, tmp_path, clock=in_hours(25)).run_once()
    assert [s.ns for s in segments(tmp_path)] == [3], "the gate learns from the newest what time it is"
    assert [int(name[-9]) for name in positions(engine)] == [3]
    assert len(outcomes(engine)) == 3


def test_a_segment_that_may_still_be_written_stays(sqlite_engine: Engine, tmp_path: Path) -> None:
    with a_live_gate(tmp_path) as write:
        write(a_whole(1))
        Recorder(sqlite_engine, tmp_path, clock=in_hours(25)).run_once()

        assert len(segments(tmp_path)) == 1


def test_an_idle_recorder_asks_sql_nothing(sqlite_engine: Engine, tmp_path: Path) -> None:
    recorder = Recorder(sqlite_engine, tmp_path)
    with a_live_gate(tmp_path) as write:
        write(an_open(1))
        recorder.run_once()
        asked: list[Any] = []
        event.listen(sqlite_engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
        recorder.run_once()

    assert asked == []


def test_the_journal_needs_no_recorder_to_have_a_folder(sqlite_engine: Engine, tmp_path: Path) -> None:
    assert Recorder(sqlite_engine, tmp_path / "a" / "b").run_once() == 0
    assert os.listdir(tmp_path / "a") == ["b"]


def test_every_row_is_counted_in_large_numbers(engine: Engine, tmp_path: Path) -> None:
    a_segment(tmp_path, [line for number in range(3000) for line in (an_open(number), a_close(number))])

    assert Recorder(engine, tmp_path).run_once() == 3000
    with reading(engine) as conn:
        done = select(func.count()).where(filtering_log.c.outcome == "done")
        assert conn.scalar(done) == 3000


def test_a_heartbeat_that_cannot_be_written_stops_nothing(sqlite_engine: Engine, tmp_path: Path) -> None:
    (tmp_path / f"{HEARTBEAT}.new").mkdir()
    with capture_logs() as said, running(Recorder(sqlite_engine, tmp_path)):
        until(lambda: "heartbeat.failed" in [line["event"] for line in said])
        a_segment(tmp_path, [a_whole(1)])
        until(lambda: outcomes(sqlite_engine) == {1: "done"})


def test_gates_share_a_transaction_and_its_seals(engine: Engine, tmp_path: Path) -> None:
    for number in range(4):
        a_segment(tmp_path, [a_whole(number)], gate=f"gate-{number}")
    Recorder(engine, tmp_path).run_once()

    with reading(engine) as conn:
        assert conn.scalar(select(func.count()).select_from(filtering_seal)) == 1

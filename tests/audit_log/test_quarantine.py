"""Damage in the journal stops the reading there, until a person has looked at it; nothing is skipped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert
from structlog.testing import capture_logs

from audit_log.change_log import append
from audit_log.db import writing
from audit_log.heartbeat import Stopped, read_heartbeat
from audit_log.recorder import Recorder
from audit_log.release_lines import RELEASE
from audit_log.segments import segments
from audit_log.tables import journal_release
from tests.audit_log.recording import in_hours, outcomes, positions, running, until
from tests.audit_log.records import a_close, a_live_gate, a_segment, a_whole, an_open, event_id
from tests.builders import NOON


def broken(path: Path, number: int) -> Stopped:
    """Change one byte of that event's first line; returns where the recorder must stop."""
    data = path.read_bytes()
    there = data.index(event_id(number).encode())
    path.write_bytes(data[:there] + b"X" + data[there + 1 :])
    return Stopped(path.name, data.rindex(b"\n", 0, there) + 1, data.index(b"\n", there) + 1)


def let_go_on(engine: Engine, place: Stopped) -> None:
    with writing(engine) as conn:
        row = {"segment": place.segment, "offset": place.offset, "resume": place.resume}
        conn.execute(insert(journal_release).values(row | {"released_by": "p_ed", "released_at": NOON}))
        append(
            conn,
            at=NOON,
            event=RELEASE,
            actor="p_ed",
            role="technician",
            object_id=place.segment,
            detail=row,
            texts={},
        )


def test_damage_stops_the_reading_of_its_segment_with_an_alarm_and_the_others_go_on(
    engine: Engine, tmp_path: Path
) -> None:
    path = a_segment(tmp_path, [a_whole(number) for number in range(5)])
    place = broken(path, 2)
    a_segment(tmp_path, [a_whole(7)], gate="gate-2")
    a_segment(tmp_path, [a_whole(8)], ns=2)
    recorder = Recorder(engine, tmp_path)

    with capture_logs() as said:
        assert recorder.run_once() == 4
        assert recorder.run_once() == 0
    assert sorted(outcomes(engine)) == [0, 1, 7, 8]
    assert positions(engine)[path.name] == (place.offset, 0, 0)
    assert [line["event"] for line in said] == ["journal.damaged"], "said once"
    assert (said[0]["log_level"], said[0]["offset"], said[0]["resume"]) == (
        "error",
        place.offset,
        place.resume,
    )


def test_the_damaged_bytes_are_kept_apart(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [a_whole(number) for number in range(3)])
    place = broken(path, 1)
    Recorder(engine, tmp_path).run_once()
    Recorder(engine, tmp_path).run_once()

    (copy,) = (tmp_path / "quarantine").iterdir()
    assert copy.read_bytes() == path.read_bytes()[place.offset : place.resume]


def test_the_heartbeat_tells_where_the_recorder_waits(sqlite_engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    place = broken(a_segment(tmp_path / "journal", [a_whole(1), a_whole(2), a_whole(3)]), 2)
    with running(Recorder(sqlite_engine, tmp_path / "journal")):
        until(lambda: read_heartbeat(tmp_path))

    told = read_heartbeat(tmp_path)
    assert told is not None
    assert told.stopped == (place,)
    assert told.behind_bytes > 0


def test_when_a_person_lets_it_the_reading_goes_on_after_the_damage(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [a_whole(number) for number in range(5)])
    place = broken(path, 2)
    recorder = Recorder(engine, tmp_path)
    recorder.run_once()

    let_go_on(engine, place)
    assert recorder.run_once() == 2
    assert sorted(outcomes(engine)) == [0, 1, 3, 4]
    assert positions(engine)[path.name] == (path.stat().st_size, 0, place.bytes)
    assert recorder.run_once() == 0


def test_a_recorder_that_starts_anew_stops_again_and_heeds_the_release(
    engine: Engine, tmp_path: Path
) -> None:
    place = broken(a_segment(tmp_path, [a_whole(number) for number in range(5)]), 2)
    assert Recorder(engine, tmp_path).run_once() == 2
    assert Recorder(engine, tmp_path).run_once() == 0

    let_go_on(engine, place)
    anew = Recorder(engine, tmp_path)
    assert [anew.run_once(), anew.run_once()] == [0, 2]


@pytest.mark.parametrize("change", [{"resume": 10**6}, {"offset": 0}, {"segment": "gate-9-1.journal"}])
def test_a_release_of_another_place_skips_nothing(
    sqlite_engine: Engine, tmp_path: Path, change: dict[str, Any]
) -> None:
    place = broken(a_segment(tmp_path, [a_whole(number) for number in range(5)]), 2)
    recorder = Recorder(sqlite_engine, tmp_path)
    recorder.run_once()

    let_go_on(sqlite_engine, replace(place, **change))
    assert recorder.run_once() == 0


def test_each_damaged_place_wants_its_own_release(engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [a_whole(number) for number in range(6)])
    first, second = broken(path, 1), broken(path, 4)
    recorder = Recorder(engine, tmp_path)
    recorder.run_once()
    let_go_on(engine, first)
    recorder.run_once()
    assert sorted(outcomes(engine)) == [0, 2, 3]

    let_go_on(engine, second)
    recorder.run_once()
    assert sorted(outcomes(engine)) == [0, 2, 3, 5]
    assert positions(engine)[path.name][2] == first.bytes + second.bytes


def test_requests_of_a_released_segment_that_never_closed_were_interrupted(
    engine: Engine, tmp_path: Path
) -> None:
    place = broken(a_segment(tmp_path, [an_open(n) for n in (1, 2, 3, 4)]), 2)
    with a_live_gate(tmp_path) as write:
        write(an_open(8), a_close(3))
        Recorder(engine, tmp_path).run_once()
        assert outcomes(engine) == {1: "interrupted", 8: None}

        let_go_on(engine, place)
        recorder = Recorder(engine, tmp_path)
        recorder.run_once()
        recorder.run_once()
        assert outcomes(engine) == {1: "interrupted", 3: "done", 4: "interrupted", 8: None}


def test_requests_of_a_released_segment_of_a_dead_gate_were_interrupted(
    engine: Engine, tmp_path: Path
) -> None:
    place = broken(a_segment(tmp_path, [an_open(1), an_open(2), an_open(3)]), 2)
    recorder = Recorder(engine, tmp_path)
    recorder.run_once()
    let_go_on(engine, place)
    recorder.run_once()

    assert outcomes(engine) == {1: "interrupted", 3: "interrupted"}


def test_a_lost_first_line_is_taken_for_a_new_process(engine: Engine, tmp_path: Path) -> None:
    recorder = Recorder(engine, tmp_path)
    a_segment(tmp_path, [an_open(1)], ns=1)
    with a_live_gate(tmp_path) as write:
        (_, segment) = segments(tmp_path)
        write(an_open(2))
        data = segment.path.read_bytes()
        segment.path.write_bytes(b"X" + data[1:])
        recorder.run_once()
        assert outcomes(engine) == {1: None}

        let_go_on(engine, Stopped(segment.name, 0, data.index(b"\n") + 1))
        recorder.run_once()
        assert outcomes(engine) == {1: "interrupted", 2: None}


def test_a_segment_that_the_same_process_went_on_from_had_no_torn_tail(
    engine: Engine, tmp_path: Path
) -> None:
    path = a_segment(tmp_path, [a_whole(1)], ns=1)
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"0badc0de {half a li")
    a_segment(tmp_path, [a_whole(2)], ns=2, how="continued")
    recorder = Recorder(engine, tmp_path)

    with capture_logs() as said:
        assert recorder.run_once() == 2
    assert [line["event"] for line in said] == ["journal.damaged"]
    let_go_on(engine, Stopped(path.name, whole, whole + 19))
    recorder.run_once()
    assert positions(engine)[path.name] == (whole + 19, 0, 19)


def test_a_segment_that_cannot_be_read_holds_no_other_up(sqlite_engine: Engine, tmp_path: Path) -> None:
    path = a_segment(tmp_path, [a_whole(1)])
    path.unlink()
    path.mkdir()
    a_segment(tmp_path, [a_whole(2)], gate="gate-2")

    recorder = Recorder(sqlite_engine, tmp_path)
    with capture_logs() as said:
        assert [recorder.run_once(), recorder.run_once()] == [1, 0]
    assert [line["event"] for line in said] == ["journal.unreadable"], "said once"


def test_a_damaged_segment_stays_as_evidence(engine: Engine, tmp_path: Path) -> None:
    place = broken(a_segment(tmp_path, [a_whole(number) for number in range(3)], ns=1), 1)
    a_segment(tmp_path, [a_whole(9)], ns=2)
    recorder = Recorder(engine, tmp_path)
    recorder.run_once()
    let_go_on(engine, place)
    recorder.run_once()

    Recorder(engine, tmp_path, clock=in_hours(25)).run_once()
    assert len(segments(tmp_path)) == 2

"""What could not become a row goes when the longest time to keep is over, with a line; holds keep it."""

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from audit_log.db import reading, writing
from audit_log.event_id import new_event_id
from audit_log.heartbeat import HEARTBEAT, JOURNAL, Stopped
from audit_log.quarantine import quarantine
from audit_log.seal import stamp
from audit_log.sealed_lines import PURGE_ASIDE
from audit_log.tables import journal_aside
from change_control.aside_keeping import purge_aside
from change_control.errors import ChangeError
from tests.audit_log.records import a_segment
from tests.builders import NOON
from tests.change_control.aging import ONE_DAY, OVER, School
from tests.change_control.aging import fresh_postgresql_url as fresh_postgresql_url
from tests.change_control.aging import postgresql as postgresql
from tests.change_control.aging import postgresql_url as postgresql_url
from tests.change_control.protected import EITHER, holds_back, school_in, verified
from tests.change_control.school import somebody

OLD_ID = new_event_id(int(NOON.timestamp()) * 1_000_000_000)


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in(request.param, request, tmp_path):
        (desk.state / JOURNAL).mkdir(exist_ok=True)
        yield School(desk, tmp_path / "journal")


@pytest.fixture
def lite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in("sqlite", request, tmp_path):
        (desk.state / JOURNAL).mkdir(exist_ok=True)
        yield School(desk, tmp_path / "journal")


def put(school: School, *rows: tuple[str, object]) -> None:
    values = [{"key": key, "why": "odd", "record": json.dumps(record)} for key, record in rows]
    with writing(school.desk.engine) as conn:
        conn.execute(insert(journal_aside), values)


def left(school: School) -> list[str]:
    with reading(school.desk.engine) as conn:
        return sorted(conn.scalars(select(journal_aside.c.key)))


def at_night(school: School, now: datetime = OVER) -> tuple[int, int]:
    school.record(at=now - 3 * ONE_DAY)
    school.steady(now)
    return purge_aside(school.desk, now)


def told(at: datetime, **more: Any) -> dict[str, Any]:
    return {"at": stamp(at), "person": "p_anna"} | more


def recorder_says(school: School, *stopped: Stopped) -> None:
    said = {"at": stamp(NOON), "sql": "ok", "behind_bytes": 0, "damaged_bytes": 0}
    places = [{"segment": s.segment, "offset": s.offset, "resume": s.resume} for s in stopped]
    (school.desk.state / JOURNAL / HEARTBEAT).write_text(json.dumps(said | {"stopped": places}))


def a_copy(school: School, at: datetime, place: Stopped) -> Path:
    a_segment(school.desk.state / JOURNAL, [], ns=2)
    made = quarantine(school.desk.state / JOURNAL, place)
    os.utime(made, (at.timestamp(), at.timestamp()))
    return made


def place_in(school: School, offset: int = 0) -> Stopped:
    return Stopped(a_segment(school.desk.state / JOURNAL, [], ns=2).name, offset, offset + 5)


@EITHER
def test_a_record_goes_with_a_line_when_its_time_is_over(either: School) -> None:
    put(either, ("old", told(NOON)), ("new", {"open": told(NOON + ONE_DAY), "close": None}))

    assert at_night(either) == (1, 0)
    assert left(either) == ["new"]
    assert either.lines(PURGE_ASIDE) == [{"records": 1, "files": 0}]
    assert verified(either.desk).whole


def test_nothing_is_said_where_nothing_goes(lite: School) -> None:
    put(lite, ("new", told(OVER)))

    assert at_night(lite) == (0, 0)
    assert lite.lines(PURGE_ASIDE) == []


def test_what_tells_no_time_itself_goes_by_its_id_or_its_segment(lite: School) -> None:
    segment = f"gate-1-{int(NOON.timestamp()) * 1_000_000_000:020d}.journal"
    fresh = f"gate-1-{int(OVER.timestamp()) * 1_000_000_000:020d}.journal"
    put(lite, (OLD_ID, {}), (f"{segment}:77", []), (f"{fresh}:77", {"at": "soon"}), ("odd", {"at": 7}))

    assert at_night(lite) == (2, 0)
    assert left(lite) == sorted([f"{fresh}:77", "odd"]), "what tells no time stays"


def test_a_time_that_is_still_to_come_is_not_believed(lite: School) -> None:
    put(lite, (OLD_ID, told(OVER + 400 * ONE_DAY)), ("late", told(OVER + 400 * ONE_DAY)))

    assert at_night(lite) == (1, 0)
    assert left(lite) == ["late"]


def test_a_hold_keeps_what_tells_of_the_person_or_of_nobody(lite: School) -> None:
    anna, ben = somebody(lite.desk, "anna").id, somebody(lite.desk, "ben").id
    before = NOON - timedelta(minutes=1)
    put(
        lite,
        ("anna", {"open": told(before, person=anna)}),
        ("anna-later", told(NOON + timedelta(minutes=1), person=anna)),
        ("ben", told(before, person=ben)),
        ("nobody", {"at": stamp(before)}),
    )
    holds_back(lite.desk, "terry")

    assert at_night(lite) == (2, 0)
    assert left(lite) == ["anna", "nobody"]


def test_a_hold_on_everybody_keeps_all_of_its_time(lite: School) -> None:
    put(lite, ("old", told(NOON - timedelta(minutes=1))))
    holds_back(lite.desk, "terry", None)

    assert at_night(lite) == (0, 0)


def test_a_copy_goes_once_it_is_old_and_nobody_waits_there(lite: School) -> None:
    first, waits, young = (place_in(lite, offset) for offset in (0, 1, 2))
    old = a_copy(lite, NOON, first)
    kept = [a_copy(lite, NOON, waits), a_copy(lite, OVER - ONE_DAY, young)]
    assert at_night(lite) == (0, 0), "no recorder says where it waits"
    recorder_says(lite, waits)

    assert at_night(lite) == (0, 1)
    assert (old.exists(), [path.exists() for path in kept]) == (False, [True, True])
    assert lite.lines(PURGE_ASIDE) == [{"records": 0, "files": 1}]


def test_a_hold_keeps_every_copy_of_its_time(lite: School) -> None:
    a_copy(lite, NOON, place_in(lite))
    recorder_says(lite)
    holds_back(lite.desk, "terry")

    assert at_night(lite) == (0, 0)


def test_nothing_goes_after_a_leap_of_the_clock(lite: School) -> None:
    put(lite, ("old", told(NOON)))

    assert purge_aside(lite.desk, OVER) == (0, 0)
    assert left(lite) == ["old"]


def test_nothing_goes_by_a_hold_that_was_taken_away(lite: School) -> None:
    put(lite, ("old", told(NOON - timedelta(minutes=1))))
    holds_back(lite.desk, "terry", None)
    with writing(lite.desk.engine) as conn:
        conn.execute(text("DELETE FROM legal_hold"))

    with pytest.raises(ChangeError, match="cannot be believed"):
        at_night(lite)
    assert left(lite) == ["old"]

"""Each hour's seals stand in the change log, without gaps, whatever the clock and the outages did."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from audit_log.change_log import entries
from audit_log.db import reading, writing
from audit_log.recorder import Recorder
from audit_log.row_seal import EMPTY_ROOT
from audit_log.row_verification import verify_seals
from audit_log.sealed_lines import HOUR
from audit_log.verification import Verification
from audit_log.whole import verify_all
from change_control.desk import Desk
from change_control.row_seals import AT_ONCE, state_hours
from tests.audit_log.records import a_segment, a_whole, add_to
from tests.builders import NOON
from tests.change_control.school import KEY, refused

ONE_HOUR = timedelta(hours=1)


class Journal:
    """Stores one request after another, each at its time."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        folder.mkdir()
        self.desk = desk
        self.folder = folder
        self.path = a_segment(folder, [])
        self.numbers: Iterator[int] = itertools.count(1)

    def store(self, at: datetime) -> None:
        add_to(self.path, a_whole(next(self.numbers)))
        Recorder(self.desk.engine, self.folder, clock=lambda: at).run_once()


@pytest.fixture
def journal(desk: Desk, tmp_path: Path) -> Journal:
    return Journal(desk, tmp_path / "journal")


def hours_of(desk: Desk) -> list[tuple[str, str, int | None, int | None, int]]:
    """Oldest first: from, to, first, last, rows."""
    with reading(desk.engine) as conn:
        found = entries(conn, event=HOUR, limit=1000)
    wanted = ("first", "last", "rows")
    return [
        (each.detail["from"][:16], each.detail["to"][:16], *(each.detail[name] for name in wanted))
        for each in reversed(found)
    ]


def whole(desk: Desk) -> Verification:
    with reading(desk.engine) as conn:
        return verify_all(conn, KEY.public_key())


def test_nothing_is_stated_before_anything_is_sealed(desk: Desk) -> None:
    assert state_hours(desk, NOON)
    assert hours_of(desk) == []


def test_an_hour_is_stated_once_it_is_over(desk: Desk, journal: Journal) -> None:
    journal.store(NOON)
    journal.store(NOON + ONE_HOUR / 2)
    state_hours(desk, NOON + ONE_HOUR)
    assert hours_of(desk) == [], "a batch may still be on its way"
    for _ in range(2):
        state_hours(desk, NOON + ONE_HOUR + timedelta(minutes=1))

    assert hours_of(desk) == [("2026-11-24T12:00", "2026-11-24T13:00", 1, 2, 2)]
    assert whole(desk).whole


def test_an_empty_hour_is_stated_too(desk: Desk, journal: Journal) -> None:
    journal.store(NOON)
    for hours in (1.1, 2.1, 3.1):
        state_hours(desk, NOON + hours * ONE_HOUR)

    assert hours_of(desk)[1:] == [
        ("2026-11-24T13:00", "2026-11-24T14:00", None, None, 0),
        ("2026-11-24T14:00", "2026-11-24T15:00", None, None, 0),
    ]
    with reading(desk.engine) as conn:
        assert entries(conn, event=HOUR, limit=1)[0].detail["root"] == EMPTY_ROOT
    assert whole(desk).whole


def test_after_an_outage_all_hours_are_stated_and_silence_is_one_line(desk: Desk, journal: Journal) -> None:
    journal.store(NOON)
    state_hours(desk, NOON + 1.1 * ONE_HOUR)
    for hours in (2.5, 2.6, 50.5):
        journal.store(NOON + hours * ONE_HOUR)
    state_hours(desk, NOON + 53.5 * ONE_HOUR)

    assert hours_of(desk)[1:] == [
        ("2026-11-24T13:00", "2026-11-24T14:00", None, None, 0),
        ("2026-11-24T14:00", "2026-11-24T15:00", 2, 3, 2),
        ("2026-11-24T15:00", "2026-11-26T14:00", None, None, 0),
        ("2026-11-26T14:00", "2026-11-26T15:00", 4, 4, 1),
        ("2026-11-26T15:00", "2026-11-26T17:00", None, None, 0),
    ]
    assert whole(desk).whole


def test_many_missing_hours_are_stated_in_portions(desk: Desk, journal: Journal) -> None:
    journal.store(NOON)
    state_hours(desk, NOON + 1.1 * ONE_HOUR)
    for hour in range(1, AT_ONCE + 3):
        journal.store(NOON + hour * ONE_HOUR)
    later = NOON + (AT_ONCE + 3.1) * ONE_HOUR

    assert not state_hours(desk, later)
    assert len(hours_of(desk)) == 1 + AT_ONCE
    assert state_hours(desk, later)
    assert len(hours_of(desk)) == AT_ONCE + 3
    assert whole(desk).whole


def test_a_clock_that_was_put_forward_and_back_leaves_no_gap(desk: Desk, journal: Journal) -> None:
    journal.store(NOON)
    state_hours(desk, NOON + 1.1 * ONE_HOUR)
    journal.store(NOON + timedelta(days=1000))
    state_hours(desk, NOON + timedelta(days=1000, hours=1.1))
    for hours in (2.2, 3.2):
        journal.store(NOON + hours * ONE_HOUR)
        state_hours(desk, NOON + (hours + 1) * ONE_HOUR)

    assert [each[2:] for each in hours_of(desk)] == [
        (1, 1, 1),
        (None, None, 0),
        (2, 2, 1),
        (3, 3, 1),
        (4, 4, 1),
    ]
    assert whole(desk).whole


@pytest.mark.parametrize(
    ("sealed", "wrong"),
    [
        ('"rows":1', '"rows":7'),
        ('"closed":1', '"closed":0'),
        ('"first":2', '"first":1'),
        ('"last":2', '"last":3'),
        ('"from":"2026-11-24T13', '"from":"2026-11-24T15'),
        ('"root":"', '"root":"0'),
        ('"rows":', '"lines":'),
    ],
)
def test_lines_that_tell_of_something_else_are_found(
    desk: Desk, journal: Journal, sealed: str, wrong: str
) -> None:
    for hour in range(3):
        journal.store(NOON + hour * ONE_HOUR)
        state_hours(desk, NOON + (hour + 1.1) * ONE_HOUR)
    without_guards(desk)
    change = "UPDATE change_log SET entry = replace(entry, :sealed, :wrong) WHERE entry LIKE '%log:seal%'"
    with writing(desk.engine) as conn:
        conn.execute(text(change), {"sealed": sealed, "wrong": wrong})
    with reading(desk.engine) as conn:
        found = verify_seals(conn)

    assert not found.whole
    assert found.says.startswith("Entry "), found.says


def without_guards(desk: Desk) -> None:
    """Play the owner of the database."""
    with writing(desk.engine) as conn:
        names = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            conn.execute(text(f"DROP TRIGGER {name}"))


def test_hours_are_not_stated_while_nothing_can_be_signed_and_all_of_them_after(
    desk: Desk, journal: Journal
) -> None:
    journal.store(NOON)
    without_guards(desk)
    with writing(desk.engine) as conn:
        last = conn.execute(text("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1")).one()
        conn.execute(text("UPDATE checkpoint SET note = 'none' WHERE size = :size"), {"size": last.size})
    refused("refused", lambda: state_hours(desk, NOON + 1.1 * ONE_HOUR))
    assert hours_of(desk) == []
    with writing(desk.engine) as conn:
        conn.execute(
            text("UPDATE checkpoint SET note = :note WHERE size = :size"),
            {"size": last.size, "note": last.note},
        )
    state_hours(desk, NOON + 2.1 * ONE_HOUR)

    assert hours_of(desk) == [("2026-11-24T12:00", "2026-11-24T14:00", 1, 1, 1)]
    assert whole(desk).whole

"""The past is cut where a period begins or ends, and nowhere does time decide within a stretch."""

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from filter_policy.model import Timetable
from filter_policy.stretches import stretches
from filter_policy.timetable import is_open
from tests.builders import NOON, a_policy

LONDON = a_policy().timetable
PARIS = replace(LONDON, zone=ZoneInfo("Europe/Paris"))
SHORTER = replace(LONDON, terms=LONDON.terms[1:])
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)  # a Tuesday


def opened(table: Timetable, at: datetime) -> list[str]:
    return [name for name in table.periods if is_open(table, (name,), at)]


def test_a_school_day_has_a_stretch_for_each_part_of_it() -> None:
    found = stretches(LONDON, LONDON, MIDNIGHT, MIDNIGHT + timedelta(days=1))

    begins = [at.strftime("%H:%M") for at, _ in found.begins]
    assert begins == ["00:00", "09:00", "10:30", "10:45", "12:00", "13:00", "15:15"]
    assert len(found.instants) == 4  # in no period, lessons, break, lunch


def test_a_stretch_ends_before_the_last_instant_and_days_are_those_of_the_school() -> None:
    hours = timedelta(hours=2)
    found = stretches(LONDON, LONDON, NOON - hours, NOON)
    assert [at.strftime("%H:%M") for at, _ in found.begins] == ["10:00", "10:30", "10:45"]

    far = replace(LONDON, zone=ZoneInfo("Pacific/Auckland"))  # thirteen hours ahead
    found = stretches(far, far, MIDNIGHT - 2 * hours, MIDNIGHT)
    assert [at.strftime("%H:%M") for at, _ in found.begins] == ["20:00", "21:30", "21:45", "23:00"]
    assert {at.tzinfo for at, _ in found.begins} == {UTC}


def test_a_holiday_is_one_stretch() -> None:
    assert (
        len(stretches(LONDON, LONDON, MIDNIGHT - timedelta(days=30), MIDNIGHT - timedelta(days=25)).begins)
        == 1
    )


@given(
    st.sampled_from((LONDON, PARIS, SHORTER)),
    st.datetimes(datetime(2026, 10, 20), datetime(2026, 12, 30)),
    st.integers(1, 60 * 24 * 20),
    st.floats(0, 1, exclude_max=True),
)
def test_within_a_stretch_the_same_is_open_as_at_its_instant(
    new: Timetable, naive: datetime, minutes: int, part: float
) -> None:
    starts_at = naive.replace(tzinfo=UTC)
    length = timedelta(minutes=minutes)
    found = stretches(LONDON, new, starts_at, starts_at + length)

    at = starts_at + length * part
    _, slot = found.begins[bisect_right([begin for begin, _ in found.begins], at) - 1]
    for table in (LONDON, new):
        assert opened(table, at) == opened(table, found.instants[slot])


def test_equal_parts_of_other_days_have_the_same_slot() -> None:
    found = stretches(LONDON, LONDON, NOON, NOON + timedelta(days=365))

    assert len(found.instants) == 4
    assert all(before[1] != after[1] for before, after in zip(found.begins, found.begins[1:], strict=False))

"""Lesson slots over weeks: told by the clock on the wall, in term only, and each within its day."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_policy.decide import decide
from filter_policy.model import Verdict
from filter_policy.timetable import in_term, is_open
from filter_policy.unblock_windows import (
    DAYS,
    MOST_WEEKS,
    MOST_WINDOWS,
    Slots,
    by_period,
    by_the_clock,
    parse_windows,
)
from filter_policy.unblocking import AskError, parse_ask
from tests.builders import NOON, a_person, a_policy, a_request, an_unblock
from tests.filter_policy.test_unblocking import ASK

TABLE = a_policy().timetable
HOUR = timedelta(hours=1)
EVERY = {"days": ["tue"], "from": "10:00", "to": "11:00", "weeks": 3}
WITHOUT_TIMES = {name: value for name, value in ASK.items() if name not in ("starts_at", "ends_at")}


def windows_of(value: object, now: datetime = NOON) -> tuple[tuple[datetime, datetime], ...]:
    faults: dict[str, str] = {}
    found = parse_windows(value, TABLE, now, faults)
    assert not faults
    return found


def faults_of(value: object) -> dict[str, str]:
    faults: dict[str, str] = {}
    assert parse_windows(value, TABLE, NOON, faults) == ()
    return faults


def test_every_tuesday_at_ten_leaves_out_what_is_past() -> None:
    found = windows_of({"every": EVERY})

    assert [starts.isoformat() for starts, _ in found] == [
        "2026-12-01T10:00:00+00:00",
        "2026-12-08T10:00:00+00:00",
    ]


def test_ten_o_clock_stays_ten_o_clock_when_the_clocks_change() -> None:
    """From the last Sunday of March 2027 on, school time is an hour ahead of UTC."""
    found = windows_of({"every": EVERY | {"starts_on": "2027-03-23", "weeks": 2}})

    assert [starts.hour for starts, _ in found] == [10, 9]
    assert {starts.astimezone(TABLE.zone).time() for starts, _ in found} == {time(10)}


def test_holidays_have_no_slots() -> None:
    """Term ends on 18 December and begins on 5 January, a Tuesday."""
    found = windows_of({"every": EVERY | {"starts_on": "2026-12-15", "weeks": 4}})

    assert [starts.date() for starts, _ in found] == [date(2026, 12, 15), date(2027, 1, 5)]


def test_an_hour_that_the_clock_leaps_over_is_no_window() -> None:
    slots = Slots(frozenset({6}), 1, date(2027, 3, 28))
    night = list(by_the_clock(slots, time(1, 15), time(2, 0), TABLE))

    assert night == []


def test_a_period_is_open_without_its_breaks() -> None:
    found = windows_of({"period": "lessons", "days": ["wed"], "weeks": 1})

    assert [(starts.hour, starts.minute, ends.hour, ends.minute) for starts, ends in found] == [
        (9, 0, 10, 30),
        (10, 45, 12, 0),
        (13, 0, 15, 15),
    ]


def test_a_period_without_days_is_on_its_own_days() -> None:
    assert {starts.weekday() for starts, _ in windows_of({"period": "lunch"})} == {0, 1, 2, 3, 4}


def test_windows_that_overlap_are_one() -> None:
    found = windows_of(
        [
            {"starts_at": "2026-11-25T10:30", "ends_at": "2026-11-25T11:30"},
            {"starts_at": "2026-11-25T10:00", "ends_at": "2026-11-25T11:00"},
            {"starts_at": "2026-11-25T11:30", "ends_at": "2026-11-25T12:00"},
        ]
    )

    assert [(starts.hour, ends.hour, ends.minute) for starts, ends in found] == [(10, 11, 30), (11, 12, 0)]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("tuesdays", "windows"),
        ({}, "windows"),
        ({"every": EVERY, "period": "lunch"}, "windows"),
        ({"every": "week"}, "windows"),
        ([7], "windows.0"),
        ([{"starts_at": "2026-11-25T10:00"}], "windows.0"),
        ([{"starts_at": "soon", "ends_at": "2026-11-25T10:00"}], "windows.0.starts_at"),
        ([{"starts_at": "2026-11-25T10:00", "ends_at": "2026-11-25T10:00"}], "windows.0.ends_at"),
        ([{"starts_at": "2026-11-25T10:00", "ends_at": "2026-11-26T00:01"}], "windows.0.ends_at"),
        ([{"starts_at": "2026-11-25T10:00", "ends_at": "2026-11-25T11:00"}] * 61, "windows"),
        ({"every": EVERY | {"days": ["someday"]}}, "windows.days"),
        ({"every": EVERY | {"days": []}}, "windows.days"),
        ({"every": EVERY | {"from": "25:00"}}, "windows.from"),
        ({"every": EVERY | {"to": "09:00"}}, "windows.to"),
        ({"every": EVERY | {"weeks": 0}}, "windows.weeks"),
        ({"every": EVERY | {"weeks": True}}, "windows.weeks"),
        ({"every": EVERY | {"weeks": 54}}, "windows.weeks"),
        ({"every": EVERY | {"starts_on": "tomorrow"}}, "windows.starts_on"),
        ({"every": EVERY | {"starts_on": "9999-12-31"}}, "windows.starts_on"),
        ({"every": EVERY | {"starts_on": "2026-11-01"}}, "windows.starts_on"),
        ({"every": EVERY | {"colour": "red"}}, "windows.every"),
        ({"every": EVERY | {"days": ["sun"], "starts_on": "2026-12-19", "weeks": 1}}, "windows"),
        ({"every": EVERY | {"days": list(DAYS), "weeks": 20}}, "windows"),
        ({"period": "assembly"}, "windows.period"),
        ({"period": ["lunch"]}, "windows.period"),
    ],
)
def test_what_cannot_be_a_window_names_its_field(value: object, field: str) -> None:
    assert field in faults_of(value)


def test_as_many_weeks_and_windows_as_are_allowed_are_understood() -> None:
    year = windows_of({"every": EVERY | {"weeks": MOST_WEEKS}})
    assert year[-1][0].date() == date(2027, 7, 20)  # the last Tuesday in term
    assert {edge.tzinfo for window in year for edge in window} == {UTC}
    assert len(windows_of([slot(number) for number in range(MOST_WINDOWS)])) == MOST_WINDOWS
    assert faults_of([slot(number) for number in range(MOST_WINDOWS + 1)]) == {
        "windows": "between 1 and 60 windows are needed, and not 61"
    }


def slot(number: int) -> dict[str, str]:
    at = NOON + timedelta(days=number)
    return {"starts_at": at.isoformat(), "ends_at": (at + HOUR).isoformat()}


def test_without_a_number_of_weeks_it_is_one_and_a_period_may_say_all_of_it() -> None:
    assert len(windows_of({"every": {"days": ["wed"], "from": "10:00", "to": "11:00"}})) == 1
    lunch = {"period": "lunch", "days": ["wed"], "weeks": 2, "starts_on": "2026-11-26"}
    assert [starts.day for starts, _ in windows_of(lunch)] == [2, 9]


def test_each_end_of_a_window_that_is_no_time_is_told() -> None:
    says = "a time like 2026-11-24T10:00:00Z is needed"
    assert faults_of([{"starts_at": None, "ends_at": "late"}]) == {
        "windows.0.starts_at": says,
        "windows.0.ends_at": says,
    }


def test_a_day_that_ends_at_midnight_is_one_day() -> None:
    assert windows_of([{"starts_at": "2026-11-25T00:00", "ends_at": "2026-11-26T00:00"}])


def test_windows_and_a_stretch_are_not_both_given() -> None:
    with pytest.raises(AskError) as error:
        parse_ask({**ASK, "windows": {"every": EVERY}}, a_policy(), NOON)

    assert set(error.value.faults) == {"windows"}


def test_the_stretch_of_a_request_is_from_its_first_window_to_its_last() -> None:
    ask = parse_ask({**WITHOUT_TIMES, "windows": {"every": EVERY}}, a_policy(), NOON)

    assert (ask.starts_at, ask.ends_at) == (ask.windows[0][0], ask.windows[-1][1])


def test_slots_over_more_weeks_than_the_policy_allows_are_refused() -> None:
    with pytest.raises(AskError) as error:
        parse_ask({**WITHOUT_TIMES, "windows": {"every": EVERY | {"weeks": 9}}}, a_policy(), NOON)

    assert "42 days" in error.value.faults["windows"]


days = st.dates(date(2026, 8, 1), date(2027, 8, 1))
clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))


@given(st.frozensets(st.integers(0, 6), min_size=1), st.integers(1, 8), days, clocks, clocks)
def test_every_slot_is_in_term_on_its_day_and_by_the_clock_on_the_wall(
    weekdays: frozenset[int], weeks: int, first: date, one: time, other: time
) -> None:
    """Over every weekend on which the clocks change, and the end of every term."""
    starts, ends = min(one, other), max(one, other)
    found = list(by_the_clock(Slots(weekdays, weeks, first), starts, ends, TABLE))

    for window in found:
        begins, is_over = (edge.astimezone(TABLE.zone) for edge in window)
        day = begins.date()
        assert day.weekday() in weekdays
        assert in_term(TABLE, day)
        assert first <= day < first + timedelta(weeks=weeks)
        assert window[0] == datetime.combine(day, starts, TABLE.zone).astimezone(UTC)
        assert window[1] == datetime.combine(day, ends, TABLE.zone).astimezone(UTC)
        assert begins.utcoffset() != is_over.utcoffset() or is_over - begins == window[1] - window[0]
    assert all(one[1] <= other[0] for one, other in pairwise(found))


@given(
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(1, 6),
    days,
    st.sampled_from(("lessons", "lunch")),
)
def test_a_period_is_open_in_its_windows_and_at_no_other_time(
    weekdays: frozenset[int], weeks: int, first: date, name: str
) -> None:
    for starts, ends in by_period(Slots(weekdays, weeks, first), name, TABLE):
        assert is_open(TABLE, (name,), starts)
        assert is_open(TABLE, (name,), ends - timedelta(microseconds=1))
        assert not is_open(TABLE, (name,), ends)


@given(
    st.sets(st.integers(0, 24 * 40), min_size=2, max_size=2 * MOST_WINDOWS),
    st.integers(-1, 24 * 41),
    st.sampled_from((timedelta(0), timedelta(microseconds=1), timedelta(minutes=59))),
)
def test_decide_opens_within_a_window_alone_and_says_when_that_ends(
    edges: set[int], hours: int, more: timedelta
) -> None:
    ordered = [NOON + HOUR * edge for edge in sorted(edges)][: len(edges) // 2 * 2]
    windows = tuple(zip(ordered[::2], ordered[1::2], strict=True))
    changes: dict[str, Any] = {"starts_at": ordered[0], "ends_at": ordered[-1], "windows": windows}
    policy = a_policy(unblocks=(an_unblock("bet.example", **changes),))
    asked = a_request("bet.example", "gambling", person=a_person(classes=("6B",)))
    now = NOON + HOUR * hours + more
    made = decide(asked, policy, now)

    inside = [window for window in windows if window[0] <= now < window[1]]
    assert (made.verdict is Verdict.ALLOW) == bool(inside)
    ahead = [edge for edge in ordered if edge > now]
    if ahead:
        assert made.valid_until is not None
        assert now < made.valid_until <= ahead[0]
    else:
        assert made.valid_until is None

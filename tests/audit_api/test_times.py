"""UTC inside, the school's zone and plain English at the edges."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from audit_api.times import (
    clock,
    day,
    iso,
    iso_or_none,
    parse_instant,
    school_time,
    stretch,
    when,
    when_exactly,
)

LONDON = ZoneInfo("Europe/London")
SUMMER = datetime(2027, 7, 6, 9, 0, tzinfo=UTC)
WINTER = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_the_api_speaks_utc() -> None:
    assert iso(SUMMER.astimezone(LONDON)) == "2027-07-06T09:00:00Z"
    assert iso_or_none(None) is None


def test_a_page_speaks_school_time_on_both_sides_of_a_clock_change() -> None:
    assert when(SUMMER, LONDON) == "Tue 6 Jul 2027, 10:00"
    assert when(WINTER, LONDON) == "Tue 24 Nov 2026, 09:00"
    assert when_exactly(WINTER, LONDON) == "24 Nov 09:00:00"


def test_a_lesson_is_told_with_its_day_once() -> None:
    later = WINTER.replace(hour=10)

    assert stretch(WINTER, later, LONDON) == "Tuesday 24 November 2026, 09:00 to 10:00"
    assert (
        stretch(WINTER, later.replace(day=25), LONDON) == "Tue 24 Nov 2026, 09:00 to Wed 25 Nov 2026, 10:00"
    )


def test_what_a_form_says_is_the_clock_on_the_wall() -> None:
    assert school_time(date(2027, 7, 6), time(10, 0), LONDON) == SUMMER
    assert parse_instant("2027-07-06T10:00", LONDON) == SUMMER
    assert parse_instant("2027-07-06T09:00Z", LONDON) == SUMMER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2026-13-01",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-12:00",
        "0001-01-01",
        "0900-06-01",
        "1969-12-31",
        "9000-01-02",
        "9999-12-31",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|format|month|isoformat|day"):
        parse_instant(text, LONDON)


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_no_time_is_too_far_off_to_be_shown(zone: str, at: datetime) -> None:
    there = ZoneInfo(zone)

    assert all(tell(at, there) for tell in (day, clock, when, when_exactly))
    assert stretch(at, at, there)
    assert iso(at.replace(tzinfo=timezone(timedelta(hours=-12 if at.year > 1 else 12))))

"""Hours of lessons in which nothing was recorded are found, and no others."""

from datetime import UTC, datetime, timedelta

from audit_api.months import Month
from audit_api.silent_hours import hours_with_records_due, lesson_hours
from tests.builders import NOON, a_policy

TIMETABLE = a_policy().timetable
NOVEMBER = Month.read("2026-11", TIMETABLE.zone)
LONG_AGO = NOON - timedelta(days=300)
LATER = NOVEMBER.ends_at + timedelta(days=9)


def test_lessons_of_a_day_are_whole_hours_in_which_lessons_are_half_at_least() -> None:
    tuesday = [at.hour for at in lesson_hours(TIMETABLE, NOVEMBER) if at.day == 24]

    assert tuesday == [9, 10, 11, 13, 14]  # lunch is from twelve to one; at 15:15 the day is over


def test_there_are_no_lessons_at_weekends_and_in_holidays() -> None:
    october = lesson_hours(TIMETABLE, Month.read("2026-10", TIMETABLE.zone))

    assert {at.weekday() for at in october} == {0, 1, 2, 3, 4}
    assert max(october).day == 23
    assert min(october).hour == 8  # nine o'clock in summer


def test_all_lessons_of_a_month_that_is_over_are_due() -> None:
    assert hours_with_records_due(TIMETABLE, NOVEMBER, LONG_AGO, LATER) == lesson_hours(TIMETABLE, NOVEMBER)


def test_before_the_first_record_and_without_any_nothing_is_due() -> None:
    first = datetime(2026, 11, 27, 9, tzinfo=UTC)

    assert {at.day for at in hours_with_records_due(TIMETABLE, NOVEMBER, first, LATER)} == {27, 30}
    assert hours_with_records_due(TIMETABLE, NOVEMBER, None, LATER) == []


def test_an_hour_is_due_only_when_its_records_must_have_come() -> None:
    ten = datetime(2026, 11, 24, 10, tzinfo=UTC)
    over = ten + timedelta(hours=2)

    before = hours_with_records_due(TIMETABLE, NOVEMBER, LONG_AGO, over - timedelta(seconds=1))
    after = hours_with_records_due(TIMETABLE, NOVEMBER, LONG_AGO, over)

    assert (ten in before, ten in after) == (False, True)


def test_a_timetable_without_lessons_goes_by_all_its_periods() -> None:
    periods = {name: each for name, each in TIMETABLE.periods.items() if name != "lessons"}
    other = type(TIMETABLE)(TIMETABLE.zone, TIMETABLE.terms, periods)

    assert [at.hour for at in lesson_hours(other, NOVEMBER) if at.day == 24] == [12]

"""Times as people at a school type and mean them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import typer

from filter_policy.model import Timetable
from filter_policy.parse import parse_policy
from schoolgate.school_time import instant, next_lesson
from tests.builders import NOON, POLICY

LONDON = ZoneInfo("Europe/London")


def test_without_a_zone_it_is_school_time_and_without_a_time_it_is_now() -> None:
    assert instant("2027-06-15T12:30", LONDON) == datetime(2027, 6, 15, 11, 30, tzinfo=UTC)
    assert instant("2027-06-15T12:30Z", LONDON) == datetime(2027, 6, 15, 12, 30, tzinfo=UTC)
    assert instant(None, LONDON).tzinfo is UTC
    with pytest.raises(typer.BadParameter, match="half past noon"):
        instant("half past noon", LONDON)


def test_the_next_lesson_is_on_a_school_day() -> None:
    timetable = parse_policy(POLICY).timetable

    assert next_lesson(timetable, NOON) == datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    saturday = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
    assert next_lesson(timetable, saturday).date() == date(2026, 11, 30)


def test_where_no_term_is_left_it_is_the_next_weekday() -> None:
    no_terms = Timetable(zone=LONDON, terms=(), periods={})

    assert next_lesson(no_terms, datetime(2026, 11, 28, 9, 0, tzinfo=UTC)).date() == date(2026, 11, 30)

"""School time in, UTC out."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from filter_policy.timetable import in_term, is_open, next_change, open_spans
from tests.builders import NOON, a_policy

TIMETABLE = a_policy().timetable


def test_lessons_leave_out_break_and_lunch() -> None:
    spans = open_spans(TIMETABLE, ("lessons",), date(2026, 11, 24))

    hours = [(starts.strftime("%H:%M"), ends.strftime("%H:%M")) for starts, ends in spans]
    assert hours == [("09:00", "10:30"), ("10:45", "12:00"), ("13:00", "15:15")]


def test_periods_that_touch_are_one_stretch() -> None:
    assert len(open_spans(TIMETABLE, ("lessons", "break", "lunch"), date(2026, 11, 24))) == 1


def test_the_same_lunch_is_an_hour_earlier_in_utc_in_summer() -> None:
    summer, winter = (
        open_spans(TIMETABLE, ("lunch",), day)[0][0] for day in (date(2026, 9, 3), date(2026, 11, 3))
    )

    assert (summer.hour, winter.hour) == (11, 12)


def test_first_and_last_day_of_term_are_in_term() -> None:
    days = (date(2026, 9, 1), date(2026, 9, 2), date(2026, 10, 23), date(2026, 10, 24))

    assert [in_term(TIMETABLE, day) for day in days] == [False, True, True, False]


def test_the_next_change_at_lunch_is_its_end() -> None:
    assert next_change(TIMETABLE, ("lunch",), NOON) == NOON + timedelta(hours=1)


@given(
    st.datetimes(datetime(2026, 8, 25), datetime(2027, 8, 1), timezones=st.just(UTC)), st.floats(0, 0.999999)
)
def test_nothing_opens_or_shuts_before_the_next_change(now: datetime, part: float) -> None:
    change = next_change(TIMETABLE, ("break", "lunch"), now)
    between = now + (change - now) * part

    assert change > now
    assert is_open(TIMETABLE, ("break", "lunch"), between) is is_open(TIMETABLE, ("break", "lunch"), now)

"""School time in, UTC out."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filter_policy.model import Period, Timetable
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


TUESDAY = date(2026, 11, 24)
EVERY_DAY = frozenset(range(7))


def spans(
    *hours: tuple[float, float], without: tuple[tuple[float, float], ...] = ()
) -> list[tuple[float, float]]:
    """Of periods on every day, from hour to hour; `without` is cut out of each."""
    holes = [_period(f"hole{number}", each) for number, each in enumerate(without)]
    names = tuple(hole.name for hole in holes)
    periods = [_period(f"period{number}", each, names) for number, each in enumerate(hours)]
    table = Timetable(TIMETABLE.zone, ((TUESDAY, TUESDAY),), {each.name: each for each in (*holes, *periods)})
    found = open_spans(table, tuple(each.name for each in periods), TUESDAY)
    assert {edge.tzinfo for span in found for edge in span} <= {UTC}
    return [(starts.hour + starts.minute / 60, ends.hour + ends.minute / 60) for starts, ends in found]


def _period(name: str, hours: tuple[float, float], without: tuple[str, ...] = ()) -> Period:
    starts, ends = (time(int(hour), int(60 * (hour % 1))) for hour in hours)
    return Period(name, EVERY_DAY, starts, ends, without)


@pytest.mark.parametrize(
    ("without", "left"),
    [
        ([], [(10, 12)]),
        ([(8, 10)], [(10, 12)]),
        ([(12, 13)], [(10, 12)]),
        ([(8, 9)], [(10, 12)]),
        ([(9, 11)], [(11, 12)]),
        ([(10, 11)], [(11, 12)]),
        ([(11, 13)], [(10, 11)]),
        ([(11, 12)], [(10, 11)]),
        ([(10, 12)], []),
        ([(9, 13)], []),
        ([(10.5, 11)], [(10, 10.5), (11, 12)]),
        ([(10.5, 11), (11.25, 11.5)], [(10, 10.5), (11, 11.25), (11.5, 12)]),
    ],
)
def test_what_is_cut_out_of_a_period_leaves_the_rest(
    without: list[tuple[float, float]], left: list[tuple[float, float]]
) -> None:
    assert spans((10, 12), without=tuple(without)) == left


def test_periods_are_open_together_in_order_and_apart_where_they_are_apart() -> None:
    assert spans((11, 12), (9, 10)) == [(9, 10), (11, 12)]
    assert spans((10, 11), (9, 10), (14, 15)) == [(9, 11), (14, 15)]
    assert spans((9, 12), (10, 11)) == [(9, 12)]
    assert spans((9, 11), (10, 12)) == [(9, 12)]


def test_a_hole_is_cut_on_its_own_days_alone() -> None:
    hole = Period("hole", frozenset({0}), time(10), time(11))
    whole = Period("whole", frozenset({0, 1}), time(9), time(12), ("hole",))
    monday = TUESDAY - timedelta(days=1)
    table = Timetable(TIMETABLE.zone, ((monday, TUESDAY),), {"hole": hole, "whole": whole})

    assert [len(open_spans(table, ("whole",), day)) for day in (monday, TUESDAY)] == [2, 1]
    assert open_spans(table, ("hole",), TUESDAY) == ()


@pytest.mark.parametrize(
    ("now", "change"),
    [
        (NOON - timedelta(hours=2), NOON),
        (NOON + timedelta(hours=1), NOON + timedelta(days=1)),
        (datetime(2026, 12, 20, 10, tzinfo=UTC), datetime(2026, 12, 22, tzinfo=UTC)),  # in the holidays
        (datetime(2026, 8, 20, 23, 30, tzinfo=UTC), datetime(2026, 8, 22, 23, tzinfo=UTC)),
        (datetime(2026, 11, 27, 18, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC)),  # at the weekend
    ],
)
def test_where_nothing_changes_for_two_days_it_is_asked_again_then(now: datetime, change: datetime) -> None:
    found = next_change(TIMETABLE, ("lunch",), now)
    assert (found, found.tzinfo) == (change, UTC)

"""When an unblock is open, as people say it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from audit_api.unblock_sentences import sites_told, when_told
from audit_api.unblock_words import lapses_at, open_in_words
from tests.builders import NOON

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)


def slots(*days: int, hours: int = 1) -> list[tuple[datetime, datetime]]:
    """At noon, so many days from the Tuesday on."""
    return [(NOON + timedelta(days=day), NOON + timedelta(days=day) + HOUR * hours) for day in days]


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        (slots(0), "Tuesday 24 November 2026, 12:00 to 13:00"),
        (slots(0, hours=24), "Tue 24 Nov 2026, 12:00 to Wed 25 Nov 2026, 12:00"),
        (slots(0, 7, 14), "12:00 to 13:00 on Tuesdays 24 November 2026, 1 and 8 December 2026"),
        (slots(0, 1, 6), "12:00 to 13:00 on 24, 25 and 30 November 2026"),
        (
            slots(0) + slots(1, hours=2),
            "12:00 to 13:00 on Tuesday 24 November 2026; 12:00 to 14:00 on Wednesday 25 November 2026",
        ),
        (
            slots(*range(14)),
            "12:00 to 13:00 on 24, 25, 26, 27, 28, 29 and 30 November 2026, 1, 2, 3, 4 and 5 December 2026 "
            "and 2 more days",
        ),
    ],
)
def test_the_same_hours_on_several_days_are_said_once(
    windows: list[tuple[datetime, datetime]], says: str
) -> None:
    assert open_in_words(windows, LONDON) == says


def test_hours_are_those_on_the_wall_on_both_sides_of_a_change_of_the_clocks() -> None:
    before, after = datetime(2027, 3, 23, 10, tzinfo=LONDON), datetime(2027, 3, 30, 10, tzinfo=LONDON)
    told = open_in_words([(before, before + HOUR), (after, after + HOUR)], LONDON)

    assert told == "10:00 to 11:00 on Tuesdays 23 and 30 March 2027"


def test_a_request_lapses_after_some_hours_or_with_its_lesson() -> None:
    assert lapses_at(NOON, NOON + 100 * HOUR, 72) == NOON + 72 * HOUR
    assert lapses_at(NOON, NOON + 2 * HOUR, 72) == NOON + 2 * HOUR


def test_a_line_tells_what_was_agreed_to_where_it_says_so() -> None:
    asked = {"sites": ["a.test", "b.test"], "companions": ["c.test"]}

    assert sites_told(asked) == ["a.test", "b.test", "c.test"]
    assert sites_told({**asked, "agreed": {"sites": ["b.test"], "companions": []}}) == ["b.test"]


def test_a_line_without_times_says_no_time_and_one_of_nobodys_making_is_refused() -> None:
    assert when_told({}, LONDON) == "no time"
    with pytest.raises(ValueError, match="no zone"):
        when_told({"starts_at": "2026-11-24T10:00:00", "ends_at": "2026-11-24T11:00:00"}, LONDON)

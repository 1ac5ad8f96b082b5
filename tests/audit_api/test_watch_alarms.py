"""What the filter noticed about itself is an alarm, and a letter a day; and nothing without cause."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from audit_api.alarms import alarms
from audit_api.watch_alarms import TOLD, look
from audit_log.block_share import WEEK
from tests.audit_api.logged import store
from tests.audit_api.reported import count
from tests.audit_api.school import School
from tests.audit_api.test_alarms import visit
from tests.audit_api.test_canaries import a_canary
from tests.builders import NOON

TEN = NOON - timedelta(hours=2)  # ten to eleven on a Tuesday: lessons, but for a break
FELL = "Fewer requests were blocked than usual: 2.0 %, Tuesday 24 November 2026, 10:00 to 11:00."


def an_hour(school: School, at: datetime, requests: int, blocked: int) -> None:
    count(school, requests - blocked, "education", at=at)
    count(school, blocked, "gambling", "block", at=at)


def usual(school: School, weeks: Iterable[int] = (1, 2, 3), at: datetime = TEN) -> None:
    for week in weeks:
        an_hour(school, at - week * WEEK, 1000, 100)


def told(school: School) -> list[str]:
    """Without what the canaries have to say."""
    said = [each.says for each in alarms(visit(school, "gail"))]
    return [each for each in said if "asked itself" not in each]


def test_a_fall_is_told_with_both_shares(school: School) -> None:
    usual(school, (1, 2, 3))
    an_hour(school, TEN, 1000, 20)
    (said,) = told(school)
    assert said.startswith(FELL)
    assert "is 10.0 %" in said
    (alarm,) = [each for each in alarms(visit(school, "hedy")) if "blocked" in each.says]
    assert (alarm.tone, alarm.href) == ("bad", "/canaries")


@pytest.mark.parametrize(
    ("at", "requests", "blocked", "weeks"),
    [
        (TEN, 1000, 71, (1, 2, 3)),  # three tenths less is not yet a fall
        (TEN, 1000, 0, (1, 2)),  # the first weeks: nobody knows what is usual
        (TEN, 150, 0, (1, 2, 3)),  # too few requests
        (NOON - timedelta(hours=14), 1000, 0, (1, 2, 3)),  # at night
        (NOON - timedelta(days=2, hours=2), 1000, 0, (1, 2, 3)),  # on a Sunday
        (TEN - timedelta(days=7), 1000, 0, (1, 2, 3)),  # last week: it was told then
    ],
)
def test_nothing_is_told_without_cause(
    school: School, at: datetime, requests: int, blocked: int, weeks: tuple[int, ...]
) -> None:
    usual(school, weeks, at)
    an_hour(school, at, requests, blocked)
    assert told(school) == []


def test_holidays_are_neither_unusual_nor_usual(school: School) -> None:
    """27 October 2026 is in half-term: what was blocked then is no measure for a Tuesday in term."""
    usual(school, (1, 2))
    an_hour(school, datetime(2026, 10, 27, 10, tzinfo=UTC), 1000, 900)
    an_hour(school, TEN, 1000, 5)
    assert told(school) == [], "two weeks are known, and no third"
    usual(school, (6,), TEN - timedelta(hours=1))  # before the clocks went back, ten o'clock was nine in UTC
    assert len(told(school)) == 1


def test_a_letter_goes_once_a_day(school: School) -> None:
    usual(school, (1, 2, 3))
    an_hour(school, TEN, 1000, 20)
    window = school.app.state.window
    with capture_logs() as said:
        for _ in range(3):
            look(window, NOON)
    assert [each["event"] for each in said].count("blocks.fallen") == 1
    assert (school.desk.state / TOLD).read_text() == "2026-11-24"
    an_hour(school, TEN + timedelta(days=1), 1000, 20)
    usual(school, (1, 2, 3), TEN + timedelta(days=1))
    with capture_logs() as said:
        look(window, NOON + timedelta(days=1))
    assert [each["event"] for each in said].count("blocks.fallen") == 1


def test_a_canary_with_a_wrong_answer_and_canaries_that_stopped_are_told(school: School) -> None:
    wrong = a_canary("staff", "gambling", 9, verdict="allow", reason="category-allowed", outcome="failed")
    store(school.desk.engine, [a_canary("staff", "gambling"), wrong])
    (said,) = [each.says for each in alarms(visit(school, "gail"))]
    assert said.startswith("The filter asked itself and got a wrong answer: gambling, for staff: let by")
    school.clock.forward(hours=4)
    late = [each.says for each in alarms(visit(school, "gail"))][-1]
    assert late.startswith("The filter has not asked itself since Tue 24 Nov 2026, 11:51.")


def test_how_the_share_stands_is_said_where_nothing_is_wrong_too(school: School) -> None:
    def page() -> str:
        return school.browser("gail")[0].get("/canaries").text

    an_hour(school, TEN + timedelta(hours=1), 1000, 95)
    assert "is not known yet" in page()
    usual(school, (1, 2, 3), TEN + timedelta(hours=1))
    assert "Blocked: 9.5 % of requests" in page()

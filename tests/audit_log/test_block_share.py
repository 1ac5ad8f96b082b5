"""Less blocked than usual is told; nothing is told where too little is known."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from audit_log.block_share import (
    BLOCKED,
    KNOWN,
    REQUESTS,
    WEEK,
    Finding,
    Total,
    judged,
    share_of,
    totals_of,
    weeks_before,
)
from audit_log.db import reading
from audit_log.recorder import Recorder
from tests.audit_log.records import a_segment, a_whole, an_open
from tests.audit_log.test_kinds_beside_requests import CANARY
from tests.builders import NOON

LONDON = ZoneInfo("Europe/London")
totals = st.integers(0, 5000).flatmap(lambda n: st.integers(0, n).map(lambda shut: Total(n, shut)))
percents = st.integers(10, 95)


@given(totals, st.lists(totals, max_size=8), percents)
def test_an_alarm_needs_enough_of_everything(hour: Total, before: list[Total], percent: int) -> None:
    found = judged(hour, before, percent)
    if found.finding is Finding.FALLEN:
        assert found.usual is not None
        assert hour.requests >= REQUESTS
        assert found.usual * hour.requests >= BLOCKED
        assert sum(each.requests >= REQUESTS for each in before) >= KNOWN
        assert found.now * 100 < found.usual * percent
    assert (found.usual is None) == (found.finding is Finding.NOT_KNOWN)


@given(totals, st.lists(totals, max_size=8), percents)
def test_more_blocks_never_make_an_alarm(hour: Total, before: list[Total], percent: int) -> None:
    more = Total(hour.requests, hour.requests)
    if judged(hour, before, percent).finding is not Finding.FALLEN:
        assert judged(more, before, percent).finding is not Finding.FALLEN
    assert judged(more, before, percent).finding is not Finding.FALLEN


@given(totals, st.lists(totals, max_size=8), percents)
def test_the_order_of_the_weeks_does_not_matter(hour: Total, before: list[Total], percent: int) -> None:
    assert judged(hour, before, percent) == judged(hour, before[::-1], percent)


@given(totals, st.lists(totals, min_size=3, max_size=8), percents, percents)
def test_who_wants_to_hear_of_less_hears_of_less(
    hour: Total, before: list[Total], one: int, other: int
) -> None:
    low, high = sorted((one, other))
    if judged(hour, before, low).finding is Finding.FALLEN:
        assert judged(hour, before, high).finding is Finding.FALLEN


def test_one_odd_week_makes_no_usual() -> None:
    usual, odd = Total(1000, 100), Total(1000, 900)
    assert judged(Total(1000, 90), [usual, odd, usual, usual], 70).finding is Finding.USUAL
    assert judged(Total(1000, 60), [usual, odd, usual, usual], 70).finding is Finding.FALLEN


def test_the_hour_is_by_the_clock_on_the_wall() -> None:
    """On 28 March 2027 the clocks go forward: nine o'clock was nine in UTC, and is eight."""
    nine = datetime(2027, 3, 30, 8, tzinfo=UTC)
    assert weeks_before(nine, LONDON)[0] == datetime(2027, 3, 23, 9, tzinfo=UTC)


def test_only_lessons_are_usual() -> None:
    hour = NOON
    weeks = {at: Total(1000, 100) for at in weeks_before(hour, LONDON)}
    now = {hour: Total(1000, 10)}
    assert share_of(weeks | now, hour, set(weeks), LONDON, 70).finding is Finding.FALLEN
    assert share_of(weeks | now, hour, set(), LONDON, 70).finding is Finding.NOT_KNOWN
    assert share_of(now, hour, set(weeks), LONDON, 70).finding is Finding.NOT_KNOWN
    assert share_of(weeks, hour, set(weeks), LONDON, 70).finding is Finding.TOO_FEW


def test_the_totals_are_those_of_requests_by_hour(engine: Engine, tmp_path: Path) -> None:
    later = NOON + timedelta(hours=1, minutes=5)
    records = [an_open(1), a_whole(2), a_whole(3), a_whole(4) | CANARY, an_open(5, at=later)]
    a_segment(tmp_path, records)
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()

    with reading(engine) as conn:
        found = totals_of(conn, [NOON, NOON - WEEK])
    assert found == {NOON: Total(3, 2)}

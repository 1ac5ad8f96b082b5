"""The example school's past: written with the clock of then, through the same verbs as anything else."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from audit_log.change_log import entries
from audit_log.db import reading
from audit_log.segments import read_segment, segments
from audit_log.verification import verify
from filter_policy.life_cycle import State
from schoolgate.demo.founding import found_world
from schoolgate.demo.past_changes import Past, Week, write_past_changes
from schoolgate.demo.past_requests import write_past_requests
from schoolgate.demo.policy_text import policy_of
from schoolgate.demo.setting import write_config
from schoolgate.demo.world import example_world
from schoolgate.wiring import open_desk

LONDON = ZoneInfo("Europe/London")
TUESDAY = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("day", range(7))
def test_whatever_day_it_is_there_are_five_school_days_behind(day: int) -> None:
    week = Week.before(TUESDAY + timedelta(days=day), LONDON)

    assert len(week.days) >= 5
    assert all(each.weekday() < 5 for each in week.days)
    assert week.at(4, 9) < week.at(0, 9) < week.at(-1, 9)
    assert week.at(-1, 9).astimezone(LONDON).weekday() < 5
    assert week.at(-1, 9) > TUESDAY + timedelta(days=day)


def test_an_hour_is_that_of_the_classroom_in_summer_too() -> None:
    week = Week.before(datetime(2027, 6, 15, 11, 0, tzinfo=UTC), LONDON)

    assert week.at(0, 10) == datetime(2027, 6, 15, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module", params=["morning", "night"])
def past(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Written as of a Tuesday, once early and once late."""
    now = TUESDAY.replace(hour=5 if request.param == "morning" else 23)
    state: Path = tmp_path_factory.mktemp(request.param) / "state"
    world = example_world()
    desk = open_desk(write_config(state, world.categories))
    school = found_world(desk, world, policy_of(world, now.date(), []), now - timedelta(days=8))
    past = write_past_changes(school, Week.before(now, LONDON))
    write_past_requests(past)
    return past


def test_the_log_is_whole_and_in_the_order_of_the_clock(past: Past) -> None:
    with reading(past.school.desk.engine) as conn:
        lines = entries(conn, limit=200)
        verdict = verify(conn, past.school.desk.key.public_key())

    times = [line.at for line in sorted(lines, key=lambda line: line.seq)]
    assert verdict.whole
    assert times == sorted(times)
    assert times[-1] < past.week.now


def test_there_is_one_of_everything_that_can_become_of_a_request(past: Past) -> None:
    states = {key: proposal.state for key, proposal in past.made.items()}

    assert set(states.values()) >= {State.APPROVED, State.DECLINED, State.WITHDRAWN, State.REVOKED}
    assert states["waiting"] is State.REQUESTED
    assert past.openings


def test_every_row_is_of_the_past_and_says_what_the_policy_said(past: Past) -> None:
    found = segments(past.school.desk.state / "journal")
    rows = [row for segment in found for _, row in read_segment(segment.path, 0) if row["t"] == "whole"]
    reasons = Counter(row["reason"] for row in rows)

    assert len(rows) > 300
    assert all(datetime.fromisoformat(row["at"]) < past.week.now for row in rows)
    assert reasons["unblock"] >= 3
    assert set(reasons) >= {"category-allowed", "category-not-allowed", "locked", "unlisted-allowed"}
    assert all(row["status"] == (403 if row["verdict"] == "block" else 200) for row in rows)

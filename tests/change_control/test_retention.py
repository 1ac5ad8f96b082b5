"""What is old enough goes, with a sealed line; what is held stays; and both verify afterwards."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from audit_log import parts
from audit_log.db import reading, writing
from audit_log.recorder import Recorder
from audit_log.sealed_lines import PURGE_INCIDENTS, PURGE_TOTALS
from audit_log.sightings import ONE_CHANGE
from change_control.desk import Desk
from change_control.proposals import approve, propose_policy
from change_control.protecting import propose_release
from change_control.retention import days_kept, due_parts, purge, why_not_now
from change_control.row_seals import state_hours
from filter_policy.parse import parse_policy
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.audit_log.earlier import store_earlier
from tests.audit_log.records import a_segment, a_whole, add_to, event_id
from tests.builders import NOON, POLICY
from tests.change_control.aging import ONE_DAY, OVER, TODAY, School
from tests.change_control.protected import EITHER, holds_back, school_in, verified
from tests.change_control.school import refused, the


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in(request.param, request, tmp_path):
        yield School(desk, tmp_path / "journal")


@pytest.fixture
def alone(desk: Desk, tmp_path: Path) -> School:
    return School(desk, tmp_path / "journal")


@EITHER
def test_a_part_whose_time_is_over_goes_whole_with_a_line(either: School) -> None:
    for _ in range(3):
        either.record()
    assert either.purge(OVER - ONE_DAY) == 0
    assert either.purge() == 3

    (line,) = either.lines()
    assert {name: line[name] for name in ("keep", "day", "days", "rows", "kept_back", "upto_seal")} == {
        "keep": "pupils",
        "day": "2026-11-24",
        "days": 90,
        "rows": 3,
        "kept_back": 0,
        "upto_seal": 3,
    }
    with reading(either.desk.engine) as conn:
        assert TODAY not in [each.first for each in parts.tables(conn)]
    assert either.ids() == []
    assert either.count("filtering_leaf") == 0
    found = verified(either.desk)
    assert found.whole, found.says
    assert "all 0 rows are as they were sealed. 3 more were removed when their time was over" in found.says


@EITHER
def test_what_is_kept_longer_stays_in_its_table(either: School) -> None:
    agree_on(either.desk, POLICY.replace("search_terms: false, days: 90", "search_terms: false, days: 95"))
    either.record()
    staff = either.record(keep="adults")
    assert either.purge() == 1

    assert either.ids() == [staff]
    assert verified(either.desk).whole
    assert either.purge(OVER + 5 * ONE_DAY) == 1
    assert [each["keep"] for each in either.lines()] == ["pupils", "adults"]
    found = verified(either.desk)
    assert found.whole, found.says


def agree_on(desk: Desk, policy: str) -> None:
    asked = propose_policy(desk, the(desk, "terry"), policy, "other times to keep", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)


@EITHER
def test_rows_under_a_hold_placed_just_before_stay(either: School) -> None:
    anna = the(either.desk, "anna").person_id
    kept = either.record(person=anna)
    either.record(person="p_ben")
    nobody = either.record(person=None)
    either.steady(OVER)
    holds_back(either.desk, "cora", "anna", to_at=NOON + ONE_DAY)
    assert purge(either.desk, OVER).rows == 2

    assert either.ids() == [kept]
    assert nobody not in either.ids()
    assert [(each["rows"], each["kept_back"]) for each in either.lines()] == [(2, 1)]
    assert either.count("filtering_leaf") == 1
    found = verified(either.desk)
    assert found.whole, found.says


@EITHER
def test_once_a_hold_is_released_the_rest_goes(either: School) -> None:
    anna = the(either.desk, "anna").person_id
    either.record(person=anna)
    either.record(person="p_ben")
    hold = holds_back(either.desk, "cora", "anna", to_at=NOON + ONE_DAY)
    either.purge()
    assert either.purge(OVER + ONE_DAY) == 0
    assert len(either.lines()) == 1, "what stays is not told of each night"
    asked = propose_release(either.desk, the(either.desk, "terry"), hold.id, "the enquiry is over", NOON)
    approve(either.desk, the(either.desk, "hedy"), asked.id, "", NOON)

    assert either.purge(OVER + 2 * ONE_DAY) == 1
    assert [(each["rows"], each["kept_back"]) for each in either.lines()] == [(1, 1), (1, 0)]
    found = verified(either.desk)
    assert found.whole, found.says


@EITHER
@pytest.mark.parametrize("forgotten", [False, True])
def test_rows_of_incidents_stay_as_long_as_incidents_do(either: School, forgotten: bool) -> None:
    kept = either.record(reason="illegal", url="sealed:ff", host=None)
    either.record()
    if forgotten:  # the rows say so themselves
        either.attack("DELETE FROM sighting")
    assert either.purge() == 1
    assert either.ids() == [kept]
    assert either.purge(NOON + 366 * ONE_DAY) == 1

    told = [] if forgotten else [{"before": "2026-11-25", "incidents": 1}]
    assert either.lines(PURGE_INCIDENTS) == told
    assert either.count("sighting") == 0
    assert verified(either.desk).whole


@EITHER
def test_a_row_of_a_laptop_that_roams_goes_with_the_others(either: School) -> None:
    shared: dict[str, Any] = {"kind": "event", "reason": "account-shared", "verdict": "allow"}
    shared |= {"url": None, "host": None}
    kept = either.record(**shared, rule="devices: 2")
    either.record(**shared, rule=ONE_CHANGE)
    without_a_rule = either.record(**shared, rule=None)
    assert either.purge() == 1
    assert either.ids() == sorted([kept, without_a_rule])
    assert verified(either.desk).whole


@EITHER
def test_rows_that_come_late_go_the_next_time(either: School) -> None:
    either.record()
    either.purge()
    either.record(stored=OVER + timedelta(hours=1))
    assert verified(either.desk).whole, verified(either.desk).says
    assert either.purge(OVER + ONE_DAY) == 1

    assert either.ids() == []
    assert [each["rows"] for each in either.lines()] == [1, 1]
    found = verified(either.desk)
    assert found.whole, found.says


@EITHER
def test_totals_stay_after_the_rows_and_go_in_their_own_time(either: School) -> None:
    either.record()
    either.purge()
    assert either.count("rollup_day") == either.count("rollup_hour") == 1
    assert either.purge(NOON + 1096 * ONE_DAY) == 0

    assert either.lines(PURGE_TOTALS) == [{"before": "2026-11-25", "hours": 1, "days": 1}]
    assert either.count("rollup_day") == either.count("rollup_hour") == 0
    assert verified(either.desk).whole


def test_how_long_is_what_the_policy_in_force_says() -> None:
    record = "record: {pupils: {days: 10}, everyone: {days: 20}, upper-ks2: {days: 30}}"
    policy = parse_policy(POLICY[: POLICY.index("record:")] + record + "\n")

    kept = {keep: days_kept(policy, keep) for keep in ("pupils", "upper-ks2", "adults", "earlier")}
    assert kept == {"pupils": 10, "upper-ks2": 30, "adults": 20, "earlier": 30}
    assert days_kept(parse_policy(POLICY), "everyone") == 90


def test_parts_are_due_oldest_first(alone: School) -> None:
    for days in (1, 0, 2):
        alone.record(NOON + days * ONE_DAY)
    with reading(alone.desk.engine) as conn:
        due = due_parts(conn, parse_policy(POLICY), OVER + ONE_DAY)

    assert [each.name for each in due] == ["pupils/2026-11-24", "pupils/2026-11-25"]


# The clock


def test_nothing_is_removed_when_the_clock_has_leapt(alone: School) -> None:
    alone.record()
    for now in (NOON, OVER):
        state_hours(alone.desk, now + timedelta(hours=2))
    leapt = purge(alone.desk, OVER + timedelta(hours=2))

    assert leapt.rows == 0
    assert leapt.waits is not None
    assert "48 hours of these are left" in leapt.waits


def test_after_two_days_of_hours_it_goes_on(alone: School) -> None:
    alone.record()
    waits = []
    for hours in (0, 24, 48):
        now = OVER + timedelta(hours=hours)
        state_hours(alone.desk, now)
        with reading(alone.desk.engine) as conn:
            waits.append(why_not_now(conn, now))

    assert [each is None for each in waits] == [False, False, True]
    assert purge(alone.desk, OVER + timedelta(hours=48)).rows == 1


def test_a_log_in_which_no_hour_was_stated_lately_is_left_alone(alone: School) -> None:
    alone.record()
    alone.steady(OVER)

    assert purge(alone.desk, OVER + 3 * ONE_DAY).waits is not None


def test_nothing_is_removed_while_nothing_can_be_signed(alone: School) -> None:
    alone.record()
    alone.steady(OVER)
    alone.attack("UPDATE checkpoint SET note = 'none'")
    refused("refused", lambda: purge(alone.desk, OVER))

    assert len(alone.ids()) == 1


def test_a_day_without_a_request_leaves_no_empty_table(alone: School) -> None:
    alone.record()
    with writing(alone.desk.engine) as conn:
        parts.ensure(conn, [date(2024, 1, 1)])
    alone.purge()

    with reading(alone.desk.engine) as conn:
        assert [each.first for each in parts.tables(conn)] == [date(2026, 12, 1)], "made ahead, not over yet"


@EITHER
def test_a_recorder_that_goes_on_makes_the_table_of_a_late_row_again(either: School) -> None:
    recorder = Recorder(either.desk.engine, either.folder, clock=lambda: OVER)
    add_to(either.path, a_whole(1, keep="pupils"))
    recorder.run_once()
    either.purge()
    assert either.ids() == []
    a_segment(either.folder, [a_whole(2, keep="pupils")], ns=2)  # a gate that starts anew
    at_once = Event()
    at_once.set()
    for _ in range(2):  # it may find out only by trying that the table has gone
        recorder.run(at_once)

    assert either.ids() == [event_id(2)]
    found = verified(either.desk)
    assert found.whole, found.says


def test_rows_of_before_go_all_at_once_when_the_last_is_old_enough_for_anybody(alone: School) -> None:
    with writing(alone.desk.engine) as conn:
        store_earlier(conn)
    alone.steady(OVER - timedelta(hours=3))
    assert alone.purge() == 0, "the last day of that time was a day later"
    assert alone.purge(OVER + ONE_DAY) == 4

    assert [(each["keep"], each["day"], each["rows"]) for each in alone.lines()] == [("earlier", None, 4)]
    found = verified(alone.desk)
    assert found.whole, found.says

"""Rows that are about no request: what the gate noticed, and what it asked itself. Both are kept and sealed,
and no total, no replay and no figure counts them.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from audit_log.db import reading
from audit_log.filtering_log import Filter, count, last_seal, newer, search, stream
from audit_log.recorder import Recorder
from audit_log.replay import Stretch, Wanted, groups
from audit_log.tables import rollup_day, rollup_hour
from audit_log.unblock_use import opened_besides, used, was_used
from tests.audit_log.attacks import verified
from tests.audit_log.records import Record, a_segment, a_whole, event_id
from tests.audit_log.test_sightings import GUESSED, SHARED
from tests.builders import NOON

CANARY: Record = {
    "kind": "canary",
    "person": None,
    "role": None,
    "classes": [],
    "list": "schoolgate",
    "entry": None,
    "url": "http://gambling.canary.schoolgate.invalid/",
    "host": "gambling.canary.schoolgate.invalid",
    "unblock": "u_1",
}
WINDOW = (NOON - timedelta(hours=1), NOON + timedelta(hours=1))
RECORDS = (
    a_whole(1),
    a_whole(2) | CANARY,
    a_whole(3) | CANARY | {"verdict": "allow", "reason": "unblock", "status": 200},
    a_whole(4) | SHARED,
    a_whole(5) | GUESSED,
)


@pytest.fixture
def log(engine: Engine, tmp_path: Path) -> Engine:
    a_segment(tmp_path, RECORDS)
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    return engine


def shown(engine: Engine, **what: Any) -> list[int]:
    with reading(engine) as conn:
        rows = search(conn, Filter(**what)).rows
        assert [row.event_id for row in rows] == [row.event_id for row in stream(conn, Filter(**what))]
        assert len(rows) == count(conn, Filter(**what))
    return [int(row.event_id) for row in rows]


@pytest.mark.parametrize("pages_only", [True, False, None])
def test_canaries_are_shown_only_to_who_asks_for_them(log: Engine, pages_only: bool | None) -> None:
    assert shown(log, pages_only=pages_only) == [5, 4, 1]
    assert shown(log, pages_only=pages_only, kind="canary") == [3, 2]
    assert shown(log, pages_only=pages_only, kind="event") == [5, 4]
    assert shown(log, pages_only=pages_only, host="schoolgate.invalid") == []
    assert shown(log, pages_only=pages_only, filter_group="upper-ks2") == [5, 4, 1]
    assert shown(log, pages_only=pages_only, unblock_id="u_1") == []


def test_who_watches_live_sees_events_and_no_canaries(log: Engine) -> None:
    with reading(log) as conn:
        assert [row.event_id for row in newer(conn, Filter(), 0).rows] == [event_id(n) for n in (1, 4, 5)]
        assert len(newer(conn, Filter(kind="canary"), 0).rows) == 2
        assert last_seal(conn) == 1


def test_no_total_counts_them_and_verify_agrees(log: Engine) -> None:
    with reading(log) as conn:
        for table in (rollup_hour, rollup_day):
            assert conn.scalar(select(func.sum(table.c.requests))) == 1
    assert verified(log).whole


def test_no_replay_of_a_proposal_counts_them(log: Engine) -> None:
    wanted = Wanted((Stretch(datetime(2026, 11, 24, tzinfo=UTC), 0),), NOON + timedelta(days=1))
    assert sum(number for _, number in groups(log, wanted)) == 1


def test_no_lesson_was_used_by_the_gate_itself(log: Engine) -> None:
    with reading(log) as conn:
        assert not was_used(conn, "u_1", WINDOW)
        assert used(conn, "u_1", WINDOW) == []
        assert opened_besides(conn, "u_2", ["p_anna"], WINDOW) == []

"""Each half of a row is looked up among the leaves of its seal, in whatever order rows come."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from audit_log.day_leaves import EDITED, FITS, OPENED, TWICE, UNKNOWN, DayLeaves
from audit_log.day_rows import rows_of_day
from audit_log.db import reading
from audit_log.recorder import Recorder
from audit_log.row_seal import half
from tests.audit_log.records import a_segment, a_whole, event_id
from tests.builders import NOON

PART = "everyone/2026-11-24"
COUNT = 9


@pytest.fixture
def log(engine: Engine, tmp_path: Path) -> Engine:
    a_segment(tmp_path, [a_whole(number) for number in range(1, COUNT + 1)])
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    return engine


@pytest.mark.parametrize("backwards", [False, True])
def test_every_row_is_found_in_either_order(log: Engine, backwards: bool) -> None:
    with reading(log) as conn:
        rows = sorted(rows_of_day(conn, NOON.date()), key=lambda row: str(row.event_id), reverse=backwards)
        leaves = DayLeaves(conn, [PART])
        state = leaves.seals[1]
        found = [
            leaves.look_up(state, which, row.halves[which]) for row in rows for which in (0, 1) if row.halves
        ]

    assert found == [FITS] * 2 * COUNT
    assert all(all(each) for each in state.seen)


def test_what_does_not_fit_is_told_apart(log: Engine) -> None:
    with reading(log) as conn:
        leaves = DayLeaves(conn, [PART])
        state = leaves.seals[1]
        first = next(row.halves for row in rows_of_day(conn, NOON.date()) if row.event_id == event_id(1))
        assert first is not None
        told = [
            leaves.look_up(state, OPENED, first[OPENED]),
            leaves.look_up(state, OPENED, first[OPENED]),
            leaves.look_up(state, OPENED, half(event_id(2), ("other",))),
            leaves.look_up(state, OPENED, half(event_id(77), ("new",))),
        ]
        left = leaves.unseen(state, OPENED)

    assert told == [FITS, TWICE, EDITED, UNKNOWN]
    assert left == [event_id(number) for number in range(3, COUNT + 1)]


def test_a_day_without_seals_has_no_leaves(log: Engine) -> None:
    with reading(log) as conn:
        assert DayLeaves(conn, []).seals == {}
        assert DayLeaves(conn, ["pupils/2026-11-24"]).seals == {}

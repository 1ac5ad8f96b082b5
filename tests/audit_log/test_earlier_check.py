"""When the rows of the first format have gone, all at once, those that were held still verify."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text

from audit_log.change_log import append
from audit_log.db import writing
from audit_log.first_seals import EARLIER
from audit_log.parts import tables
from audit_log.purging import Part, remove, weigh
from audit_log.recorder import Recorder
from audit_log.sealed_lines import PURGE
from audit_log.tables import legal_hold
from tests.audit_log.attacks import attack, verified
from tests.audit_log.earlier import store_earlier
from tests.audit_log.records import a_close, a_segment, a_whole, add_to, event_id
from tests.builders import NOON

ALL = Part(EARLIER, None)


@pytest.fixture
def log(engine: Engine, tmp_path: Path, without_guards: Callable[[Engine], None]) -> Engine:
    """Four rows of before, one of them of somebody else, and two of now."""
    with writing(engine) as conn:
        store_earlier(conn, ("p_anna", "p_ben", "p_anna", "p_anna"))
    path = a_segment(tmp_path, [a_whole(8)])
    add_to(path, a_whole(9), a_close(1))
    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()
    without_guards(engine)
    return engine


def hold_ben(engine: Engine) -> None:
    row = {"id": "h1", "person_id": "p_ben", "placed_by": "p_tess", "placed_at": NOON}
    times = {"from_at": NOON - timedelta(days=1), "to_at": NOON + timedelta(days=1)}
    with writing(engine) as conn:
        conn.execute(insert(legal_hold).values(row | times))


def purge(engine: Engine) -> int:
    with writing(engine) as conn:
        weighed = weigh(conn, ALL, 2)
        assert weighed is not None
        detail = weighed.detail(ALL, 90)
        append(conn, at=NOON, event=PURGE, actor="system", role="system", object_id="x", detail=detail)
        remove(conn, ALL, weighed)
        return weighed.rows


def test_all_of_it_goes_at_once_and_verifies(log: Engine) -> None:
    assert purge(log) == 4
    found = verified(log)

    assert found.whole, found.named
    assert found.entries == 2
    with log.connect() as conn:
        assert NOON.date() in [each.first for each in tables(conn)] or conn.dialect.name == "sqlite"


def test_what_was_held_stays_and_cannot_be_changed(log: Engine) -> None:
    hold_ben(log)
    assert purge(log) == 3
    assert verified(log).whole, verified(log).named
    changed = attack(log, "UPDATE {log} SET url = 'x' WHERE event_id = :id", id=event_id(2))

    assert "Of earlier, 1 rows were kept when the others were removed" in changed.named[0]


def test_a_held_row_that_is_gone_is_missed(log: Engine) -> None:
    hold_ben(log)
    purge(log)

    found = attack(log, "DELETE FROM {log} WHERE event_id = :id", id=event_id(2))
    assert "the 0 that are there are not these" in found.says


def test_what_is_said_of_it_must_agree_with_the_seals(log: Engine) -> None:
    purge(log)
    with writing(log) as conn:
        wrong = {"sealed": '"rows":4', "wrong": '"rows":3'}
        conn.execute(text("UPDATE change_log SET entry = replace(entry, :sealed, :wrong)"), wrong)

    assert verified(log).says == (
        "Of earlier, 4 rows were sealed, and the change log tells of 3 removed and 0 kept."
    )


def test_totals_of_its_days_are_held_to_what_they_were(log: Engine) -> None:
    purge(log)

    assert (
        "The totals of 25 November 2026 are not what they were"
        in attack(log, "UPDATE rollup_day SET requests = 9 WHERE day = '2026-11-25'").says
    )

"""What was opened for a class is what was sealed: a row that is longer, or another one, is named."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text

from audit_log.agreed_openings import AgreedOpenings
from audit_log.db import writing
from audit_log.seal import stamp
from audit_log.tables import opening
from tests.audit_log import told
from tests.audit_log.told import Line
from tests.builders import NOON

END = NOON + timedelta(minutes=30)
LATER = f"{NOON + timedelta(days=1):%Y-%m-%d %H:%M:%S.%f}"  # as SQLite keeps it
OPENED = {"classes": ["6B"], "starts_at": stamp(NOON), "ends_at": stamp(END)}


def line(seq: int, event: str, object_id: str, detail: Line, minutes: int = 0) -> Line:
    at = NOON + timedelta(minutes=minutes)
    return told.line(seq, event, object_id, detail, actor="p_tess", at=at)


LINE = line(1, "opening:open", "o_1", OPENED)


def fault_in(engine: Engine, *lines: Line) -> tuple[int, str] | None:
    return told.fault_of(AgreedOpenings(), engine, lines)


@pytest.fixture
def opened(engine: Engine) -> Engine:
    with writing(engine) as conn:
        row = {"opened_by": "p_tess", "classes": ["6B"], "starts_at": NOON, "ends_at": END, "reason": "r"}
        conn.execute(insert(opening).values(id="o_1", **row))
    return engine


def test_an_opening_as_it_was_sealed_is_whole(opened: Engine) -> None:
    assert fault_in(opened, LINE) is None


def test_an_opening_that_no_entry_tells_of_is_named(opened: Engine) -> None:
    assert fault_in(opened) == (1, "The database has an opening, o_1, that no entry tells of.")


@pytest.mark.parametrize(
    ("name", "value"),
    [("opened_by", "p_x"), ("classes", '["6A"]'), ("starts_at", LATER), ("ends_at", LATER)],
)
def test_an_opening_that_was_rewritten_is_named(opened: Engine, name: str, value: str) -> None:
    with writing(opened) as conn:
        conn.execute(text(f"UPDATE opening SET {name} = '{value}'"))  # noqa: S608  # our own words

    assert fault_in(opened, LINE) == (
        1,
        f"The opening o_1 is not what entry 1 says was sealed: its {name} was changed.",
    )


SHUT = {"person": "p_tess", "new": False, "set": {"role": "pupil"}}


@pytest.mark.parametrize(
    "shutting",
    [
        line(2, "opening:close", "o_1", {"ends_at": stamp(NOON + timedelta(minutes=9))}, 9),
        line(2, "person:suspend", "p_tess", {"openings": ["o_1"]}, 9),
        line(2, "person:end", "p_tess", {"openings": ["o_1"]}, 9),
        line(2, "people:approve", "r_1", {"people": [SHUT]}, 9),
        line(2, "people:tighten", "r_1", {"people": [SHUT]}, 9),
    ],
)
def test_an_opening_that_was_shut_early_is_not_open_again(opened: Engine, shutting: dict[str, Any]) -> None:
    found = fault_in(opened, LINE, shutting)
    assert found is not None
    assert found[0] == 2

    with writing(opened) as conn:
        conn.execute(opening.update().values(ends_at=NOON + timedelta(minutes=9)))
    assert fault_in(opened, LINE, shutting) is None


@pytest.mark.parametrize("detail", [{}, {"openings": ["o_9"]}, {"openings": None}])
def test_a_line_that_says_nothing_shuts_nothing_and_stops_nobody(
    opened: Engine, detail: dict[str, Any]
) -> None:
    assert fault_in(opened, LINE, line(2, "person:suspend", "p_tess", detail)) is None


def test_an_opening_that_was_over_already_stays_as_long_as_it_was(opened: Engine) -> None:
    assert fault_in(opened, LINE, line(2, "people:approve", "r_1", {"people": [SHUT]}, 31)) is None

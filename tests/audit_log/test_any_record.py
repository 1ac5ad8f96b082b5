"""Whatever a record holds: it is a row, in either database, or it is set aside; and no opening is lost with
its closing. Origins and clients choose much of what is in a record.
"""

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text

from audit_log.db import reading, writing
from audit_log.intake import checked
from audit_log.parts import ensure, table_for
from audit_log.recorder import Recorder
from audit_log.rows import BadRecord, closing_values, opening_values
from audit_log.tables import filtering_log, journal_aside
from tests.audit_log.attacks import verified
from tests.audit_log.records import Record, a_close, a_segment, an_open, event_id
from tests.builders import NOON

LENGTHS = (0, 1, 12, 13, 16, 17, 32, 33, 64, 65, 200, 201, 253, 254, 1200, 9000)
ODD = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
LONG = st.builds(lambda one, times: one * times, st.sampled_from("aé🦉\0\ud800."), st.sampled_from(LENGTHS))
NUMBERS = st.integers() | st.sampled_from([2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, 99_999_999_999])
PLAIN = st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | ODD | LONG
ANY = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3), max_leaves=5
)
TIMES = st.sampled_from(
    [f"{day}T12:00:00.000001Z" for day in ("2026-11-24", "2026-11-25", "2026-02-30", "9999-12-31")]
    + ["2026-11-24T12:00:00,000001Z", "2026-11-24T12:00:00.00000\u0661Z", "2026-11-24T24:00:00.000000Z"]
)
NAMES = (
    "kind",
    "person",
    "role",
    "groups",
    "classes",
    "address",
    "method",
    "url",
    "host",
    "category",
    "list",
)
MORE = ("entry", "verdict", "reason", "rule", "unblock", "revision", "terms", "page", "keep")
OPEN_CHANGES = st.dictionaries(st.sampled_from((*NAMES, *MORE)), ANY, max_size=3)
CLOSE_CHANGES = st.dictionaries(
    st.sampled_from(("status", "up", "down", "ms", "outcome", "decrypted")), ANY | NUMBERS, max_size=3
)
PAIRS = st.lists(st.tuples(OPEN_CHANGES, st.none() | TIMES, CLOSE_CHANGES), min_size=1, max_size=4)
numbers = count(1)


def is_row(record: Record) -> bool:
    try:
        checked(opening_values(record, "gate-1"))
    except BadRecord:
        return False
    return True


def is_closing(record: Record) -> bool:
    try:
        closing_values(record)
    except BadRecord:
        return False
    return True


def stored(engine: Engine) -> tuple[dict[str, str | None], set[str]]:
    """(outcome of each row, keys of what is set aside)"""
    with reading(engine) as conn:
        rows = conn.execute(select(filtering_log.c.event_id, filtering_log.c.outcome))
        return {row.event_id: row.outcome for row in rows}, set(conn.scalars(select(journal_aside.c.key)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=PAIRS)
def test_whatever_a_record_holds_it_is_a_row_or_set_aside(
    engine: Engine, tmp_path: Path, pairs: list[tuple[dict[str, Any], str | None, dict[str, Any]]]
) -> None:
    made = []
    for opening, at, closing in pairs:
        number = next(numbers)
        first = an_open(number, at=NOON, **opening) | ({"at": at} if at else {})
        made.append((event_id(number), first, a_close(number, **closing)))
    records = [half for _, first, last in made for half in (first, last)]
    a_segment(tmp_path, records, ns=next(numbers), how="continued")

    Recorder(engine, tmp_path, clock=lambda: NOON).run_once()

    rows, aside = stored(engine)
    for key, first, last in made:
        assert (key in rows) == (is_row(first) and first["at"][:4] != "9999"), first
        assert key in rows or key in aside, first
        if key in rows:
            assert (rows[key] != "interrupted") == is_closing(last), last
            assert is_closing(last) or f"{key}:close" in aside, last


def test_a_status_that_no_column_holds_hides_nothing(engine: Engine, tmp_path: Path) -> None:
    """An origin says `HTTP/1.1 99999999999 OK`."""
    a_segment(tmp_path, [an_open(1), a_close(1, status=99_999_999_999), an_open(2), a_close(2)])

    assert Recorder(engine, tmp_path, clock=lambda: NOON).run_once() == 2
    assert stored(engine) == ({event_id(1): "done", event_id(2): "done"}, set())
    assert verified(engine).whole


@pytest.fixture
def picky(engine: Engine) -> Engine:
    """A database that takes no row with the status 418, for a reason that we do not know of."""
    with writing(engine) as conn:
        ensure(conn, [NOON.date()])
        table = table_for(conn, NOON.date())
        if conn.dialect.name == "postgresql":
            conn.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT no_teapot CHECK (status <> 418)"))
        else:
            conn.execute(
                text(
                    f"CREATE TRIGGER no_teapot BEFORE INSERT ON {table} WHEN NEW.status = 418"
                    " BEGIN SELECT RAISE(ABORT, 'no teapots'); END"
                )
            )
    return engine


def test_an_opening_outlives_a_closing_that_the_database_refuses(picky: Engine, tmp_path: Path) -> None:
    a_segment(tmp_path, [an_open(1), a_close(1, status=418), an_open(2), a_close(2)])

    assert Recorder(picky, tmp_path, clock=lambda: NOON).run_once() == 2
    rows, aside = stored(picky)
    assert rows == {event_id(1): "interrupted", event_id(2): "done"}
    assert aside == {f"{event_id(1)}:close"}
    with reading(picky) as conn:
        assert json.loads(conn.scalar(select(journal_aside.c.record)) or "") == a_close(1, status=418)
    assert verified(picky).whole

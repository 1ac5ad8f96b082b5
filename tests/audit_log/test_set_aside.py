"""What could not become a row: how much, why, since when, without telling of anybody."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from audit_log.db import reading, writing
from audit_log.event_id import new_event_id
from audit_log.intake_known import NO_OPEN
from audit_log.set_aside import Aside, AsideRecord, fault_in, records_aside, set_aside, time_of
from audit_log.tables import journal_aside
from tests.builders import NOON

NANOSECONDS = 1_000_000_000


def id_at(at: datetime) -> str:
    return new_event_id(int(at.timestamp()) * NANOSECONDS)


def put_aside(engine: Engine, *rows: tuple[str, str, object]) -> None:
    with writing(engine) as conn:
        values = [{"key": key, "why": why, "record": json.dumps(record)} for key, why, record in rows]
        conn.execute(insert(journal_aside), values)


def test_faults_are_counted_by_kind_with_the_first_time(engine: Engine) -> None:
    late = NOON + timedelta(hours=1)
    put_aside(
        engine,
        (id_at(late), "not a time: 'https://secret.example/'", {}),
        (id_at(NOON), "not a time: 7", {}),
        ("gate-1-00000000000000000001.journal:77", "no record that we know", {}),
        (f"{id_at(NOON)}:close", NO_OPEN, {}),
        (id_at(NOON), "the database refuses it: DataError", {}),
    )

    with reading(engine) as conn:
        found = set_aside(conn)

    assert found[0] == Aside("not a time", 2, NOON)
    assert {each.why: each.first_at for each in found[1:]} == {
        NO_OPEN: NOON,
        "no record that we know": None,
        "the database refuses it: DataError": NOON,
    }
    assert [each.why for each in found if each.waits] == [NO_OPEN]


def test_records_are_read_page_by_page_with_whom_they_tell_of(engine: Engine) -> None:
    put_aside(
        engine,
        ("a", "odd", {"person": "p_anna"}),
        ("b", "odd", {"open": {"person": "p_anna"}, "close": {"person": "p_ben"}}),
        ("c", "odd", [1]),
    )

    with reading(engine) as conn:
        first = records_aside(conn, 2)
        rest = records_aside(conn, 2, after="b")

    assert [(each.key, sorted(each.people)) for each in first] == [
        ("a", ["p_anna"]),
        ("b", ["p_anna", "p_ben"]),
    ]
    assert rest == [AsideRecord("c", "odd", [1])]


@given(st.integers(min_value=0, max_value=2**54))
def test_the_time_of_an_event_stands_in_its_id(microseconds: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)

    told = time_of(new_event_id(microseconds * 1000) + ":close")

    assert told is not None
    assert abs(told - at) < timedelta(milliseconds=1)


@pytest.mark.parametrize("key", ["", "short", "gate-1-00000000000000000001.journal:5", "U" * 26, "u" * 26])
def test_what_is_no_id_has_no_time(key: str) -> None:
    assert time_of(key) is None


def test_the_value_at_fault_is_not_told() -> None:
    assert fault_in("not an outcome: 'bets.example'") == "not an outcome"

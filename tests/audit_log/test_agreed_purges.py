"""Removals against the policy and the holds in force when they were done."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from audit_log.agreed_purges import AgreedPurges
from audit_log.db import migrate, open_engine, reading
from audit_log.fault import Fault
from audit_log.seal import stamp
from tests.builders import NOON

TODAY = NOON.date()
ONE_DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def engine() -> Engine:
    made = open_engine("sqlite:///:memory:")
    migrate(made)
    return made


def purge(day: date | None, at: datetime, **said: Any) -> Mapping[str, Any]:
    whole = {"keep": "pupils", "day": day and str(day), "days": 90, "rows": 1, "totals_sha256": "00"} | said
    return {"seq": 9, "event": "retention:purge", "object": "x", "at": stamp(at), "detail": whole}


def fault_of(engine: Engine, *entries: Mapping[str, Any]) -> str | None:
    purges = AgreedPurges()
    for entry in entries:
        purges.add(entry)
    try:
        with reading(engine) as conn:
            purges.check(conn)
    except Fault as fault:
        return fault.says
    return None


@given(age=st.integers(0, 400), days=st.integers(1, 365))
def test_without_the_policy_s_text_a_removal_is_held_to_the_days_it_claims(
    engine: Engine, age: int, days: int
) -> None:
    found = fault_of(engine, purge(TODAY, NOON + age * ONE_DAY, days=days))

    assert (found is None) == (age > days)


@pytest.mark.parametrize("age", [90, 91])
def test_earlier_rows_go_by_the_last_of_their_days(engine: Engine, age: int) -> None:
    totals = {str(TODAY): "00", str(TODAY + ONE_DAY): "00"}
    found = fault_of(engine, purge(None, NOON + age * ONE_DAY, keep="earlier", totals_sha256=totals))

    assert (found is None) == (age == 91)


@pytest.mark.parametrize("released", [False, True])
def test_a_hold_counts_until_a_line_says_that_it_was_released(engine: Engine, released: bool) -> None:
    ends = {"person": None, "from": stamp(NOON - ONE_DAY), "to": stamp(NOON + ONE_DAY)}
    hold = {"seq": 1, "event": "hold:place", "object": "h", "detail": ends}
    release = {"seq": 2, "event": "hold-release:approve", "object": "p", "detail": {"hold": "h"}}
    found = fault_of(engine, hold, *([release] if released else []), purge(TODAY, NOON + 100 * ONE_DAY))

    assert (found is None) == released


@pytest.mark.parametrize("said", [{"day": 5}, {"days": None}, {"day": None}, {"day": "never"}])
def test_a_line_that_says_nothing_is_named(engine: Engine, said: dict[str, Any]) -> None:
    line = purge(TODAY, NOON)
    damaged = {**line, "detail": {**line["detail"], **said}}

    assert fault_of(engine, damaged) == "Entry 9 does not say what was removed."

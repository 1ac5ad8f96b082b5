"""Rows show no address as long as an open case of what may be illegal holds them; others do."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from audit_log.db import reading, writing
from audit_log.filtering_log import search
from audit_log.illegal_rows import illegal_rows
from audit_log.tables import incident
from tests.audit_log.stored import a_row, store
from tests.audit_log.test_corrections import a_correction
from tests.audit_log.test_corrections import keep as correct
from tests.audit_log.test_incident_holds import a_case, a_range, held, put
from tests.builders import NOON

DEVICE = "10.0.0.5"
ROWS = (
    a_row(1),
    a_row(2, client_address=DEVICE),
    a_row(3, person_id="p_ben", client_address=f"::ffff:{DEVICE}"),
    a_row(4, person_id="p_ben"),
    a_row(5, person_id=None, client_address=None),
    a_row(6, person_id=None, client_address=DEVICE, rule="investigation.c1"),
    a_row(20),
    a_row(30, at=NOON + timedelta(hours=1)),
)
WHOLE = ("url", "host", "entry", "search_terms", "unblock_id")


def without_address(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        held_rows = illegal_rows(conn)
        rows = search(conn).rows
    return sorted(row.event_id[-3:] for row in rows if held_rows.over(row).url is None)


@pytest.mark.parametrize(
    "evidence",
    [
        a_range(),
        a_range(person="p_ben"),
        a_range(person=None, device=DEVICE),
        a_range(device=DEVICE),
        a_range(person=None, event=ROWS[4]["event_id"]),
        a_range(person="p_nobody"),
    ],
)
def test_what_shows_no_address_is_just_what_is_held(engine: Engine, evidence: dict[str, Any]) -> None:
    store(engine, *ROWS)
    known = (a_correction(),)  # Anna's first ten seconds were Ben's
    correct(engine, *known)
    a_case(engine, evidence, lane="illegal")
    with reading(engine) as conn:
        kept = held(conn, known)
    assert without_address(engine) == kept


def test_in_the_other_lane_and_when_it_is_over_all_of_it_is_shown(engine: Engine) -> None:
    store(engine, *ROWS)
    a_case(engine, a_range())
    assert without_address(engine) == []
    a_case(engine, a_range(), id_="c2", lane="illegal")
    assert without_address(engine) != []
    with writing(engine) as conn:
        conn.execute(update(incident).values(state="closed"))
    assert without_address(engine) == []


def test_nothing_else_on_the_row_leads_there_either(engine: Engine) -> None:
    told = {"entry": "news.bbc.example/world", "search_terms": "rivers", "unblock_id": "u1"}
    rules = ("sites.news.bbc.example/world", "access.news.everyone", "investigation.c1")
    store(engine, *(a_row(number, rule=rule, **told) for number, rule in enumerate(rules)))
    a_case(engine, a_range(), lane="illegal")
    with reading(engine) as conn:
        held_rows = illegal_rows(conn)
        shown = [held_rows.over(row) for row in search(conn).rows]
        stored = held_rows.over_values(a_row(1, rule=rules[0]))
    assert {getattr(row, name) for row in shown for name in WHOLE} == {None}
    assert [row.rule for row in shown] == ["investigation.c1", "access.news.everyone", None]
    assert {row.status for row in shown} == {200}
    assert (stored["host"], stored["rule"], stored["status"]) == (None, None, 200)


def test_a_case_that_somebody_damaged_stops_nobody_from_reading(engine: Engine) -> None:
    store(engine, *ROWS)
    a_case(engine, a_range(person="p_ben"), lane="illegal")
    a_case(engine, a_range(), id_="c2", lane="illegal")
    put(engine, {"id": "e2"})
    assert without_address(engine) == ["001", "002", "020"]

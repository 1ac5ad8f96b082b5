"""Which rows an open case holds: by its lines alone, however many ranges these are."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select

from audit_log.db import reading, writing
from audit_log.fault import Fault
from audit_log.incident_fold import fold
from audit_log.incident_holds import held_by_cases, held_ranges, holding, rows_of_evidence
from audit_log.incident_model import Incident, IncidentEntry
from audit_log.incidents import sealed, store_entry
from audit_log.tables import filtering_log, incident_entry
from tests.audit_log.stored import a_row, store
from tests.audit_log.test_corrections import a_correction
from tests.audit_log.test_corrections import keep as correct
from tests.builders import NOON

HOUR = timedelta(hours=1)
REPORT = {
    "source": "rule",
    "kind": "bullying",
    "about": "pupil",
    "lane": "inappropriate",
    "restricted": False,
}


def a_range(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Anna's first hour."""
    said = {"id": f"e{number}", "from": NOON.isoformat(), "to": (NOON + HOUR).isoformat(), "person": "p_anna"}
    return said | changes


def a_case(engine: Engine, *evidence: dict[str, Any], id_: str = "c1", **report: str) -> Incident:
    lines = [("report", REPORT | report), *(("evidence", each) for each in evidence)]
    entries: list[IncidentEntry] = []
    with writing(engine) as conn:
        first = (conn.scalar(select(incident_entry.c.seq).order_by(incident_entry.c.seq.desc())) or 0) + 1
        for seq, (act, facts) in enumerate(lines, start=first):
            kept = sealed(facts)
            entry = IncidentEntry(seq, id_, act, id_, "p_cora", NOON, kept.facts, kept.salt, kept.text)
            entries.append(entry)
            store_entry(conn, entry, fold(entries))
    return fold(entries)


def held(conn: Connection, known: Any = (), days: Any = ()) -> list[str]:
    log = filtering_log.c
    asked = select(log.event_id).where(held_by_cases(conn, known, days)).order_by(log.event_id)
    return [each[-3:] for each in conn.scalars(asked)]


def test_rows_of_a_person_at_a_device_are_of_both(engine: Engine) -> None:
    device = "10.0.0.5"
    store(
        engine,
        a_row(1, client_address=device),
        a_row(2, client_address=f"::ffff:{device}"),
        a_row(3),
        a_row(4, person_id=None, client_address=device),
    )
    a_case(engine, a_range(device=device))
    with reading(engine) as conn:
        assert held(conn) == ["001", "002"]
        assert held(conn, days=[NOON.date() + timedelta(days=1)]) == []


def test_one_row_is_held_though_nobody_knows_whose_it_is(engine: Engine) -> None:
    rows = [a_row(number, person_id=None, client_address=None) for number in (1, 2)]
    store(engine, *rows)
    case = a_case(engine, a_range(person=None, event=rows[1]["event_id"]))
    with reading(engine) as conn:
        assert held(conn) == ["002"]
        shown = rows_of_evidence(case.evidence[0], ())
        assert conn.scalars(select(filtering_log.c.event_id).where(shown)).all() == [rows[1]["event_id"]]
    assert held_ranges(case) == []


def test_what_a_correction_gave_to_somebody_else_is_held_and_not_shown(engine: Engine) -> None:
    store(engine, a_row(1), a_row(20))
    known = (a_correction(),)  # the first was Ben's
    correct(engine, *known)
    case = a_case(engine, a_range())
    with reading(engine) as conn:
        assert held(conn, known) == ["001", "020"]
        shown = select(filtering_log.c.event_id).where(rows_of_evidence(case.evidence[0], known))
        assert [each[-3:] for each in conn.scalars(shown)] == ["020"]


def test_thousands_of_ranges_are_no_deeper_than_a_database_goes(engine: Engine) -> None:
    store(engine, a_row(1), a_row(2, person_id="p_1150"))
    a_case(engine)
    put(engine, *(a_range(number, person=f"p_{number}") for number in range(1200)))
    with reading(engine) as conn:
        assert held(conn) == ["002"]


def test_ranges_that_touch_are_one(engine: Engine) -> None:
    store(engine, a_row(1), a_row(2, at=NOON + 3 * HOUR), a_row(3, at=NOON + 5 * HOUR))
    times = [(NOON + number * HOUR).isoformat() for number in range(5)]
    a_case(
        engine, *(a_range(number, **{"from": times[number], "to": times[number + 1]}) for number in range(4))
    )
    with reading(engine) as conn:
        assert held(conn) == ["001", "002"]


def test_lines_that_make_no_case_stop_whoever_asks(engine: Engine) -> None:
    put(engine, a_range())
    with reading(engine) as conn, pytest.raises(Fault, match="make no case"):
        holding(conn)


def put(engine: Engine, *evidence: dict[str, Any]) -> None:
    """Without a look at the case."""
    rows = []
    for number, each in enumerate(evidence, start=10_000):
        kept = sealed(each)
        row = {"seq": number, "incident_id": "c1", "act": "evidence", "object_id": "c1", "actor_id": "p_cora"}
        rows.append(row | {"at": NOON, "salt": kept.salt, "facts": kept.text})
    with writing(engine) as conn:
        conn.execute(insert(incident_entry), rows)

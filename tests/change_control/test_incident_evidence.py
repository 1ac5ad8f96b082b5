"""Evidence of a case: whose rows, when, and that whoever looked is seen."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from audit_log.incident_model import Incident
from change_control.desk import Desk
from change_control.incident_evidence import add_evidence, evidence_counts, evidence_rows, rows_of
from change_control.incidents import classify, join, to_illegal
from change_control.proposals import approve
from tests.builders import NOON
from tests.change_control.aging import School
from tests.change_control.incident_school import a_case, case_of
from tests.change_control.protected import HOUR, corrects, wrong
from tests.change_control.school import log_of, refused, somebody, the

LATER = NOON + timedelta(days=1)


@pytest.fixture
def aged(desk: Desk, tmp_path: Path) -> School:
    return School(desk, tmp_path / "journal")


def adds(desk: Desk, case: Incident, who: str = "cora", **raw: Any) -> Incident:
    return add_evidence(desk, the(desk, who), case.id, raw, LATER)


def between(first: int, last: int) -> dict[str, str]:
    return {"from": (NOON + first * HOUR).isoformat(), "to": (NOON + last * HOUR).isoformat()}


def test_an_hour_either_side_is_kept_with_what_was_asked_for(desk: Desk) -> None:
    case = adds(desk, a_case(desk), person="anna", why="the lesson", **between(0, 2))
    (kept,) = case.evidence
    assert (kept.from_at, kept.to_at) == (NOON - HOUR, NOON + 3 * HOUR)
    assert (kept.person_id, kept.device, kept.why) == (somebody(desk, "anna").id, None, "the lesson")
    assert case_of(desk, case) == case


def test_a_row_says_by_itself_who_and_when(aged: School) -> None:
    desk, anna = aged.desk, somebody(aged.desk, "anna").id
    row, nobodys = aged.record(person=anna), aged.record(person=None, address="10.0.0.5")
    case = adds(desk, adds(desk, a_case(desk), event=row), event=nobodys)
    assert [(each.person_id, each.device) for each in case.evidence] == [(anna, None), (None, "10.0.0.5")]
    assert case.evidence[0].from_at == NOON - HOUR


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({}, {"person", "from", "to"}),
        ({"event": "nothing"}, {"event"}),
        ({"event": "nothing", "person": "anna", "whom": 1}, {"event", "whom"}),
        ({"person": "nobody", "device": "a laptop", **between(0, 1)}, {"person", "device"}),
        ({"person": "anna", **between(1, 0)}, {"to"}),
        ({"person": "anna", **between(0, 30)}, {"to"}),
        ({"person": "anna", **between(-3000, 1)}, {"to"}),
        ({"person": "anna", "from": "2026-11-24", "to": "soon"}, {"to"}),
        ({"person": "anna", "from": "2026-11-24", "to": "2026-11-24"}, {"from", "to"}),
        ({"device": "10.0.0.5", "why": "x" * 3000, **between(0, 1)}, {"why"}),
    ],
)
def test_every_fault_is_told_at_once(desk: Desk, raw: dict[str, Any], fields: set[str]) -> None:
    case = a_case(desk)
    assert set(refused("bad-input", lambda: adds(desk, case, **raw)).fields) == fields
    assert not case_of(desk, case).evidence


def test_whoever_looks_is_seen_and_finds_the_rows_page_by_page(aged: School) -> None:
    desk, anna = aged.desk, somebody(aged.desk, "anna").id
    ids = [aged.record(at=NOON + timedelta(seconds=number), person=anna) for number in range(3)]
    aged.record(person="p_ben")
    case = adds(desk, a_case(desk), person="anna", **between(0, 1))
    kept, cora = case.evidence[0], the(desk, "cora")
    first = rows_of(desk, cora, case.id, kept.id, "to see what it was", LATER, limit=2)
    rest = rows_of(desk, cora, case.id, kept.id, "to see what it was", LATER, limit=2, after=first.next)
    assert [row.event_id for row in (*first.rows, *rest.rows)] == ids
    assert (rest.next, first.line + 1) == (None, rest.line)
    lines = log_of(desk)[-2:]
    assert [(line.event, line.actor) for line in lines] == [("incident:look", cora.person_id)] * 2
    assert anna not in str(lines) and "to see" not in str(lines)  # noqa: PT018  # one claim: nothing in clear
    with desk.engine.connect() as conn:
        assert evidence_counts(conn, case, cora, kept) == (3, 0)
        assert len(evidence_rows(conn, case, cora, kept, 10)) == 3


def test_nobody_looks_without_a_purpose_or_a_right(aged: School) -> None:
    desk = aged.desk
    case = adds(desk, a_case(desk), person="anna", **between(0, 1))
    kept = case.evidence[0].id
    refused("bad-input", lambda: rows_of(desk, the(desk, "cora"), case.id, kept, " ", LATER))
    refused("bad-input", lambda: rows_of(desk, the(desk, "cora"), case.id, kept, "why", LATER, after="x~y"))
    refused("not-found", lambda: rows_of(desk, the(desk, "cora"), case.id, "another", "why", LATER))
    refused("not-found", lambda: rows_of(desk, the(desk, "tess"), case.id, kept, "why", LATER))
    refused("wrong-role", lambda: rows_of(desk, the(desk, "gail"), case.id, kept, "why", LATER))
    refused("not-found", lambda: adds(desk, case, "tess", person="ben", **between(0, 1)))
    join(desk, the(desk, "cora"), case.id, somebody(desk, "tess").id, LATER)
    assert rows_of(desk, the(desk, "tess"), case.id, kept, "why", LATER).rows == ()


def test_who_is_named_to_a_case_reads_whom_it_is_about_and_what_a_leader_added(aged: School) -> None:
    desk, anna, ben = aged.desk, somebody(aged.desk, "anna").id, somebody(aged.desk, "ben").id
    annas = aged.record(person=anna, address="10.0.0.5")
    bens = aged.record(person=ben, address="10.0.0.6")
    case = a_case(desk, device="10.0.0.5")
    join(desk, the(desk, "cora"), case.id, somebody(desk, "tess").id, LATER)
    for raw in ({"person": "ben", **between(0, 1)}, {"device": "10.0.0.6", **between(0, 1)}, {"event": bens}):
        assert "leads the case" in refused("refused", partial(adds, desk, case, "tess", **raw)).says
    adds(desk, case, "tess", person="anna", **between(0, 1))
    adds(desk, case, "tess", device="10.0.0.5", **between(0, 1))
    adds(desk, case, "tess", event=annas)
    seen = adds(desk, case, "cora", person="ben", **between(0, 1)).evidence
    rows = [rows_of(desk, the(desk, "tess"), case.id, each.id, "why", LATER).rows for each in seen]
    assert [[row.event_id for row in some] for some in rows] == [[annas], [annas], [annas], [bens]]


def test_what_somebody_added_who_does_not_lead_the_case_opens_nothing_once_it_is_about_another(
    aged: School,
) -> None:
    desk, ben = aged.desk, somebody(aged.desk, "ben").id
    aged.record(person=ben)
    case = a_case(desk, about="ben")
    join(desk, the(desk, "cora"), case.id, somebody(desk, "tess").id, LATER)
    tess, cora = the(desk, "tess"), the(desk, "cora")
    kept = adds(desk, case, "tess", person="ben", **between(0, 1)).evidence[0]
    changed = [{"person": somebody(desk, "anna").id}, {"device": "10.0.0.6"}]
    for raw in changed:
        refused("wrong-role", partial(classify, desk, tess, case.id, raw, LATER))
    case = classify(desk, cora, case.id, changed[0], LATER)
    refused("refused", lambda: rows_of(desk, tess, case.id, kept.id, "why", LATER))
    with desk.engine.connect() as conn:
        assert evidence_counts(conn, case, tess, kept) == (0, 1)
        assert evidence_counts(conn, case, cora, kept) == (1, 0)


def test_of_a_technical_case_a_technician_adds_its_device_and_rows_without_a_name(
    aged: School,
) -> None:
    desk, ben = aged.desk, somebody(aged.desk, "ben").id
    bens = aged.record(person=ben)
    case = a_case(desk, "technical-breach", about=None, device="10.0.0.5")
    for raw in ({"person": "ben", **between(0, 1)}, {"device": "10.0.0.6", **between(0, 1)}):
        refused("refused", partial(adds, desk, case, "terry", **raw))
    adds(desk, case, "terry", device="10.0.0.5", **between(0, 1))
    row = adds(desk, case, "terry", event=bens).evidence[-1]
    assert (row.person_id, row.device, row.event_id) == (None, None, bens)


def test_in_the_illegal_lane_rows_are_kept_and_nobody_looks(aged: School) -> None:
    desk = aged.desk
    case = adds(desk, a_case(desk), person="anna", **between(0, 1))
    to_illegal(desk, the(desk, "cora"), case.id, "the police were told", LATER)
    case = adds(desk, case, device="10.0.0.5", **between(0, 1))
    first, second = (each.id for each in case.evidence)
    hedy = the(desk, "hedy")
    says = refused("refused", lambda: rows_of(desk, hedy, case.id, first, "why", LATER)).says
    assert "for the police" in says
    refused("refused", lambda: rows_of(desk, hedy, case.id, second, "why", LATER))
    assert not [line for line in log_of(desk) if line.event == "incident:look"]


def test_what_staff_browsed_is_read_by_the_headteacher_alone(aged: School) -> None:
    desk, tess = aged.desk, somebody(aged.desk, "tess").id
    aged.record(person=tess, role="staff", address="10.0.0.5")
    pupils = aged.record(address="10.0.0.5")
    case = adds(desk, a_case(desk), person="tess", **between(0, 1))
    of_tess, of_device = adds(desk, case, device="10.0.0.5", **between(0, 1)).evidence
    cora, hedy = the(desk, "cora"), the(desk, "hedy")
    says = refused("refused", lambda: rows_of(desk, cora, case.id, of_tess.id, "why", LATER)).says
    assert "ask for a disclosure" in says
    shown = rows_of(desk, cora, case.id, of_device.id, "why", LATER).rows
    assert [row.event_id for row in shown] == [pupils]
    assert len(rows_of(desk, hedy, case.id, of_tess.id, "why", LATER).rows) == 1
    assert len(rows_of(desk, hedy, case.id, of_device.id, "why", LATER).rows) == 2
    with desk.engine.connect() as conn:
        assert evidence_counts(conn, case, cora, of_device) == (1, 1)


def test_those_on_a_case_about_a_member_of_staff_read_what_they_did(aged: School) -> None:
    desk, tess = aged.desk, somebody(aged.desk, "tess").id
    row = aged.record(person=tess, role="staff")
    case = adds(desk, a_case(desk, "staff-files", about="tess"), "hedy", person="tess", **between(0, 1))
    join(desk, the(desk, "hedy"), case.id, somebody(desk, "cora").id, LATER)
    found = rows_of(desk, the(desk, "cora"), case.id, case.evidence[0].id, "why", LATER)
    assert [each.event_id for each in found.rows] == [row]


def test_what_was_corrected_to_a_member_of_staff_is_not_read_as_a_pupils(aged: School) -> None:
    desk, anna = aged.desk, somebody(aged.desk, "anna").id
    aged.record(person=anna, address="10.0.0.5")
    asked = corrects(desk, "cora", wrong("anna", "tess", from_at=NOON - HOUR, to_at=NOON + HOUR), LATER)
    approve(desk, the(desk, "terry"), asked.id, "as the teacher says", LATER)
    case = adds(desk, a_case(desk), device="10.0.0.5", **between(0, 1))
    kept = case.evidence[0].id
    assert rows_of(desk, the(desk, "cora"), case.id, kept, "why", LATER).rows == ()
    (row,) = rows_of(desk, the(desk, "hedy"), case.id, kept, "why", LATER).rows
    assert (row.person_id, row.recorded_as) == (somebody(desk, "tess").id, anna)

"""Rows that an open case holds outlive their time; with the case closed they go as ever (S104, S168)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from audit_log.db import writing
from audit_log.incident_model import Incident
from audit_log.recorder import Recorder
from audit_log.seal import stamp
from change_control.desk import Desk
from change_control.erasing import KEPT
from change_control.incident_evidence import add_evidence
from change_control.incident_lines import write
from change_control.proposal import Proposal
from change_control.proposals import approve
from change_control.protecting import propose_erasure
from change_control.retention import purge
from change_control.sealing import change
from change_control.tightening import end_person
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.audit_log.records import a_whole, add_to, event_id
from tests.builders import NOON
from tests.change_control.aging import ONE_DAY, OVER, School, without_guards
from tests.change_control.incident_school import a_case, step
from tests.change_control.protected import EITHER, HOUR, school_in, verified
from tests.change_control.school import copy_of, refused, somebody, the

DEVICES = ("10.0.0.5", "10.0.0.6")


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[School]:
    for desk in school_in(request.param, request, tmp_path):
        yield School(desk, tmp_path / "journal")


@pytest.fixture
def alone(desk: Desk, tmp_path: Path) -> School:
    return School(desk, tmp_path / "journal")


def evidence(desk: Desk, case: Incident, **raw: Any) -> Incident:
    times = {"from": NOON.isoformat(), "to": (NOON + HOUR).isoformat()}
    return add_evidence(desk, the(desk, "cora"), case.id, times | raw, NOON + ONE_DAY)


def closed(desk: Desk, case: Incident) -> None:
    step(desk, case, "close", outcome="no-concern", now=NOON + ONE_DAY)


@EITHER
def test_evidence_of_an_open_case_outlives_its_time_and_goes_when_the_case_is_closed(either: School) -> None:
    anna = somebody(either.desk, "anna").id
    kept = either.record(person=anna)
    before = either.record(at=NOON - HOUR + timedelta(seconds=1), person=anna)
    either.record(at=NOON - HOUR - timedelta(seconds=1), person=anna)
    either.record(person="p_ben")
    either.record(person=None)
    case = evidence(either.desk, a_case(either.desk), person="anna")
    assert either.purge() == 3

    assert either.ids() == sorted([kept, before])
    assert [(each["rows"], each["kept_back"]) for each in either.lines()] == [(3, 2)]
    closed(either.desk, case)
    assert either.purge(OVER + ONE_DAY) == 2
    assert either.ids() == []
    found = verified(either.desk)
    assert found.whole, found.says


def test_a_device_is_held_with_the_week_before_it_was_shut_off(alone: School) -> None:
    kept = alone.record(address="10.0.0.5", person=None)
    alone.record(address="10.0.0.6", person=None)
    case = a_case(alone.desk)
    with change(alone.desk, NOON + ONE_DAY) as made:
        facts = {"device": "10.0.0.5", "ends_at": stamp(NOON + 2 * ONE_DAY)}
        write(made, case, "isolate", the(alone.desk, "cora"), facts, "d1")
    assert alone.purge() == 1
    assert alone.ids() == [kept]


def test_rows_made_for_child_protection_are_held_with_their_case(alone: School) -> None:
    case = step(alone.desk, a_case(alone.desk), "investigate")
    people = [somebody(alone.desk, name).id for name in ("cora", "hedy")]
    step(alone.desk, case, "mode", device="10.0.0.9", sites=["a.test"], people=people, minutes=60)
    looked: dict[str, Any] = {"reason": "investigation", "verdict": "allow", "person": "p_cora"}
    kept = alone.record(**looked, rule=f"investigation.{case.id}")
    alone.record(**looked, rule="investigation.another")
    assert alone.purge() == 1
    assert alone.ids() == [kept]


def test_a_sighting_stays_as_long_as_its_row_is_evidence(alone: School) -> None:
    anna = somebody(alone.desk, "anna").id
    kept = alone.record(reason="illegal", url="sealed:ff", host=None, person=anna)
    case = evidence(alone.desk, a_case(alone.desk), person="anna")
    a_year = NOON + 367 * ONE_DAY
    assert alone.purge(a_year) == 0
    assert (alone.ids(), alone.count("sighting")) == ([kept], 1)
    closed(alone.desk, case)
    assert alone.purge(a_year + ONE_DAY) == 1
    assert alone.count("sighting") == 0
    assert verified(alone.desk).whole


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM incident_entry WHERE act = 'evidence'",
        "DELETE FROM incident_entry",
        "UPDATE incident SET state = 'closed'",
        "UPDATE incident_entry SET facts = NULL, salt = NULL",
        "UPDATE incident_entry SET facts = replace(facts, '2026-11', '2026-10') WHERE act = 'evidence'",
        "UPDATE incident_entry SET facts = '[' WHERE act = 'evidence'",
    ],
)
def test_nobody_frees_rows_in_the_database(alone: School, statement: str) -> None:
    kept = alone.record(person=somebody(alone.desk, "anna").id)
    evidence(alone.desk, a_case(alone.desk), person="anna")
    alone.steady(OVER)
    with writing(alone.desk.engine) as conn:
        without_guards(conn)
        conn.execute(text(statement))
    refused("refused", lambda: purge(alone.desk, OVER))
    assert alone.ids() == [kept]


Plan = list[tuple[str, int, int, bool]]  # of whom, from which hour, for how many, and whether it is closed
WHO = st.sampled_from(("anna", "ben", *DEVICES, "anna at 10.0.0.5"))
CASES = st.lists(st.tuples(WHO, st.integers(-30, 60), st.integers(1, 40), st.booleans()), max_size=5)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(("anna", "ben", None)), st.sampled_from((*DEVICES, None)), st.integers(-36, 100)
    ),
    min_size=1,
    max_size=9,
)


def a_row(number: int, row: Any, ids: Any) -> dict[str, Any]:
    who, at, hour = row
    said = {"at": stamp(NOON + hour * HOUR), "person": ids[who], "address": at, "keep": "pupils"}
    return a_whole(number, **said)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=CASES, rows=ROWS, nights=st.integers(0, 8))
def test_no_row_of_an_open_case_is_ever_removed(
    school: Path, tmp_path_factory: pytest.TempPathFactory, cases: Plan, rows: list[Any], nights: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    aged = School(copy_of(school, folder / "state"), folder / "journal")
    desk, later = aged.desk, NOON + 5 * ONE_DAY
    ids = {name: somebody(desk, name).id for name in ("anna", "ben")} | {None: None}
    stored = [(who, at, hour, event_id(number)) for number, (who, at, hour) in enumerate(rows, start=1)]
    add_to(aged.path, *(a_row(number, row, ids) for number, row in enumerate(rows, start=1)))
    Recorder(desk.engine, aged.folder, clock=lambda: later).run_once()
    for whom, hour, hours, is_closed in cases:
        case = a_case(desk, about=None)
        name, _, device = whom.rpartition(" at ")
        device, name = (whom, "") if whom in DEVICES else (device, name) if name else ("", device)
        raw = {"from": NOON + hour * HOUR, "to": NOON + (hour + hours) * HOUR}
        asked = {**raw, "person": name or None, "device": device or None}
        case = add_evidence(desk, the(desk, "cora"), case.id, asked, later)
        if is_closed:
            step(desk, case, "close", outcome="no-concern", now=later)
    now = OVER + nights * ONE_DAY
    aged.purge(now)

    def is_held(who: str | None, at: str | None, hour: int) -> bool:
        return any(
            whom in (who, at, f"{who} at {at}") and first - 1 <= hour < first + hours + 1
            for whom, first, hours, is_closed in cases
            if not is_closed
        )

    def is_over(hour: int) -> bool:
        return (NOON + hour * HOUR).date() + 90 * ONE_DAY < now.date()

    wanted = [id_ for who, at, hour, id_ in stored if is_held(who, at, hour) or not is_over(hour)]
    assert aged.ids() == sorted(wanted)
    assert verified(desk).whole
    desk.engine.dispose()


def test_whoever_is_in_an_open_case_is_not_erased(alone: School) -> None:
    desk = alone.desk
    case = a_case(desk, about="anna")
    end_person(desk, the(desk, "hedy"), somebody(desk, "anna").id, "has left", NOON)

    def ask() -> Proposal:
        return propose_erasure(desk, the(desk, "cora"), "anna", "naming", "asked for", NOON + ONE_DAY)

    asked = ask()  # in the words of any other: it tells of no case
    hedy = the(desk, "hedy")
    assert refused("refused", lambda: approve(desk, hedy, asked.id, "agreed", NOON + ONE_DAY)).says == KEPT
    closed(desk, case)
    approve(desk, hedy, asked.id, "agreed", NOON + ONE_DAY)

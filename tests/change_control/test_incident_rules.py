"""What the gate noticed becomes cases: one for each person and kind, with its evidence, and once."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text

from audit_log.db import migrate, open_engine, reading, writing
from audit_log.incident_model import Incident, Lane
from audit_log.incidents import incident_ids, readable
from audit_log.sightings import KINDS
from audit_log.tables import change_log, sighting_waiting
from change_control.desk import Desk
from change_control.incident_kinds import OF_SIGHTING
from change_control.incident_rules import MOST_AT_ONCE, SEPARATE, take_in
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON
from tests.change_control.incident_school import step
from tests.change_control.noticed import AGAIN, GUESS, ILLEGAL, SHARED, noticed
from tests.change_control.school import KEY, events_of, fill_school, is_whole, lists, somebody

HOUR = timedelta(hours=1)


def cases(desk: Desk) -> list[Incident]:
    with reading(desk.engine) as conn:
        found, _ = readable(conn, [id_ for _, id_ in incident_ids(conn, 100)])
        return list(reversed(found))


def waiting(desk: Desk) -> int:
    with reading(desk.engine) as conn:
        return len(conn.scalars(select(sighting_waiting.c.id)).all())


def test_every_kind_of_sighting_opens_a_kind_of_case() -> None:
    assert set(OF_SIGHTING) == set(KINDS)


def test_a_way_round_the_filter_opens_a_case_about_whoever_tried(desk: Desk) -> None:
    row = noticed(desk, "anna")
    take_in(desk, NOON)
    (case,) = cases(desk)

    assert (case.kind, case.person_id) == ("pupil-circumvention", somebody(desk, "anna").id)
    (told,) = case.reports
    assert (told.source, told.by, told.event_id, told.happened) == (
        *("rule", None),
        *(row["event_id"], "circumvention"),
    )
    (kept,) = case.evidence
    assert (kept.from_at, kept.to_at, kept.person_id) == (NOON - HOUR, NOON + HOUR, case.person_id)
    assert events_of(desk)[-2:] == ["incident:report", "incident:evidence"]
    assert waiting(desk) == 0


def test_a_thousand_more_of_the_same_hour_leave_no_line(desk: Desk) -> None:
    for minute in range(5):
        noticed(desk, "anna", NOON + timedelta(minutes=minute))
    take_in(desk, NOON)
    before = events_of(desk)
    for minute in range(5, 10):
        noticed(desk, "anna", NOON + timedelta(minutes=minute))

    assert take_in(desk, NOON) == 5
    assert events_of(desk) == before
    assert waiting(desk) == 0
    noticed(desk, "anna", NOON + 2 * HOUR)
    take_in(desk, NOON + 2 * HOUR)
    (case,) = cases(desk)
    assert (len(case.reports), len(case.evidence)) == (2, 2)


def test_another_person_and_another_kind_are_other_cases(desk: Desk) -> None:
    noticed(desk, "anna")
    noticed(desk, "ben")
    noticed(desk, "anna", **ILLEGAL)
    noticed(desk, "tess")
    noticed(desk, "anna", **SHARED)
    take_in(desk, NOON)
    found = sorted((case.kind, case.lane.value, case.restricted) for case in cases(desk))

    assert found == [
        ("pupil-circumvention", "inappropriate", False),
        ("pupil-circumvention", "inappropriate", False),
        ("pupil-illegal-material", "illegal", False),
        ("pupil-sharing-passwords", "inappropriate", False),
        ("staff-circumvention", "inappropriate", True),
    ]


def test_whoever_guesses_is_not_whose_account_it_is(desk: Desk) -> None:
    noticed(desk, "anna", **GUESS)
    noticed(desk, "ben", NOON + timedelta(minutes=1), **GUESS)
    noticed(desk, "tess", NOON + timedelta(minutes=2), **GUESS)
    noticed(desk, "anna", NOON + timedelta(minutes=3), **GUESS, client_address="127.20.0.9")
    take_in(desk, NOON)
    found = [(case.kind, case.person_id, case.evidence[0].device) for case in cases(desk)]

    assert sorted(found, key=str) == [
        ("pupil-account-of-pupil", None, "127.20.0.7"),
        ("pupil-account-of-pupil", None, "127.20.0.9"),
        ("pupil-account-of-staff", None, "127.20.0.7"),
    ]
    assert {each.person_id for case in cases(desk) for each in case.evidence} == {None}


def test_what_nobody_was_signed_in_for_is_one_case_an_hour_at_most(desk: Desk) -> None:
    for minute in range(3):
        noticed(desk, None, NOON + timedelta(minutes=minute), client_address=None, **ILLEGAL)
    take_in(desk, NOON)
    noticed(desk, None, NOON + 3 * HOUR, client_address=None, **ILLEGAL)
    take_in(desk, NOON + 3 * HOUR)
    (case,) = cases(desk)

    assert (case.lane, len(case.reports), case.evidence) == (Lane.ILLEGAL, 2, ())


def test_somebody_who_was_erased_meanwhile_is_nobody(desk: Desk) -> None:
    noticed(desk, None, person_id="gone0001", role="pupil")
    take_in(desk, NOON)
    (case,) = cases(desk)

    assert (case.person_id, case.evidence[0].person_id) == (None, "gone0001")


def test_after_a_case_is_closed_the_next_try_opens_another(desk: Desk) -> None:
    noticed(desk, "anna")
    take_in(desk, NOON)
    step(desk, cases(desk)[0], "close", outcome="no-concern")
    noticed(desk, "anna", NOON + timedelta(minutes=5))
    take_in(desk, NOON + timedelta(minutes=5))

    assert [case.is_open for case in cases(desk)] == [False, True]


def test_tries_again_and_again_are_a_case(desk: Desk) -> None:
    noticed(desk, "anna", **AGAIN)
    noticed(desk, "tess", **AGAIN)
    take_in(desk, NOON)

    assert {case.kind for case in cases(desk)} == {"pupil-non-educational", "staff-personal-use"}


def test_guesses_from_ever_more_devices_become_part_of_one_case(desk: Desk) -> None:
    for number in range(SEPARATE + 3):
        at = NOON + timedelta(seconds=number)
        noticed(desk, "anna", at, **GUESS, client_address=f"127.20.1.{number}")
    while take_in(desk, NOON):
        pass
    found = cases(desk)

    assert sorted(len(case.reports) for case in found) == [*[1] * (SEPARATE - 1), 4]
    assert len({each.device for case in found for each in case.evidence}) == SEPARATE + 3


def test_more_than_fits_into_one_look_waits_for_the_next(desk: Desk) -> None:
    with writing(desk.engine) as conn:
        rows = [{"id": f"gone{number:022}"} for number in range(MOST_AT_ONCE + 5)]
        conn.execute(sighting_waiting.insert(), rows)

    assert (take_in(desk, NOON), waiting(desk)) == (MOST_AT_ONCE, 5)
    assert (take_in(desk, NOON), take_in(desk, NOON), waiting(desk)) == (5, 0, 0)


def test_a_look_reads_a_case_once_however_many_lines_it_adds(desk: Desk) -> None:
    noticed(desk, "anna")
    take_in(desk, NOON)
    for number in range(1, 8):
        noticed(desk, "anna", NOON + 3 * number * HOUR)
    asked: list[str] = []

    @event.listens_for(desk.engine, "before_cursor_execute")
    def keep(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    before = len(cases(desk)[0].reports)
    asked.clear()
    take_in(desk, NOON + 24 * HOUR)
    lines = [each for each in asked if each.startswith("INSERT INTO incident_entry")]
    reads = [each for each in asked if "FROM incident_entry" in each]

    assert before == 1
    assert len(lines) == 14
    assert len(reads) <= 3
    assert len(asked) < 14 * 10


def test_what_happens_now_is_not_behind_what_happened_before(desk: Desk) -> None:
    illegal = noticed(desk, "ben", **ILLEGAL)
    with writing(desk.engine) as conn:
        rows = [{"id": f"{edge}{number:024}"} for edge in ("00", "zz") for number in range(MOST_AT_ONCE - 1)]
        conn.execute(sighting_waiting.insert(), rows)
    newer = noticed(desk, "anna", NOON, event_id="z")

    assert take_in(desk, NOON) == MOST_AT_ONCE
    assert [each.reports[0].event_id for each in cases(desk)] == [illegal["event_id"]]
    assert take_in(desk, NOON) == MOST_AT_ONCE
    assert {each.reports[0].event_id for each in cases(desk)} == {illegal["event_id"], newer["event_id"]}


def test_what_cannot_be_taken_waits_and_keeps_no_other_waiting(desk: Desk) -> None:
    odd = noticed(desk, "ben")
    noticed(desk, "anna")
    with writing(desk.engine) as conn:
        groups = conn.scalar(text("SELECT filter_groups FROM person WHERE username = 'ben'"))
        conn.execute(text("UPDATE person SET filter_groups = '[' WHERE username = 'ben'"))
    assert [take_in(desk, NOON), take_in(desk, NOON)] == [1, 0]
    with writing(desk.engine) as conn:
        assert conn.scalars(select(sighting_waiting.c.id)).all() == [odd["event_id"]]
        assert len(incident_ids(conn, 10)) == 1
        conn.execute(text("UPDATE person SET filter_groups = :was WHERE username = 'ben'"), {"was": groups})
    assert take_in(desk, NOON) == 1
    assert is_whole(desk)


def test_no_line_of_the_change_log_names_anybody_or_what_it_was(desk: Desk) -> None:
    noticed(desk, "anna")
    take_in(desk, NOON)
    with reading(desk.engine) as conn:
        lines = conn.scalars(select(change_log.c.entry).order_by(change_log.c.seq.desc()).limit(2)).all()

    said = "\n".join(lines)
    assert somebody(desk, "anna").id not in said
    assert "circumvention" not in said
    assert is_whole(desk)


@pytest.fixture
def two_desks(fresh_postgresql_url: str, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Two api processes on one database."""
    made = [Desk(open_engine(fresh_postgresql_url), tmp_path / "state", KEY, lists) for _ in range(2)]
    migrate(made[0].engine)
    fill_school(made[0])
    yield made[0], made[1]
    for each in made:
        each.engine.dispose()


def test_two_processes_at_once_take_each_sighting_once(two_desks: tuple[Desk, Desk]) -> None:
    first, _ = two_desks
    for number in range(12):
        noticed(first, ("anna", "ben")[number % 2], NOON + timedelta(minutes=number))
    faults: list[BaseException] = []

    def look(desk: Desk, now: datetime) -> None:
        try:
            for _ in range(3):
                take_in(desk, now)
        except BaseException as fault:  # noqa: BLE001  # told below
            faults.append(fault)

    threads = [threading.Thread(target=look, args=(desk, NOON)) for desk in two_desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert faults == []
    assert [(len(case.reports), len(case.evidence)) for case in cases(first)] == [(1, 1), (1, 1)]
    assert waiting(first) == 0
    assert is_whole(first)

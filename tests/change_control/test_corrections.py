"""A wrong identity is corrected by two people, neither of whom it is about; nothing recorded is rewritten."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from audit_log.corrections import Correction, corrections
from audit_log.db import reading, writing
from change_control.desk import Desk
from change_control.proposals import approve, decline, withdraw
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON
from tests.change_control.protected import EITHER, HOUR, corrects, school_in, verified, wrong
from tests.change_control.school import log_of, refused, somebody, the


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    yield from school_in(request.param, request, tmp_path)


def agreed(desk: Desk) -> tuple[Correction, ...]:
    with reading(desk.engine) as conn:
        return corrections(conn)


@EITHER
def test_a_correction_counts_when_another_person_agrees(either: Desk) -> None:
    asked = corrects(either, "terry", wrong(client_address="127.0.0.9"))
    assert agreed(either) == ()

    approve(either, the(either, "cora"), asked.id, "seen on the camera", NOON)

    (made,) = agreed(either)
    assert made == Correction(
        id=asked.id,
        person_id=somebody(either, "anna").id,
        right_person_id=somebody(either, "ben").id,
        from_at=NOON - HOUR,
        to_at=NOON,
        client_address="127.0.0.9",
        agreed_at=NOON,
    )
    assert log_of(either)[-1].event == "correction:approve"
    assert verified(either).whole, verified(either).says


def test_the_line_holds_ids_and_no_address(desk: Desk) -> None:
    asked = corrects(desk, "terry", wrong(client_address="127.0.0.9"))

    line = log_of(desk)[-1]
    assert line.event == "correction:propose"
    assert line.object_id == asked.id
    assert line.detail["person"] == somebody(desk, "anna").id
    assert line.detail["right_person"] == somebody(desk, "ben").id
    assert "127.0.0.9" not in line.sealed
    assert "anna" not in line.sealed
    assert line.texts == {"reason": "they shared a tablet"}


def test_one_person_alone_corrects_nothing(desk: Desk) -> None:
    asked = corrects(desk, "terry", wrong())

    refused("same-person", lambda: approve(desk, the(desk, "terry"), asked.id, "", NOON))

    assert agreed(desk) == ()


@pytest.mark.parametrize(("person", "right"), [("cora", "anna"), ("anna", "cora"), ("cora", None)])
def test_neither_of_the_two_may_be_one_it_is_about(desk: Desk, person: str, right: str | None) -> None:
    about = wrong(person, right)
    refused("same-person", lambda: corrects(desk, "cora", about))
    asked = corrects(desk, "terry", about)

    refused("same-person", lambda: approve(desk, the(desk, "cora"), asked.id, "", NOON))
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)

    assert len(agreed(desk)) == 1


def test_who_got_rows_by_a_correction_does_not_give_them_back(desk: Desk) -> None:
    """Undoing it would take the blame from them."""
    approve(desk, the(desk, "hedy"), corrects(desk, "terry", wrong("anna", "cora")).id, "", NOON)
    back = wrong("anna", "anna")

    refused("same-person", lambda: corrects(desk, "cora", back))
    asked = corrects(desk, "terry", back, NOON + HOUR)
    refused("same-person", lambda: approve(desk, the(desk, "cora"), asked.id, "", NOON + HOUR))
    approve(desk, the(desk, "hedy"), asked.id, "", NOON + HOUR)

    assert [each.right_person_id for each in agreed(desk)][-1] == somebody(desk, "anna").id


def test_who_was_given_the_rows_in_the_meantime_cannot_have_proposed_it(desk: Desk) -> None:
    """Whoever hears what is about to be agreed on could otherwise be quicker with another name."""
    mine = corrects(desk, "cora", wrong("anna", "ben"))
    approve(desk, the(desk, "hedy"), corrects(desk, "terry", wrong("anna", "cora")).id, "", NOON)

    found = refused("same-person", lambda: approve(desk, the(desk, "hedy"), mine.id, "", NOON + HOUR))

    assert "whoever proposed it" in str(found)
    assert [each.right_person_id for each in agreed(desk)] == [somebody(desk, "cora").id]
    again = corrects(desk, "terry", wrong("anna", "ben"), NOON + HOUR)
    approve(desk, the(desk, "hedy"), again.id, "", NOON + HOUR)
    assert agreed(desk)[-1].right_person_id == somebody(desk, "ben").id


def test_what_is_declined_or_taken_back_corrects_nothing(desk: Desk) -> None:
    decline(desk, the(desk, "hedy"), corrects(desk, "terry", wrong()).id, "it was her", NOON)
    withdraw(desk, the(desk, "terry"), corrects(desk, "terry", wrong()).id, "", NOON)

    assert agreed(desk) == ()
    assert verified(desk).whole


def test_every_fault_is_named_at_once(desk: Desk) -> None:
    asked = wrong("nobody", "none", from_at=NOON, to_at=NOON, client_address="the library")

    faults = refused("bad-input", lambda: corrects(desk, "terry", asked)).fields

    assert set(faults) == {"person", "right_person", "to", "client_address"}


@pytest.mark.parametrize(
    ("from_at", "to_at", "fault"),
    [
        (NOON, NOON + HOUR, "to"),
        (NOON.replace(tzinfo=None), NOON, "from"),
        (NOON, NOON - HOUR, "to"),
    ],
)
def test_a_time_that_cannot_be_is_refused(desk: Desk, from_at: datetime, to_at: datetime, fault: str) -> None:
    about = wrong(from_at=from_at, to_at=to_at)
    assert set(refused("bad-input", lambda: corrects(desk, "terry", about)).fields) == {fault}


def test_to_correct_nothing_is_refused(desk: Desk) -> None:
    about = wrong("anna", "anna")
    assert "right_person" in refused("bad-input", lambda: corrects(desk, "terry", about)).fields


@EITHER
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE correction SET right_person_id = 'p_somebody'",
        "UPDATE correction SET person_id = 'p_somebody'",
        "UPDATE correction SET to_at = '2026-11-24 11:59:00'",
        "UPDATE correction SET client_address = '127.0.0.10'",
        "UPDATE correction SET client_address = NULL",
        "UPDATE correction SET agreed_at = '2026-11-24 11:59:00'",
        "UPDATE correction SET id = 'other'",
        "DELETE FROM correction",
        "INSERT INTO correction (id, person_id, from_at, to_at, agreed_at) SELECT 'more', person_id, from_at,"
        " to_at, agreed_at FROM correction",
    ],
)
def test_a_correction_that_nobody_agreed_on_is_named(either: Desk, tampering: str) -> None:
    asked = corrects(either, "terry", wrong(client_address="127.0.0.9"))
    approve(either, the(either, "hedy"), asked.id, "", NOON)
    with writing(either.engine) as conn:
        conn.execute(text(tampering))

    found = verified(either)

    assert not found.whole
    assert "correction" in found.says


def test_an_address_changed_in_the_proposal_is_named(desk: Desk) -> None:
    asked = corrects(desk, "terry", wrong(client_address="127.0.0.9"))
    with writing(desk.engine) as conn:
        changed = "UPDATE proposal SET payload = replace(payload, '127.0.0.9', '127.0.0.8') WHERE id = :id"
        conn.execute(text(changed), {"id": asked.id})

    assert not verified(desk).whole


def test_a_correction_nobody_answers_lapses(desk: Desk) -> None:
    asked = corrects(desk, "terry", wrong())
    late = NOON + timedelta(days=10)

    refused("wrong-state", lambda: approve(desk, the(desk, "hedy"), asked.id, "", late))

    assert agreed(desk) == ()

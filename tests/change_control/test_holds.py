"""One person places a legal hold; letting it go takes two, and never the person whom it is on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from audit_log.db import writing
from change_control.desk import Desk
from change_control.proposals import approve, decline
from change_control.protecting import propose_release
from tests.audit_log.conftest import fresh_postgresql_url as fresh_postgresql_url
from tests.audit_log.conftest import postgresql as postgresql
from tests.audit_log.conftest import postgresql_url as postgresql_url
from tests.builders import NOON
from tests.change_control.protected import (
    EITHER,
    HOUR,
    corrects,
    holds_back,
    in_force,
    school_in,
    verified,
    wrong,
)
from tests.change_control.school import log_of, refused, somebody, the


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    yield from school_in(request.param, request, tmp_path)


@EITHER
def test_a_hold_is_in_force_as_soon_as_one_person_places_it(either: Desk) -> None:
    made = holds_back(either, "terry")

    assert in_force(either) == (made,)
    line = log_of(either)[-1]
    assert (line.event, line.object_id) == ("hold:place", made.id)
    assert line.detail["person"] == somebody(either, "anna").id
    assert line.texts == {"reason": "an enquiry"}
    assert verified(either).whole


def test_a_hold_may_be_on_everybody_and_on_days_to_come(desk: Desk) -> None:
    made = holds_back(desk, "cora", None, to_at=NOON + timedelta(days=365))

    assert (made.person_id, made.to_at) == (None, NOON + timedelta(days=365))
    assert verified(desk).whole


@EITHER
def test_a_hold_is_released_by_two(either: Desk) -> None:
    made = holds_back(either, "terry")
    asked = propose_release(either, the(either, "terry"), made.id, "the enquiry is over", NOON + HOUR)
    refused("same-person", lambda: approve(either, the(either, "terry"), asked.id, "", NOON + HOUR))
    assert in_force(either) == (made,)

    approve(either, the(either, "hedy"), asked.id, "the police say so", NOON + HOUR)

    assert in_force(either) == ()
    assert log_of(either)[-1].event == "hold-release:approve"
    assert verified(either).whole


def test_who_is_held_does_not_let_themselves_go(desk: Desk) -> None:
    made = holds_back(desk, "terry", "cora")
    refused("same-person", lambda: propose_release(desk, the(desk, "cora"), made.id, "enough", NOON))
    asked = propose_release(desk, the(desk, "terry"), made.id, "over", NOON)

    refused("same-person", lambda: approve(desk, the(desk, "cora"), asked.id, "", NOON))

    assert in_force(desk) == (made,)


@pytest.mark.parametrize(
    ("person", "right"),
    [("anna", "cora"), ("cora", "anna")],
    ids=["given to them", "recorded as theirs"],
)
def test_whose_rows_are_held_through_a_correction_has_no_part_in_the_release(
    desk: Desk, person: str, right: str
) -> None:
    made = holds_back(desk, "hedy", "anna")
    early = propose_release(desk, the(desk, "cora"), made.id, "over", NOON)
    approve(desk, the(desk, "hedy"), corrects(desk, "terry", wrong(person, right)).id, "", NOON)

    refused("same-person", lambda: approve(desk, the(desk, "hedy"), early.id, "", NOON))
    refused("same-person", lambda: propose_release(desk, the(desk, "cora"), made.id, "over", NOON))
    asked = propose_release(desk, the(desk, "terry"), made.id, "over", NOON)
    refused("same-person", lambda: approve(desk, the(desk, "cora"), asked.id, "", NOON))
    assert in_force(desk) == (made,)

    approve(desk, the(desk, "hedy"), asked.id, "", NOON)
    assert in_force(desk) == ()


def test_a_correction_of_another_time_keeps_nobody_from_a_release(desk: Desk) -> None:
    made = holds_back(desk, "hedy", "anna", to_at=NOON - HOUR / 2)
    later = wrong("anna", "cora", from_at=NOON - HOUR / 2)
    approve(desk, the(desk, "hedy"), corrects(desk, "terry", later).id, "", NOON)

    asked = propose_release(desk, the(desk, "cora"), made.id, "over", NOON)
    approve(desk, the(desk, "hedy"), asked.id, "", NOON)

    assert in_force(desk) == ()


def test_a_hold_is_released_once(desk: Desk) -> None:
    made = holds_back(desk, "terry")
    first, second = (propose_release(desk, the(desk, "terry"), made.id, "over", NOON) for _ in range(2))
    approve(desk, the(desk, "hedy"), first.id, "", NOON)

    refused("wrong-state", lambda: approve(desk, the(desk, "hedy"), second.id, "", NOON))
    refused("wrong-state", lambda: propose_release(desk, the(desk, "terry"), made.id, "again", NOON))
    refused("not-found", lambda: propose_release(desk, the(desk, "terry"), "none", "over", NOON))


def test_a_release_that_is_declined_lets_nothing_go(desk: Desk) -> None:
    made = holds_back(desk, "terry")
    asked = propose_release(desk, the(desk, "terry"), made.id, "over", NOON)

    decline(desk, the(desk, "hedy"), asked.id, "not yet", NOON)

    assert in_force(desk) == (made,)


def test_a_hold_on_nobody_or_on_no_time_is_refused(desk: Desk) -> None:
    faults = refused("bad-input", lambda: holds_back(desk, "terry", "nobody", to_at=NOON - HOUR)).fields

    assert set(faults) == {"person", "to"}


@EITHER
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE legal_hold SET released_at = placed_at",
        "UPDATE legal_hold SET person_id = 'p_somebody'",
        "UPDATE legal_hold SET person_id = NULL",
        "UPDATE legal_hold SET from_at = '2026-11-24 11:59:00'",
        "UPDATE legal_hold SET to_at = '2026-11-24 11:59:00'",
        "UPDATE legal_hold SET placed_by = 'p_somebody'",
        "DELETE FROM legal_hold",
        "INSERT INTO legal_hold (id, from_at, to_at, placed_by, placed_at) SELECT 'more', from_at, to_at,"
        " placed_by, placed_at FROM legal_hold",
    ],
)
def test_a_hold_that_was_changed_behind_everybodys_back_is_named(either: Desk, tampering: str) -> None:
    holds_back(either, "terry")
    with writing(either.engine) as conn:
        conn.execute(text(tampering))

    found = verified(either)

    assert not found.whole
    assert "legal hold" in found.says

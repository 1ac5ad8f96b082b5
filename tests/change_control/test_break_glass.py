"""The sealed envelope (S84): made by two people, known to nobody, and good for one thing once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from audit_log.db import reading
from audit_log.tables import break_glass
from change_control.break_glass import HALF, current_envelope
from change_control.desk import Desk
from change_control.envelope import approve_with, new_code, propose_envelope
from change_control.proposals import approve, withdraw
from tests.builders import NOON
from tests.change_control.enveloped import an_envelope
from tests.change_control.school import asked_by, is_whole, log_of, refused, row_of, somebody, the

HOUR = timedelta(hours=1)


def test_two_people_make_it_and_each_is_told_one_half(desk: Desk) -> None:
    asked = propose_envelope(desk, the(desk, "terry"), "for the safe", NOON)
    refused("same-person", lambda: approve(desk, the(desk, "terry"), asked.id, "", NOON))
    agreed = approve(desk, the(desk, "hedy"), asked.id, "", NOON)

    assert asked.handed[HALF] != agreed.handed[HALF]
    with reading(desk.engine) as conn:
        found = current_envelope(conn)
    assert found is not None
    assert (found.made_by, found.agreed_by) == (somebody(desk, "terry").id, somebody(desk, "hedy").id)
    assert is_whole(desk)


@pytest.mark.parametrize("who", ["tess", "gail", "anna"])
def test_only_those_who_may_approve_make_one(desk: Desk, who: str) -> None:
    refused("wrong-role", lambda: propose_envelope(desk, the(desk, who), "mine", NOON))


def test_neither_half_is_kept_anywhere(desk: Desk) -> None:
    code = an_envelope(desk)
    spent = approve_with(desk, the(desk, "terry"), asked_by(desk, "terry"), code, "alone here", NOON)

    with reading(desk.engine) as conn:
        rows = conn.execute(select(break_glass)).all()
    kept = b"".join(path.read_bytes() for path in desk.state.rglob("*") if path.is_file())
    for half in code.split():
        for spelt in (half, half.replace("-", ""), half.lower()):
            assert spelt.encode() not in kept
            assert spelt not in repr([rows, spent, log_of(desk), desk])


def test_what_is_kept_of_the_first_half_goes_when_it_is_decided(desk: Desk) -> None:
    asked = propose_envelope(desk, the(desk, "terry"), "for the safe", NOON)
    assert "secrets" not in asked.payload
    assert "secrets" in row_of(desk, asked.id)["payload"]

    withdraw(desk, the(desk, "terry"), asked.id, "not now", NOON)

    assert row_of(desk, asked.id)["payload"] == {}


@pytest.mark.parametrize("half", [0, 1])
def test_one_half_alone_opens_nothing(desk: Desk, half: int) -> None:
    code, asked = an_envelope(desk).split()[half], asked_by(desk, "terry")

    terry = the(desk, "terry")
    refused("not-found", lambda: approve_with(desk, terry, asked, code, "alone", NOON))
    refused("not-found", lambda: approve_with(desk, terry, asked, f"{code} {code}", "alone", NOON))


def test_the_halves_work_in_either_order(desk: Desk) -> None:
    first, second = an_envelope(desk).split()

    assert new_code(desk, "cora", f"{second} {first}", "lost", NOON)
    assert is_whole(desk)


def test_a_new_envelope_takes_the_place_of_the_old_one(desk: Desk) -> None:
    old, asked = an_envelope(desk), asked_by(desk, "terry")
    new = an_envelope(desk, NOON + HOUR, "cora", "terry")

    refused("not-found", lambda: approve_with(desk, the(desk, "terry"), asked, old, "alone", NOON + HOUR))
    assert approve_with(desk, the(desk, "terry"), asked, new, "alone", NOON + HOUR).state == "approved"
    assert is_whole(desk)


def test_after_it_was_used_a_new_one_can_be_made(desk: Desk) -> None:
    new_code(desk, "cora", an_envelope(desk), "lost", NOON)
    again = an_envelope(desk, NOON + HOUR)

    assert new_code(desk, "hedy", again, "lost", NOON + HOUR)
    assert is_whole(desk)

"""Suspending and ending take one person, at once; neither can be used to open anything."""

from datetime import timedelta

import pytest

from audit_log.db import reading, writing
from audit_log.sessions import create_session, find_session
from change_control.desk import Desk
from change_control.tightening import end_person, suspend
from filter_policy.bundle import current_bundle, read_bundle
from tests.builders import NOON
from tests.change_control.school import events_of, log_of, refused, somebody, the

DAY = timedelta(days=1)


def test_one_person_suspends_and_the_gates_are_told(desk: Desk) -> None:
    anna = somebody(desk, "anna")

    suspend(desk, the(desk, "terry"), anna.id, NOON + DAY, "after an incident", NOON)

    bundle = read_bundle(desk.state, current_bundle(desk.state) or "")
    assert bundle.accounts["anna"].person.suspended_from == NOON
    assert bundle.accounts["anna"].person.suspended_until == NOON + DAY
    line = log_of(desk)[-1]
    assert (line.event, line.object_id) == ("person:suspend", anna.id)
    assert line.texts == {"reason": "after an incident"}


def test_a_suspended_person_is_signed_out(desk: Desk) -> None:
    cora = somebody(desk, "cora")
    with writing(desk.engine) as conn:
        token, _ = create_session(conn, desk.session_key, cora.id, NOON)

    suspend(desk, the(desk, "terry"), cora.id, None, "an allegation", NOON)

    with reading(desk.engine) as conn:
        assert find_session(conn, desk.session_key, token, NOON + timedelta(seconds=1)) is None


def test_a_suspension_is_never_shortened_by_one_person(desk: Desk) -> None:
    terry, anna = the(desk, "terry"), somebody(desk, "anna").id
    suspend(desk, terry, anna, NOON + 7 * DAY, "one week", NOON)

    refused("refused", lambda: suspend(desk, terry, anna, NOON + DAY, "one day", NOON))
    longer = suspend(desk, terry, anna, None, "until further notice", NOON + DAY)

    assert (longer.suspended_from, longer.suspended_until) == (NOON, None)
    refused("refused", lambda: suspend(desk, terry, anna, NOON + 99 * DAY, "shorter", NOON))


def test_a_suspension_that_is_over_leaves_room_for_a_new_one(desk: Desk) -> None:
    terry, anna = the(desk, "terry"), somebody(desk, "anna").id
    suspend(desk, terry, anna, NOON + DAY, "one day", NOON)

    again = suspend(desk, terry, anna, NOON + 3 * DAY, "again", NOON + 2 * DAY)

    assert (again.suspended_from, again.suspended_until) == (NOON + 2 * DAY, NOON + 3 * DAY)


@pytest.mark.parametrize("username", ["tess", "gail", "anna"])
def test_only_those_who_may_approve_suspend_or_end(desk: Desk, username: str) -> None:
    actor, ben = the(desk, username), somebody(desk, "ben").id

    refused("wrong-role", lambda: suspend(desk, actor, ben, None, "because", NOON))
    refused("wrong-role", lambda: end_person(desk, actor, ben, "because", NOON))


def test_an_account_is_ended_once_and_stays_in_the_register(desk: Desk) -> None:
    hedy, ben = the(desk, "hedy"), somebody(desk, "ben").id

    end_person(desk, hedy, ben, "moved away", NOON)

    assert somebody(desk, "ben").ends_at == NOON
    assert events_of(desk)[-1] == "person:end"
    refused("wrong-state", lambda: end_person(desk, hedy, ben, "again", NOON + DAY))


def test_a_bad_suspension_is_refused_by_field(desk: Desk) -> None:
    hedy, ben = the(desk, "hedy"), somebody(desk, "ben").id

    assert "reason" in refused("bad-input", lambda: suspend(desk, hedy, ben, None, "", NOON)).fields
    assert "until" in refused("bad-input", lambda: suspend(desk, hedy, ben, NOON, "because", NOON)).fields
    refused("not-found", lambda: suspend(desk, hedy, "p_nobody", None, "because", NOON))


def test_two_who_may_approve_always_remain(desk: Desk) -> None:
    """Else one person could shut all the others out."""
    terry, hedy, cora = (the(desk, name) for name in ("terry", "hedy", "cora"))
    end_person(desk, terry, cora.person_id, "left", NOON)

    refused("refused", lambda: end_person(desk, terry, hedy.person_id, "left too", NOON))
    refused("refused", lambda: suspend(desk, terry, hedy.person_id, NOON + DAY, "an allegation", NOON))
    refused("refused", lambda: suspend(desk, terry, terry.person_id, None, "myself", NOON))
    suspend(desk, terry, somebody(desk, "tess").id, None, "an allegation", NOON)
    suspend(desk, terry, cora.person_id, None, "cannot act anyway", NOON)

"""An account that came back by the envelope may shut, and nothing else, until two others have signed."""

from datetime import timedelta
from functools import partial

import pytest

from audit_log.db import reading
from change_control.desk import Desk
from change_control.envelope import approve_with, new_code
from change_control.probation import SHUTS_OUT, is_on_probation, shuts
from change_control.proposals import propose_people
from change_control.reviews import sign
from change_control.roles import MAY, approvers
from change_control.sealing import TIGHTENING
from change_control.tightening import end_person, suspend
from tests.builders import NOON
from tests.change_control.enveloped import an_envelope, the_review
from tests.change_control.school import asked_by, refused, somebody, the


def on_probation(desk: Desk) -> list[str]:
    with reading(desk.engine) as conn:
        names = ("terry", "hedy", "cora", "gail")
        return [name for name in names if is_on_probation(conn, somebody(desk, name).id)]


@pytest.mark.parametrize("event", sorted(MAY))
def test_what_it_may_do_opens_nothing_for_anybody(event: str) -> None:
    assert not shuts(event) or event in TIGHTENING


def test_it_may_shut_what_one_person_shuts() -> None:
    assert {"unblock:revoke", "person:suspend", "person:end", "opening:close", "people:decline"} <= {
        event for event in MAY if shuts(event)
    }


def test_it_lasts_until_the_second_of_two_others_has_signed(desk: Desk) -> None:
    assert on_probation(desk) == []
    new_code(desk, "cora", an_envelope(desk), "lost", NOON)
    assert on_probation(desk) == ["cora"]
    review = the_review(desk).id
    sign(desk, the(desk, "gail"), review, True, "I saw her", NOON)
    assert on_probation(desk) == ["cora"]
    sign(desk, the(desk, "hedy"), review, False, "I did not", NOON)
    sign(desk, the(desk, "terry"), review, True, "I saw her", NOON)
    assert on_probation(desk) == ["cora"]
    sign(desk, the(desk, "hedy"), review, True, "now I did", NOON)
    assert on_probation(desk) == []


def test_it_shuts_nobody_out_who_may_approve_and_anybody_else(desk: Desk) -> None:
    new_code(desk, "cora", an_envelope(desk), "lost", NOON)
    cora = the(desk, "cora")

    for who in ("hedy", "terry", "cora"):
        for shut in (
            partial(suspend, desk, cora, somebody(desk, who).id, None, "why", NOON),
            partial(end_person, desk, cora, somebody(desk, who).id, "why", NOON),
        ):
            assert refused("refused", shut).says == SHUTS_OUT
    suspend(desk, cora, somebody(desk, "ben").id, None, "an incident", NOON)


def test_it_does_not_count_among_the_two_who_must_remain(desk: Desk) -> None:
    new_code(desk, "cora", an_envelope(desk), "lost", NOON)
    with reading(desk.engine) as conn:
        assert approvers(conn, NOON) == {somebody(desk, name).id for name in ("terry", "hedy")}

    refused("refused", lambda: end_person(desk, the(desk, "terry"), somebody(desk, "hedy").id, "why", NOON))
    less = {"username": "hedy", "ends_at": NOON + timedelta(days=1)}
    assert propose_people(desk, the(desk, "terry"), [less], "why", NOON).state == "requested"
    end_person(desk, the(desk, "terry"), somebody(desk, "cora").id, "it was not her", NOON)


def test_whoever_agreed_alone_is_not_on_it(desk: Desk) -> None:
    approve_with(desk, the(desk, "terry"), asked_by(desk, "terry"), an_envelope(desk), "alone", NOON)

    assert on_probation(desk) == []


def test_another_envelope_ends_it_for_nobody(desk: Desk) -> None:
    new_code(desk, "cora", an_envelope(desk), "lost", NOON)
    an_envelope(desk)

    assert on_probation(desk) == ["cora"]

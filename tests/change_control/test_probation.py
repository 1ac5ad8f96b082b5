"""An account that came back by the envelope may shut, and nothing else, until two others have signed."""

import pytest

from audit_log.db import reading
from change_control.desk import Desk
from change_control.envelope import approve_with, new_code
from change_control.probation import is_on_probation, shuts
from change_control.reviews import sign
from change_control.roles import MAY
from change_control.sealing import TIGHTENING
from tests.builders import NOON
from tests.change_control.enveloped import an_envelope, the_review
from tests.change_control.school import asked_by, somebody, the


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


def test_whoever_agreed_alone_is_not_on_it(desk: Desk) -> None:
    approve_with(desk, the(desk, "terry"), asked_by(desk, "terry"), an_envelope(desk), "alone", NOON)

    assert on_probation(desk) == []


def test_another_envelope_ends_it_for_nobody(desk: Desk) -> None:
    new_code(desk, "cora", an_envelope(desk), "lost", NOON)
    an_envelope(desk)

    assert on_probation(desk) == ["cora"]

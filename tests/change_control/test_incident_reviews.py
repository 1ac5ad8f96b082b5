"""A review of both logs is that of two people, up to the same entry."""

from audit_log.checkpoint import checkpoints
from audit_log.db import reading
from change_control.desk import Desk
from change_control.incident_reviews import joint_review, sign_incident_review
from tests.builders import NOON
from tests.change_control.school import refused, the


def size_of(desk: Desk) -> int:
    with reading(desk.engine) as conn:
        return checkpoints(conn, limit=1)[0].size


def upto(desk: Desk) -> int:
    with reading(desk.engine) as conn:
        return joint_review(conn).upto


def test_one_person_alone_reviews_nothing(desk: Desk) -> None:
    size = size_of(desk)
    sign_incident_review(desk, the(desk, "cora"), size, "fine", NOON)
    sign_incident_review(desk, the(desk, "cora"), size, "still fine", NOON)
    sign_incident_review(desk, the(desk, "gail"), size + 1, "fine", NOON)
    assert upto(desk) == 0
    sign_incident_review(desk, the(desk, "hedy"), size + 1, "fine", NOON)
    assert upto(desk) == size + 1


def test_a_note_is_needed_and_a_size_that_was_signed(desk: Desk) -> None:
    cora = the(desk, "cora")
    refused("bad-input", lambda: sign_incident_review(desk, cora, size_of(desk), " ", NOON))
    refused("bad-input", lambda: sign_incident_review(desk, cora, 10_000, "fine", NOON))
    refused("wrong-role", lambda: sign_incident_review(desk, the(desk, "terry"), size_of(desk), "x", NOON))

"""The sealed envelope in tests: made by two people, and opened."""

from datetime import datetime

from audit_log.db import reading
from change_control.break_glass import HALF
from change_control.desk import Desk
from change_control.envelope import propose_envelope
from change_control.proposals import approve
from change_control.reviews import Review, open_reviews
from tests.builders import NOON
from tests.change_control.school import the


def an_envelope(desk: Desk, now: datetime = NOON, made_by: str = "terry", agreed_by: str = "hedy") -> str:
    """The code, as whoever opens the envelope reads it: both halves."""
    asked = propose_envelope(desk, the(desk, made_by), "for the safe", now)
    agreed = approve(desk, the(desk, agreed_by), asked.id, "for the safe", now)
    return f"{asked.handed[HALF]} {agreed.handed[HALF]}"


def the_review(desk: Desk) -> Review:
    """The only one that is open."""
    with reading(desk.engine) as conn:
        found = open_reviews(conn)
    assert len(found) == 1, found
    return found[0]

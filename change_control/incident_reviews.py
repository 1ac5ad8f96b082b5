"""The incident log and the change log, reviewed together (S11, S25): two people sign the same entry.

Both logs have the same numbers, since each line of an incident is a line of the change log. Each of the two
signs for themselves, with a note; the review is done when a second person signs up to the same entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from change_control.desk import Actor, Desk
from change_control.log_reviews import INCIDENTS, LogReview, log_reviews, sign_kind
from change_control.texts import needed

LOOKED_AT = 200  # signatures, newest first, among which the last review that two signed is found


@dataclass(frozen=True, slots=True)
class Joint:
    """`done`: the last that two people signed, the newest first; `waiting`: what one has signed since."""

    done: Sequence[LogReview] = ()
    waiting: Sequence[LogReview] = ()

    @property
    def upto(self) -> int:
        """The last entry that two people reviewed."""
        return self.done[0].size if self.done else 0


def sign_incident_review(desk: Desk, actor: Actor, size: int, note: str, now: datetime) -> LogReview:
    """`note`: what they found, in words that name nobody. Raises ChangeError."""
    return sign_kind(desk, actor, INCIDENTS, size, now, texts={"note": needed(note, "note")})


def joint_review(conn: Connection) -> Joint:
    """As it stands now."""
    found = log_reviews(conn, INCIDENTS, limit=LOOKED_AT)
    by_size: dict[int, list[LogReview]] = {}
    for each in found:
        by_size.setdefault(each.size, []).append(each)
    both = [size for size, signed in by_size.items() if len({each.person_id for each in signed}) > 1]
    upto = max(both, default=0)
    return Joint(by_size.get(upto, ()), [each for each in found if each.size > upto])

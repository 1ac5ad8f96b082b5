"""The review of both logs on one page, which two people sign (S11, S25): what each says since the last one.

Nothing here names whom an incident is about: its lines in the change log hold a number, and no more.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from audit_api.answers import ChangeOut, _Out
from audit_api.changes import page_of
from audit_api.log_reviews import LogReviewOut, Size, readable_rows, shown_reviews
from audit_api.shapes import _In
from audit_api.window import Visit
from audit_log.checkpoint import checkpoints
from audit_log.db import reading
from change_control.incident_reviews import joint_review, sign_incident_review

SHOWN = 100  # lines of each log
OF_INCIDENTS = ("incident:", "incident-log:")
# What was opened, shut and looked at; without the hours of the filtering log and what the clock did.
OF_CHANGES = (
    "unblock:", "policy:", "lists:", "people:", "person:", "opening:", "break-glass:", "filtering-log:read",
    "filtering-log:export", "disclosure:", "hold:", "hold-release:", "erasure:", "correction:", "review:",
)  # fmt: skip


class JointReviewIn(_In):
    size: Size
    note: Annotated[str, Field(min_length=1, max_length=2000, description="What you found; name nobody.")]


class JointOut(_Out):
    reviewed_up_to: Annotated[
        int, Field(description="the last entry that two people reviewed together; 0: none")
    ]
    signed: Annotated[list[LogReviewOut], Field(description="by whom")]
    waiting: Annotated[list[LogReviewOut], Field(description="signed by one person, for another to sign too")]
    newest: Annotated[int, Field(description="the last entry that can be signed now")]
    incidents: Annotated[list[ChangeOut], Field(description="lines of incidents since then, newest first")]
    changes: Annotated[list[ChangeOut], Field(description="lines of the filter since then, newest first")]
    more: Annotated[
        bool, Field(description="whether there are more lines than are here; the change log has all")
    ]


def joint_of(visit: Visit) -> JointOut:
    """Raises Problem not-whole where a row cannot be read."""
    with reading(visit.desk.engine) as conn, readable_rows():
        now = joint_review(conn)
        signed, waiting = shown_reviews(conn, now.done), shown_reviews(conn, now.waiting)
        newest = _newest(conn)
    (left, more_left), (right, more_right) = (
        _since(visit, of, now.upto) for of in (OF_INCIDENTS, OF_CHANGES)
    )
    return JointOut(
        reviewed_up_to=now.upto,
        signed=signed,
        waiting=waiting,
        newest=newest,
        incidents=left,
        changes=right,
        more=more_left or more_right,
    )


def waiting(visit: Visit) -> bool:
    """Whether a review that somebody else signed waits for this reader to sign it as well."""
    with reading(visit.desk.engine) as conn:
        found = joint_review(conn).waiting
    mine = {each.size for each in found if each.person_id == visit.reader.person_id}
    return any(each.size not in mine for each in found)


def sign(visit: Visit, body: JointReviewIn) -> LogReviewOut:
    """Raises ChangeError."""
    made = sign_incident_review(visit.desk, visit.reader.actor, body.size, body.note, visit.now)
    with reading(visit.desk.engine) as conn:
        return shown_reviews(conn, [made])[0]


def _newest(conn: Connection) -> int:
    last = next(iter(checkpoints(conn, limit=1)), None)
    return last.size if last else 0


def _since(visit: Visit, events: Sequence[str], upto: int) -> tuple[list[ChangeOut], bool]:
    found: list[ChangeOut] = []
    more = False
    for event in events:
        some, next_ = page_of(visit, event=event, limit=SHOWN)
        new = [each for each in some if each.seq > upto]
        more = more or (next_ is not None and len(new) == len(some))
        found += new
    found.sort(key=lambda each: -each.seq)
    return found[:SHOWN], more or len(found) > SHOWN

"""What one person did at once is looked at by others, within the time that the policy sets (S34)."""

import secrets
from datetime import timedelta

from sqlalchemy import insert

from audit_log.tables import review
from change_control.desk import Actor
from change_control.in_force import parsed_policy
from change_control.sealing import Change

TIGHTENING = "tightening"
BREAK_GLASS = "break-glass"
NEEDED = {TIGHTENING: 1, BREAK_GLASS: 2}


def open_review(made: Change, kind: str, object_id: str, seq: int, actor: Actor) -> None:
    """`seq`: the line that it is about. It says who and when, so opening has no line of its own."""
    reviews = parsed_policy(made.conn).reviews
    days = reviews.tightening_days if kind == TIGHTENING else reviews.break_glass_days
    made.conn.execute(
        insert(review).values(
            id=secrets.token_hex(8),
            kind=kind,
            object_id=object_id,
            about_seq=seq,
            opened_by=actor.person_id,
            opened_at=made.at,
            due_at=made.at + timedelta(days=days),
            needed=NEEDED[kind],
        )
    )

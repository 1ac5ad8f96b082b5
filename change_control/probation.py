"""Whose account came back by the envelope alone (S84) opens nothing until two others have looked at that.

Whoever holds the envelope could have asked for a colleague's code, and would be two people from then on. So
until the review is signed, this account neither proposes nor agrees, nor signs for others; it may shut.
"""

from sqlalchemy import Connection, select

from audit_log.tables import break_glass, review
from change_control.desk import ENVELOPE

BREAK_GLASS = "break-glass"
SHUTTING = frozenset({"decline", "withdraw", "revoke", "suspend", "end", "close", "place"})
SAYS = "your account came back by the sealed envelope: until two others have signed, it opens nothing"


def is_on_probation(conn: Connection, person_id: str) -> bool:
    """A use that somebody signed in made is another thing: it gave nobody an account."""
    asked = (
        select(review.c.id)
        .join(break_glass, break_glass.c.id == review.c.object_id)
        .where(
            review.c.kind == BREAK_GLASS,
            review.c.opened_by == ENVELOPE.person_id,
            review.c.done_at.is_(None),
            break_glass.c.used_by == person_id,
        )
    )
    return conn.execute(asked.limit(1)).first() is not None


def shuts(event: str) -> bool:
    return event.partition(":")[2] in SHUTTING

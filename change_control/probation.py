"""Whose account came back by the envelope alone (S84) opens nothing until two others have looked at that.

Whoever holds the envelope could have asked for a colleague's code, and would be two people from then on. So
until the review is signed, this account neither proposes nor agrees, nor signs for others; it may shut, but
nobody out who may approve, and it does not count as one of those who may.
"""

from sqlalchemy import Connection, select

from audit_log.tables import break_glass, review
from change_control.desk import ENVELOPE

BREAK_GLASS = "break-glass"
SHUTTING = frozenset({"decline", "withdraw", "revoke", "suspend", "end", "close", "place"})
SAYS = "your account came back by the sealed envelope: until two others have signed, it opens nothing"

SHUTS_OUT = (
    "your account came back by the sealed envelope: until two others have signed, it suspends or ends nobody"
    " who may approve"
)


def is_on_probation(conn: Connection, person_id: str) -> bool:
    """A use that somebody signed in made is another thing: it gave nobody an account."""
    return person_id in on_probation(conn)


def on_probation(conn: Connection) -> set[str]:
    asked = (
        select(break_glass.c.used_by)
        .select_from(review)
        .join(break_glass, break_glass.c.id == review.c.object_id)
        .where(
            review.c.kind == BREAK_GLASS,
            review.c.opened_by == ENVELOPE.person_id,
            review.c.done_at.is_(None),
            break_glass.c.used_by.is_not(None),
        )
    )
    return set(conn.execute(asked).scalars())


def shuts(event: str) -> bool:
    return event.partition(":")[2] in SHUTTING

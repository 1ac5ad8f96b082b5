"""Erasing what people wrote beside the change log, with a line for each text, and where it was copied to."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from audit_log.change_log import entries, erase_text
from audit_log.tables import change_text, opening, proposal
from change_control.desk import Actor

Place = tuple[int, str]  # the number of the line, and the field
GONE = "(erased)"
BECAUSE = "the person that it names, or is about, was erased"
COPIES = ("reason", "decision_reason", "ended_reason")
WRITTEN = ("subject", "objective", "tried")  # of an unblock


def erase_everywhere(conn: Connection, places: Iterable[Place], actor: Actor, now: datetime) -> None:
    """What is gone already stays gone. Two people agreed on it; the caller sees to that."""
    for seq, field in places:
        here = (change_text.c.seq == seq) & (change_text.c.field == field)
        text = conn.scalar(select(change_text.c.text).where(here))
        if text is None:
            continue
        (line,) = entries(conn, after=seq - 1, limit=1)
        erase_text(conn, seq, field, at=now, actor=actor.person_id, role=str(actor.role), reason=BECAUSE)
        _erase_copies(conn, line.object_id, text)


def _erase_copies(conn: Connection, object_id: str, text: str) -> None:
    """A proposal and an opening hold what was written about them too."""
    for column in (*(proposal.c[name] for name in COPIES), opening.c.reason):
        of_it = (column.table.c.id == object_id) & (column == text)
        conn.execute(update(column.table).where(of_it).values({column.name: GONE}))
    payload = conn.scalar(select(proposal.c.payload).where(proposal.c.id == object_id))
    same = [name for name in WRITTEN if payload and payload.get(name) == text]
    if payload and same:
        changed = {**payload, **dict.fromkeys(same, GONE)}
        conn.execute(update(proposal).where(proposal.c.id == object_id).values(payload=changed))

"""How often a day one person's word is enough: whatever comes into force takes the ground from what waits.

A proposal that was made before another policy came has to be made anew. Somebody who made the policy a little
stricter every hour would so keep all others from ever agreeing on anything.
"""

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from audit_log.tables import proposal
from change_control.desk import Actor

MOST_A_DAY = 3  # of one kind and one person, from midnight to midnight UTC
OFTEN = "often"  # in a payload: this is why it waits for another person


def too_often(conn: Connection, actor: Actor, kind: str, now: datetime) -> bool:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = select(func.count()).where(
        proposal.c.kind == kind,
        proposal.c.loosening.is_(False),
        proposal.c.proposed_by == actor.person_id,
        proposal.c.proposed_at >= midnight,
    )
    return conn.execute(asked).scalar_one() >= MOST_A_DAY

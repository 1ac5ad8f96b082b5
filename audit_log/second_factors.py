"""Second factors, as queries: one sealed secret for each person who has one, unreadable here."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from audit_log.tables import second_factor


@dataclass(frozen=True, slots=True)
class KeptFactor:
    sealed: str = field(repr=False)
    made_at: datetime
    last_step: int


def sealed_sha256(sealed: str) -> str:
    """What the change log tells of it. The secret is encrypted in it, so nothing can be tried against it."""
    return hashlib.sha256(sealed.encode()).hexdigest()


def kept_factor(conn: Connection, person_id: str) -> KeptFactor | None:
    table = second_factor.c
    asked = select(table.sealed, table.made_at, table.last_step).where(table.person_id == person_id)
    row = conn.execute(asked).one_or_none()
    return None if row is None else KeptFactor(*row)


def keep_factor(conn: Connection, person_id: str, sealed: str, at: datetime, step: int) -> None:
    conn.execute(insert(second_factor).values(person_id=person_id, sealed=sealed, made_at=at, last_step=step))


def use_step(conn: Connection, person_id: str, step: int) -> bool:
    """Whether nobody used this half minute, or a later one, before. Of two at once, one is right."""
    mine = (second_factor.c.person_id == person_id) & (second_factor.c.last_step < step)
    return conn.execute(update(second_factor).where(mine).values(last_step=step)).rowcount == 1


def forget_factor(conn: Connection, person_id: str) -> bool:
    """Whether there was one."""
    theirs = second_factor.c.person_id == person_id
    return conn.execute(delete(second_factor).where(theirs)).rowcount == 1

"""Enrolment codes, as queries: a code works once, to choose a password. Only its hash is kept."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from audit_log.tables import enrolment


def code_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def save_code(conn: Connection, person_id: str, code: str, made_at: datetime) -> None:
    """Keep a new code for somebody; an older one of theirs no longer works."""
    fresh = {"code_hash": code_hash(code), "made_at": made_at, "used_at": None}
    if not conn.execute(update(enrolment).where(enrolment.c.person_id == person_id).values(fresh)).rowcount:
        conn.execute(insert(enrolment).values(person_id=person_id, **fresh))


def use_code(conn: Connection, code: str, at: datetime) -> str | None:
    """The id of the person whose unused code this was; from now on it is used. None: no such code."""
    unused = (enrolment.c.code_hash == code_hash(code)) & enrolment.c.used_at.is_(None)
    person_id = conn.scalar(select(enrolment.c.person_id).where(unused))
    used = conn.execute(update(enrolment).where(unused).values(used_at=at)).rowcount
    return person_id if used == 1 else None


def forget_enrolment(conn: Connection, person_id: str) -> None:
    conn.execute(delete(enrolment).where(enrolment.c.person_id == person_id))


def enrolled_count(conn: Connection) -> int:
    """How many people have used theirs."""
    return conn.scalar(select(func.count()).where(enrolment.c.used_at.is_not(None))) or 0

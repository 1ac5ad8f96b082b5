"""Who is signed in to the console. The token is known to its holder alone; the table has its hash (A284).

It is a hash with a key that the database has not: who may write to the table makes no session of it. Nor does
a session become somebody else's there, or last longer: the token of its forms is a hash of both.
"""

import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, insert, or_, select, update

from audit_log.tables import session

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=8)
TOUCH_EVERY = timedelta(seconds=30)  # so that reading a page seldom writes


@dataclass(frozen=True, slots=True)
class Session:
    person_id: str
    token_hash: str = field(repr=False)
    csrf: str = field(repr=False)  # goes into every form of this session
    started_at: datetime
    seen_at: datetime
    may_open: bool = True  # False: begun while the change log was damaged; the token of its forms says so

    def needs_touch(self, now: datetime) -> bool:
        return now - self.seen_at >= TOUCH_EVERY


def session_key(key: Ed25519PrivateKey) -> bytes:
    """From the key that signs the change log, and no way back to it."""
    return hmac.digest(key.private_bytes_raw(), b"schoolgate/session/1", "sha256")


def token_hash(key: bytes, token: str) -> str:
    return hmac.new(key, token.encode(), "sha256").hexdigest()


def create_session(
    conn: Connection, key: bytes, person_id: str, now: datetime, *, may_open: bool = True
) -> tuple[str, Session]:
    """The token, which is told once and not kept, and the session."""
    token = secrets.token_urlsafe(32)
    csrf = _csrf(key, token, person_id, now, may_open)
    new = Session(person_id, token_hash(key, token), csrf, now, now, may_open)
    conn.execute(
        insert(session).values(
            token_hash=new.token_hash, person_id=person_id, csrf=new.csrf, started_at=now, seen_at=now
        )
    )
    return token, new


def find_session(conn: Connection, key: bytes, token: str, now: datetime) -> Session | None:
    """The session of this token, unless it was ended, idle too long or simply too long."""
    table = session.c
    row = conn.execute(
        select(table.person_id, table.token_hash, table.csrf, table.started_at, table.seen_at).where(
            table.token_hash == token_hash(key, token),
            table.ended_at.is_(None),
            table.seen_at > now - IDLE,
            table.started_at > now - ABSOLUTE,
        )
    ).one_or_none()
    if row is None:
        return None
    for may_open in (True, False):
        ours = _csrf(key, token, row.person_id, row.started_at, may_open)
        if hmac.compare_digest(row.csrf.encode(), ours.encode()):
            return Session(*row, may_open)
    return None


def _csrf(key: bytes, token: str, person_id: str, started_at: datetime, may_open: bool) -> str:
    what = "csrf" if may_open else "csrf of a session that opens nothing"
    said = json.dumps([what, token, person_id, started_at.astimezone(UTC).isoformat()])
    return hmac.new(key, said.encode(), "sha256").hexdigest()


def touch_session(conn: Connection, found: Session, now: datetime) -> None:
    """Seen now. Never wakes a session that was ended meanwhile."""
    ours = (session.c.token_hash == found.token_hash) & session.c.ended_at.is_(None)
    conn.execute(update(session).where(ours).values(seen_at=now))


def end_session(conn: Connection, key: bytes, token: str, now: datetime) -> bool:
    """Signed off; False when there was nothing to end."""
    ours = (session.c.token_hash == token_hash(key, token)) & session.c.ended_at.is_(None)
    return conn.execute(update(session).where(ours).values(ended_at=now)).rowcount == 1


def sessions_of(conn: Connection, person_id: str, now: datetime) -> list[Session]:
    """Those that somebody could go on with; the newest first."""
    table = session.c
    living = (table.ended_at.is_(None)) & (table.seen_at > now - IDLE) & (table.started_at > now - ABSOLUTE)
    asked = select(table.person_id, table.token_hash, table.csrf, table.started_at, table.seen_at)
    mine = asked.where(table.person_id == person_id, living)
    return [Session(*row) for row in conn.execute(mine.order_by(table.started_at.desc(), table.token_hash))]


def end_sessions_of(conn: Connection, person_id: str, now: datetime) -> int:
    """Every session of somebody: after a new password, a new role, a suspension."""
    theirs = (session.c.person_id == person_id) & session.c.ended_at.is_(None)
    return conn.execute(update(session).where(theirs).values(ended_at=now)).rowcount


def forget_sessions_of(conn: Connection, person_id: str) -> int:
    """Delete every trace of when somebody was signed in."""
    return conn.execute(delete(session).where(session.c.person_id == person_id)).rowcount


def forget_sessions(conn: Connection, before: datetime) -> int:
    """Delete what ended, or went stale, before then."""
    old = or_(session.c.ended_at < before, session.c.seen_at < before)
    return conn.execute(delete(session).where(old)).rowcount

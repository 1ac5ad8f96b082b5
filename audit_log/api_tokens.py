"""Tokens for programs, as queries. The token is known to its holder alone; the table has a hash of it.

It is a hash with a key that the database has not, of the token and of all that it may: who may write to the
table makes no token of it, widens none, and makes none last longer.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Row, insert, select, update

from audit_log.seal import stamp
from audit_log.tables import api_token

TOUCH_EVERY = timedelta(minutes=1)  # so that a program that asks often seldom writes


@dataclass(frozen=True, slots=True)
class KeptToken:
    id: str
    person_id: str
    name: str
    role: str
    scopes: tuple[str, ...]
    addresses: tuple[str, ...]
    made_at: datetime
    ends_at: datetime
    proof: str = field(default="", repr=False)
    last_used_at: datetime | None = None
    ended_at: datetime | None = None

    def needs_touch(self, now: datetime) -> bool:
        return self.last_used_at is None or now - self.last_used_at >= TOUCH_EVERY


def token_key(key: Ed25519PrivateKey) -> bytes:
    """From the key that signs the change log, and no way back to it."""
    return hmac.digest(key.private_bytes_raw(), b"schoolgate/token/1", "sha256")


def proof_of(key: bytes, one: KeptToken, token: str) -> str:
    return hmac.new(key, json.dumps([token, *_said(one)]).encode(), "sha256").hexdigest()


def row_sha256(one: KeptToken) -> str:
    """What the change log tells of the row. `proof` is in it, so nobody finds the addresses by trying."""
    return hashlib.sha256(json.dumps([one.proof, *_said(one)]).encode()).hexdigest()


def _said(one: KeptToken) -> Sequence[object]:
    """All but the name, which goes when its owner is erased, and what comes later."""
    made, ends = stamp(one.made_at), stamp(one.ends_at)
    return [one.id, one.person_id, one.role, list(one.scopes), list(one.addresses), made, ends]


def keep_token(conn: Connection, one: KeptToken) -> None:
    row = asdict(one) | {"scopes": list(one.scopes), "addresses": list(one.addresses)}
    conn.execute(insert(api_token).values(row))


def kept_token(conn: Connection, token_id: str) -> KeptToken | None:
    row = conn.execute(select(api_token).where(api_token.c.id == token_id)).one_or_none()
    return None if row is None else _kept(row)


def kept_tokens(conn: Connection, person_id: str | None = None) -> list[KeptToken]:
    """Of one person, or of everybody; the newest first."""
    asked = select(api_token).order_by(api_token.c.made_at.desc(), api_token.c.id)
    if person_id is not None:
        asked = asked.where(api_token.c.person_id == person_id)
    return [_kept(row) for row in conn.execute(asked)]


def touch_token(conn: Connection, token_id: str, now: datetime) -> None:
    conn.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=now))


def end_token(conn: Connection, token_id: str, now: datetime) -> bool:
    """False when it had been ended already."""
    living = (api_token.c.id == token_id) & api_token.c.ended_at.is_(None)
    return conn.execute(update(api_token).where(living).values(ended_at=now)).rowcount == 1


def forget_token_names(conn: Connection, person_id: str) -> None:
    """What somebody called their tokens."""
    conn.execute(update(api_token).where(api_token.c.person_id == person_id).values(name=""))


def _kept(row: Row[tuple[object, ...]]) -> KeptToken:
    fields = dict(row._mapping)
    return KeptToken(**fields | {name: tuple(fields[name]) for name in ("scopes", "addresses")})

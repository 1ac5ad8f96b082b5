"""Tokens that programs use in place of a person: less than their owner may, for a year at most (S81).

A token reads, asks or explains. None approves, declines, shuts, or lets anybody in: nothing that takes a
person's word has a scope. What it may is its scopes and what its owner's role may now, whichever is less.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from ipaddress import ip_address, ip_network

import structlog
from sqlalchemy import Connection

from audit_log.api_tokens import (
    KeptToken,
    end_token,
    keep_token,
    kept_token,
    kept_tokens,
    proof_of,
    row_sha256,
    token_key,
)
from audit_log.seal import stamp
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.roles import APPROVING, ASKING, CONSOLE, READING, entitle
from change_control.sealing import Change, change
from change_control.texts import fault_of
from filter_policy.bundle_proof import ProofFault
from filter_policy.model import Role

log = structlog.get_logger()
# Who may give which of their rights to a program. What each opens: audit_api/scopes.py.
SCOPES: Mapping[str, frozenset[Role]] = {
    "changes:read": READING,
    "filtering-log:read": READING,
    "incidents:read": ASKING,
    "incidents:write": ASKING,
    "reports:read": READING,
    "policy:read": CONSOLE,
    "lists:read": READING,
    "unblocks:read": CONSOLE,
    "unblocks:ask": ASKING,
    "explain": APPROVING,
    "metrics": READING,
}
MOST_DAYS = 365
MOST_ADDRESSES = 10
MOST_TOKENS = 20
LONGEST_NAME = 60
SHAPE = re.compile(r"sg_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Wanted:
    name: str
    scopes: Sequence[str]
    days: int
    addresses: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """Told once, to whoever made it."""

    kept: KeptToken
    token: str = field(repr=False)


def looks_like_token(text: str) -> bool:
    return SHAPE.fullmatch(text) is not None


def make_token(desk: Desk, actor: Actor, wanted: Wanted, now: datetime) -> Made:
    """For oneself alone. Raises ChangeError naming every fault."""
    with change(desk, now) as made:
        found = entitle(made.conn, actor, "token:create", now)
        _require_room(made.conn, found.id, now)
        one = _fresh(wanted, actor, now)
        token = f"sg_{one.id}_{secrets.token_urlsafe(32)}"
        one = replace(one, proof=proof_of(token_key(desk.key), one, token))
        keep_token(made.conn, one)
        detail = {
            "scopes": list(one.scopes),
            "ends_at": stamp(one.ends_at),
            "addresses": len(one.addresses),
            "sha256": row_sha256(one),
        }
        made.seal("token:create", actor, one.id, detail)
        return Made(one, token)


def revoke_token(desk: Desk, actor: Actor, token_id: str, now: datetime) -> KeptToken:
    """One's own; anybody's, for those who may approve: it only shuts. Raises ChangeError."""
    with change(desk, now) as made:
        found = entitle(made.conn, actor, "token:revoke", now)
        one = kept_token(made.conn, token_id)
        if one is None or (one.person_id != found.id and found.role not in APPROVING):
            raise ChangeError("not-found", "there is no such token")
        if not end_token(made.conn, token_id, now):
            raise ChangeError("wrong-state", "this token has been revoked already")
        made.seal("token:revoke", actor, token_id, {"person": one.person_id})
        return replace(one, ended_at=now)


def end_tokens_of(made: Change, actor: Actor, person_id: str) -> None:
    """After a password chosen with a code: whoever had the account before is to have nothing left."""
    for one in kept_tokens(made.conn, person_id):
        if one.ended_at is None and one.ends_at > made.at and end_token(made.conn, one.id, made.at):
            made.seal("token:revoke", actor, one.id, {"person": person_id})


def find_token(desk: Desk, conn: Connection, token: str, address: str, now: datetime) -> KeptToken | None:
    """The token, if it may be used now and from there. Its owner is somebody else's question.

    Who may write to the database brings none back to life: the sealed lines must know it, and no end of it.
    """
    shaped = SHAPE.fullmatch(token)
    one = kept_token(conn, shaped[1]) if shaped else None
    if one is None or not compare_digest(one.proof, proof_of(token_key(desk.key), one, token)):
        return None
    if one.ended_at is not None or one.ends_at <= now or not _is_from(one, address):
        return None
    try:
        if desk.log_lines.is_token(conn, one.id):
            return one
    except ProofFault as fault:
        log.error("token.log_is_damaged", why=str(fault))
        return None
    log.error("token.not_sealed", token=one.id)
    return None


def _is_from(one: KeptToken, address: str) -> bool:
    if not one.addresses:
        return True
    try:
        here = ip_address(address)
    except ValueError:
        return False
    return any(here in ip_network(each) for each in one.addresses)


def _require_room(conn: Connection, person_id: str, now: datetime) -> None:
    living = [each for each in kept_tokens(conn, person_id) if each.ended_at is None and each.ends_at > now]
    if len(living) >= MOST_TOKENS:
        raise ChangeError("wrong-state", f"you have {MOST_TOKENS} tokens; revoke one that is not needed")


def _fresh(wanted: Wanted, actor: Actor, now: datetime) -> KeptToken:
    faults: dict[str, str] = {}
    name = wanted.name.strip()
    if not name or not name.isprintable() or fault_of(name, LONGEST_NAME):
        faults["name"] = f"what the token is for, in 1 to {LONGEST_NAME} characters"
    if not 1 <= wanted.days <= MOST_DAYS:
        faults["days"] = f"a whole number of days from 1 to {MOST_DAYS}"
    mine = [scope for scope, roles in SCOPES.items() if actor.role in roles]
    if not wanted.scopes or not set(wanted.scopes) <= set(mine):
        faults["scopes"] = f"one or more of: {', '.join(mine)}"
    addresses = _networks(wanted.addresses, faults)
    if faults:
        raise bad_input(faults)
    return KeptToken(
        id=secrets.token_hex(6),
        person_id=actor.person_id,
        name=name,
        role=str(actor.role),
        scopes=tuple(scope for scope in SCOPES if scope in wanted.scopes),
        addresses=addresses,
        made_at=now,
        ends_at=now + timedelta(days=wanted.days),
    )


def _networks(given: Sequence[str], faults: dict[str, str]) -> tuple[str, ...]:
    try:
        found = tuple(dict.fromkeys(str(ip_network(each.strip())) for each in given))
    except ValueError:
        found = ()
        faults["addresses"] = "addresses like 10.1.2.3, or networks like 10.1.2.0/24"
    if len(found) > MOST_ADDRESSES:
        faults["addresses"] = f"at most {MOST_ADDRESSES}"
    return found

"""The kind "correction": rows that were recorded as somebody else's, set right by a row beside them (S103).

It can move blame from one person to another, so two agree on it, and neither may be one of those it is about:
not when it is proposed, nor when it is agreed to, since another correction may have come in between.
The address is a person's too: what is sealed of it is a salted hash.
"""

import ipaddress
import secrets
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from audit_log.corrections import corrections
from audit_log.people import Registered, person_by_id, person_by_username
from audit_log.seal import SALT_BYTES, stamp, text_seal
from audit_log.tables import correction
from change_control.desk import Actor, Desk
from change_control.drafts import Draft
from change_control.errors import ChangeError, bad_input

KIND = "correction"
SEALED = ("person", "right_person", "from", "to", "address_sha256")
CONCERNED = "this is about you; two others have to agree on it"
PROPOSER_CONCERNED = "by now this is about whoever proposed it; somebody else has to propose it anew"


@dataclass(frozen=True, slots=True)
class WrongIdentity:
    """What was asked recorded as `person` was asked by `right_person`; None: by nobody who is known."""

    person: str  # user name or id
    right_person: str | None
    from_at: datetime
    to_at: datetime
    client_address: str | None = field(default=None, repr=False)  # None: from any address


def draft(conn: Connection, actor: Actor, asked: WrongIdentity, reason: str, now: datetime) -> Draft:
    """Raises ChangeError bad-input with every fault, or same-person."""
    faults = times_at_fault(asked.from_at, asked.to_at)
    if not faults and asked.to_at > now:
        faults["to"] = "is still to come; only what was recorded can be wrong"
    recorded = found_person(conn, asked.person, "person", faults)
    right = found_person(conn, asked.right_person, "right_person", faults) if asked.right_person else None
    address = _address(asked.client_address, faults)
    if faults or recorded is None:
        raise bad_input(faults)
    salt = secrets.token_bytes(SALT_BYTES)
    payload = {
        "person": recorded.id,
        "right_person": right.id if right else None,
        "from": stamp(asked.from_at),
        "to": stamp(asked.to_at),
        "client_address": address,
        "salt": salt.hex(),
        "address_sha256": text_seal(salt, address) if address else None,
    }
    _check_changes_something(conn, payload)
    require_unconcerned(concerned(conn, payload), actor.person_id)
    return Draft(KIND, payload, reason)


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    return {name: row["payload"][name] for name in SEALED}


def recheck(_desk: Desk, conn: Connection, row: Mapping[Any, Any], _now: datetime) -> None:
    _check_changes_something(conn, row["payload"])
    require_unconcerned(concerned(conn, row["payload"]), row["proposed_by"], PROPOSER_CONCERNED)


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime) -> Mapping[str, str]:
    payload = row["payload"]
    require_unconcerned(concerned(conn, payload), actor.person_id)
    conn.execute(
        insert(correction).values(
            id=row["id"],
            person_id=payload["person"],
            right_person_id=payload["right_person"],
            from_at=instant_of(payload["from"]),
            to_at=instant_of(payload["to"]),
            client_address=payload["client_address"],
            agreed_at=now,
        )
    )
    return {}


def concerned(conn: Connection, payload: Mapping[str, Any]) -> set[str]:
    """Those whom it gives rows or takes rows from, by what was agreed before as well."""
    theirs = {payload["person"], payload["right_person"]}
    return {each for each in theirs | _earlier(conn, payload) if each is not None}


def _earlier(conn: Connection, payload: Mapping[str, Any]) -> set[str | None]:
    """Whose rows these are by the corrections so far that meet this one."""
    start, end = instant_of(payload["from"]), instant_of(payload["to"])
    return {
        each.right_person_id
        for each in corrections(conn)
        if each.person_id == payload["person"] and each.from_at < end and start < each.to_at
    }


def require_unconcerned(about: Container[str], person_id: str, says: str = CONCERNED) -> None:
    """Raises ChangeError same-person."""
    if person_id in about:
        raise ChangeError("same-person", says)


def _check_changes_something(conn: Connection, payload: Mapping[str, Any]) -> None:
    """Back to whom it was recorded as: only where an earlier correction says otherwise."""
    if payload["right_person"] == payload["person"] and not _earlier(conn, payload):
        raise bad_input({"right_person": "is whom it was recorded as"})


def found_person(conn: Connection, named: str, field_: str, faults: dict[str, str]) -> Registered | None:
    """By user name or id; who is not found is a fault of that field."""
    found = person_by_username(conn, named.strip()) or person_by_id(conn, named.strip())
    if found is None:
        faults[field_] = "nobody of that user name or id is on the register"
    return found


def times_at_fault(from_at: datetime, to_at: datetime) -> dict[str, str]:
    faults = {name: "needs its zone" for name, at in (("from", from_at), ("to", to_at)) if at.tzinfo is None}
    if not faults and from_at >= to_at:
        faults["to"] = "must be after from: the time is half-open, from is in and to is out"
    return faults


def instant_of(said: str) -> datetime:
    return datetime.fromisoformat(said).astimezone(UTC)


def _address(said: str | None, faults: dict[str, str]) -> str | None:
    """As the gate writes it."""
    if said is None or not said.strip():
        return None
    try:
        return str(ipaddress.ip_address(said.strip()))
    except ValueError:
        faults["client_address"] = "an address like 10.0.3.17; none means from any"
        return None

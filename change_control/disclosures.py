"""The kind "disclosure": what a member of staff browsed is shown to whoever leads them (S190).

Asked for with a reason, for one person and stretch; the headteacher agrees (of the headteacher: the
coordinator), and it ends by the clock. The change log does not say whose rows they are, only that it was
asked and read: whom it is about, and everybody else, may read that log. A salted hash there holds the name.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from audit_log.people import Registered, person_by_id
from audit_log.seal import SALT_BYTES, stamp, text_seal
from change_control.corrections import found_person, instant_of, times_at_fault
from change_control.desk import Actor, Desk
from change_control.drafts import Draft, instant
from change_control.errors import ChangeError, bad_input
from change_control.incident_kinds import ADULTS
from change_control.naming import names_somebody
from change_control.proposal import Proposal
from change_control.queries import get_proposal
from change_control.roles import entitle
from change_control.sealing import change
from filter_policy.life_cycle import State
from filter_policy.model import Role

KIND = "disclosure"
LONGEST = 14  # days for which rows may be read
SEALED = ("from", "to", "person_sha256")
STAYS = "must not name them: everybody who reads the change log reads this"
READS_IT = "nobody has to be asked: you may read this in the filtering log, with your purpose on the record"
OVER = "this disclosure is not in force (any more)"
NOT_YOURS = "there is no such disclosure for you"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`days`: for how long it may be read, from when it was asked for."""

    person: str  # user name or id
    from_at: datetime
    to_at: datetime
    days: int = 7


def draft(conn: Connection, actor: Actor, asked: Wanted, reason: str, now: datetime) -> Draft:
    """Raises ChangeError bad-input with every fault."""
    faults = times_at_fault(asked.from_at, asked.to_at)
    found = found_person(conn, asked.person, "person", faults)
    if not faults and asked.to_at > now:
        faults["to"] = "is still to come"
    if not 1 <= asked.days <= LONGEST:
        faults["days"] = f"1 to {LONGEST}"
    if found is not None and (found.role not in ADULTS or found.id == actor.person_id):
        faults["person"] = "must be somebody else on the staff; pupils are read in the filtering log"
    elif found is not None and decides(Role(actor.role), found.role):
        faults["person"] = READS_IT
    if found is not None and names_somebody(reason, found.username, found.name):
        faults["reason"] = STAYS
    if faults or found is None:
        raise bad_input(faults)
    salt = secrets.token_bytes(SALT_BYTES)
    payload = {
        "person": found.id,
        "from": stamp(asked.from_at),
        "to": stamp(asked.to_at),
        "salt": salt.hex(),
        "person_sha256": text_seal(salt, found.id),
    }
    return Draft(KIND, payload, reason, ends_at=now + timedelta(days=asked.days))


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    return {**{name: row["payload"][name] for name in SEALED}, "ends_at": instant(row["ends_at"])}


def recheck(_desk: Desk, conn: Connection, row: Mapping[Any, Any], _now: datetime) -> None:
    person = _person(conn, row)
    if person.role not in ADULTS:
        raise ChangeError("wrong-state", "this is nobody on the staff any more")
    asker = person_by_id(conn, row["proposed_by"])
    if asker is None or asker.id == person.id:
        raise ChangeError("same-person", "nobody is shown their own rows in this way")


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, _now: datetime) -> Mapping[str, str]:
    if not decides(Role(actor.role), _person(conn, row).role) or actor.person_id == row["payload"]["person"]:
        raise ChangeError("wrong-role", "the headteacher agrees to this; of a headteacher, the coordinator")
    return {}


def decides(role: Role, of: Role) -> bool:
    """Who agrees to show what somebody of the role `of` did."""
    return role is (Role.COORDINATOR if of is Role.HEADTEACHER else Role.HEADTEACHER)


def sees(conn: Connection, actor: Actor, found: Proposal) -> bool:
    """Whoever asked, and whoever decides; nobody else learns about whom it is."""
    if found.payload["person"] == actor.person_id:
        return False
    if found.proposed_by == actor.person_id:
        return True
    person = person_by_id(conn, found.payload["person"])
    return person is not None and decides(Role(actor.role), person.role)


def in_force(found: Proposal, now: datetime) -> bool:
    return found.state is State.APPROVED and found.ends_at is not None and now < found.ends_at


def record_read(desk: Desk, actor: Actor, disclosure_id: str, rows: int, now: datetime) -> int:
    """Before a page of it is shown, to whoever asked. Raises ChangeError: not theirs, or over."""
    with change(desk, now) as made:
        entitle(made.conn, actor, f"{KIND}:read", now)
        require_reader(made.conn, actor, disclosure_id, now)
        return made.seal(f"{KIND}:read", actor, disclosure_id, {"rows": rows})


def require_reader(conn: Connection, actor: Actor, disclosure_id: str, now: datetime) -> Proposal:
    """Raises ChangeError not-found or wrong-state."""
    found = get_proposal(conn, disclosure_id, now)
    if found.kind != KIND or found.proposed_by != actor.person_id or not sees(conn, actor, found):
        raise ChangeError("not-found", NOT_YOURS)
    if not in_force(found, now):
        raise ChangeError("wrong-state", OVER)
    return found


def stretch_of(found: Proposal) -> tuple[datetime, datetime]:
    return instant_of(found.payload["from"]), instant_of(found.payload["to"])


def _person(conn: Connection, row: Mapping[Any, Any]) -> Registered:
    found = person_by_id(conn, row["payload"]["person"])
    if found is None:
        raise ChangeError("not-found", "this person is not on the register any more")
    return found

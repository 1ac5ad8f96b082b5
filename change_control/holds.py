"""Legal holds (S104): one person places one, and rows stay though their time is over. Letting them go again
takes two, since after that they may be gone for good.

Placing is a verb of its own; the kind "hold-release" is the way back.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from audit_log.corrections import corrections
from audit_log.holds import Hold, holds
from audit_log.seal import stamp
from audit_log.tables import legal_hold
from change_control.corrections import PROPOSER_CONCERNED, found_person, require_unconcerned, times_at_fault
from change_control.desk import Actor, Desk
from change_control.drafts import Draft
from change_control.errors import ChangeError, bad_input
from change_control.roles import entitle
from change_control.sealing import change
from change_control.texts import needed

KIND = "hold-release"


def place_hold(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk,
    actor: Actor,
    person: str | None,
    from_at: datetime,
    to_at: datetime,
    reason: str,
    now: datetime,
) -> Hold:
    """In force at once. `person`: user name or id; None: everybody. Raises ChangeError."""
    why = needed(reason)
    with change(desk, now) as made:
        entitle(made.conn, actor, "hold:place", now)
        faults = times_at_fault(from_at, to_at)
        found = found_person(made.conn, person, "person", faults) if person is not None else None
        if faults:
            raise bad_input(faults)
        new = Hold(secrets.token_hex(8), found.id if found else None, from_at, to_at, actor.person_id, now)
        row = {name: getattr(new, name) for name in legal_hold.c.keys()}  # noqa: SIM118  # a collection of columns
        made.conn.execute(insert(legal_hold).values(row))
        detail = {"person": new.person_id, "from": stamp(from_at), "to": stamp(to_at)}
        made.seal("hold:place", actor, new.id, detail, {"reason": why})
        return new


def draft(conn: Connection, actor: Actor, hold_id: str, reason: str) -> Draft:
    """To release one. Raises ChangeError."""
    found = _in_force(conn, hold_id)
    require_unconcerned(concerned(conn, found), actor.person_id)
    return Draft(KIND, {"hold": found.id}, reason)


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    return {"hold": row["payload"]["hold"]}


def recheck(_desk: Desk, conn: Connection, row: Mapping[Any, Any], _now: datetime) -> None:
    found = _in_force(conn, row["payload"]["hold"])
    require_unconcerned(concerned(conn, found), row["proposed_by"], PROPOSER_CONCERNED)


def apply(conn: Connection, row: Mapping[Any, Any], actor: Actor, now: datetime) -> Mapping[str, str]:
    found = _in_force(conn, row["payload"]["hold"])
    require_unconcerned(concerned(conn, found), actor.person_id)
    conn.execute(update(legal_hold).where(legal_hold.c.id == found.id).values(released_at=now))
    return {}


def get_hold(conn: Connection, hold_id: str) -> Hold:
    """Raises ChangeError not-found."""
    row = conn.execute(select(legal_hold).where(legal_hold.c.id == hold_id)).first()
    if row is None:
        raise ChangeError("not-found", "there is no such hold")
    return Hold(**row._mapping)


def holds_of(conn: Connection, person_id: str, since: datetime, until: datetime) -> list[Hold]:
    """Those in force that keep rows of this person, who was on the register from then until then."""
    theirs = {person_id} | {each.person_id for each in corrections(conn) if each.right_person_id == person_id}
    return [
        each
        for each in holds(conn)
        if each.person_id in theirs
        or (each.person_id is None and each.from_at < until and since < each.to_at)
    ]


def _in_force(conn: Connection, hold_id: str) -> Hold:
    found = get_hold(conn, hold_id)
    if found.released_at is not None:
        raise ChangeError("wrong-state", "this hold has been released already")
    return found


def concerned(conn: Connection, found: Hold) -> set[str]:
    """Whose rows it keeps, by any correction as well: they may speak against them."""
    if found.person_id is None:  # everybody's alike
        return set()
    meeting = [
        each for each in corrections(conn) if each.from_at < found.to_at and found.from_at < each.to_at
    ]
    recorded_as = {each.person_id for each in meeting if each.right_person_id == found.person_id}
    recorded_as.add(found.person_id)
    right = {each.right_person_id for each in meeting if each.person_id in recorded_as}
    return recorded_as | {each for each in right if each is not None}

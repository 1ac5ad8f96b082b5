"""The kind "people": rows of the register to add or change, agreed on together.

A row names a person by `username` (or, to give him another username, by `id`) and holds what is to be set:
    name, role, filter_groups, classes, agreement_signed, starts_at, ends_at
    suspended: false                      lifts a suspension (to suspend takes one person: `tightening.py`)
    password_hash, console_hash           argon2id; never a password in clear
    must_change: false                    the new passwords are the person's own choice already
What a row does not name stays. A guest or community user has no access until `agreement_signed` (S57, S95).
Hashes are shown to nobody, and leave the proposal with the names as soon as it is decided: names are kept in
the register alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit_log.people import PASSWORD_COLUMNS, Registered, add_person, change_person
from audit_log.sessions import end_sessions_of
from change_control.desk import Actor, Desk
from change_control.drafts import Draft
from change_control.errors import ChangeError, bad_input
from change_control.in_force import parsed_policy
from change_control.proposal import ANONYMOUS
from change_control.register_rows import Known, drafted_rows
from filter_policy.model import Role

SIGNS_OUT = frozenset(
    {"role", "username", "agreement_signed", "starts_at", "ends_at", "password_hash", "console_hash"}
)
INSTANTS = frozenset({"starts_at", "ends_at", "suspended_from", "suspended_until"})


def draft(
    conn: Connection, rows: Sequence[Mapping[str, object]], reason: str, labels: Sequence[str] = ()
) -> Draft:
    """Raises ChangeError bad-input with every fault of every row, each by its label (`rows[0]`)."""
    names = labels or [f"rows[{number}]" for number in range(len(rows))]
    faults: dict[str, str] = {}
    drafted = drafted_rows(Known.of(conn), parsed_policy(conn), list(zip(names, rows, strict=True)), faults)
    if faults:
        raise bad_input(faults)
    if not drafted:
        raise bad_input({"rows": "nothing would change"})
    return Draft("people", {"rows": drafted}, reason)


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    """By id alone: usernames and names stay in the register, and only that they change is sealed."""
    return {
        "people": [
            {
                "person": one["id"],
                "new": one["new"],
                "set": {key: value for key, value in one["set"].items() if key in ANONYMOUS},
                "named": one["named"],
                "passwords": one["passwords"],
            }
            for one in row["payload"]["rows"]
        ]
    }


def recheck(_desk: Desk, conn: Connection, row: Mapping[Any, Any], _now: datetime) -> None:
    register, groups = Known.of(conn), set(parsed_policy(conn).filter_groups)
    for one in row["payload"]["rows"]:
        wanted = one["set"].get("username")
        holder = register.by_username.get(wanted)
        if holder is not None and holder.id != one["id"]:
            raise ChangeError("refused", f"the username {wanted} has been taken since; propose this anew")
        if not one["new"] and one["id"] not in register.by_id:
            raise ChangeError("refused", "one of these people is gone from the register; propose this anew")
        if unknown := set(one["set"].get("filter_groups", ())) - groups:
            raise ChangeError("refused", f"the policy no longer knows {', '.join(sorted(unknown))}")


def apply(conn: Connection, row: Mapping[Any, Any], _actor: Actor, now: datetime) -> None:
    for one in row["payload"]["rows"]:
        values = {key: _value(key, value) for key, value in one["set"].items()}
        values |= _passwords(one, now)
        if one["new"]:
            add_person(conn, Registered(id=one["id"], created_at=now, **values))
        else:
            change_person(conn, one["id"], **values)
            if SIGNS_OUT & set(values):
                end_sessions_of(conn, one["id"], now)


def _passwords(one: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of each password that the row brings."""
    columns: dict[str, Any] = {}
    for which in one["passwords"]:
        names = PASSWORD_COLUMNS[which]
        columns |= dict(zip(names, (one["secrets"][names[0]], now, one["must_change"]), strict=True))
    return columns


def _value(key: str, value: Any) -> Any:
    """From the payload's JSON to what the register holds."""
    if key in INSTANTS:
        return None if value is None else datetime.fromisoformat(value)
    if key == "role":
        return Role(value)
    return tuple(value) if isinstance(value, list) else value

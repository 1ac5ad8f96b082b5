"""The kind "people": rows of the register to add or change, agreed on together.

A row names a person by `username` (or, to give him another username, by `id`) and holds what is to be set:
    name, role, filter_groups, classes, agreement_signed, starts_at, ends_at
    suspended: false                      lifts a suspension (to suspend takes one person: `tightening.py`)
    password_hash, console_hash           argon2id; never a password in clear
    must_change: false                    the new passwords are the person's own choice already
    new_code: true                        an approver or a governor chooses a console password anew
    clear_second_factor: true             the telephone is lost: nothing is asked for after the password
What a row does not name stays. A guest or community user has no access until `agreement_signed` (S57, S95).
Who gets the power to approve or to sign (a governor) gets a code in two halves instead of a console
password (`codes.py`): one half
for whoever proposes, one for whoever approves; each is in `Proposal.handed`, once. An old console password of
theirs ends with the approval: somebody else may have known it.
What only takes away (`register_effects.py`) is in force at once; all else needs a second person.
A row holds what the register said when it was proposed; if that has changed, it is proposed anew.
Hashes are shown to nobody, and leave the proposal with the names as soon as it is decided: names are kept in
the register alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from audit_log.enrolment import code_hash, save_code
from audit_log.passwords import sealed_hash
from audit_log.people import PASSWORD_COLUMNS, Registered, add_person, change_person, person_by_id
from audit_log.second_factors import forget_factor
from audit_log.sessions import end_sessions_of
from audit_log.tables import proposal
from change_control.codes import half_hash, joined, new_half
from change_control.desk import Actor, Desk
from change_control.drafts import Draft
from change_control.effects import KEPT, kept
from change_control.errors import ChangeError, bad_input
from change_control.in_force import parsed_policy
from change_control.openings import close_openings_of
from change_control.probation import on_probation
from change_control.proposal import ANONYMOUS
from change_control.register_effects import people_effect
from change_control.register_rows import Known, drafted_rows, register_now
from filter_policy.model import Role

SIGNS_OUT = frozenset(
    {"role", "username", "agreement_signed", "starts_at", "ends_at", "password_hash", "console_hash"}
)
SHUTS = frozenset({"role", "classes", "agreement_signed", "starts_at", "ends_at"})
INSTANTS = frozenset({"starts_at", "ends_at", "suspended_from", "suspended_until"})


def draft(
    conn: Connection, rows: Sequence[Mapping[str, object]], reason: str, labels: Sequence[str] = ()
) -> Draft:
    """Raises ChangeError bad-input with every fault of every row, each by its label (`rows[0]`)."""
    names = labels or [f"rows[{number}]" for number in range(len(rows))]
    faults: dict[str, str] = {}
    known, policy = Known.of(conn), parsed_policy(conn)
    drafted = drafted_rows(known, policy, list(zip(names, rows, strict=True)), faults)
    if faults:
        raise bad_input(faults)
    if not drafted:
        raise bad_input({"rows": "nothing would change"})
    found = people_effect(policy, known.by_id, drafted, [_values(one) for one in drafted], on_probation(conn))
    payload = {"rows": drafted, KEPT: kept(found)}
    handed = _first_halves(conn, drafted)
    return Draft("people", payload, reason, handed=handed, loosening=found.loosening)


def _first_halves(conn: Connection, drafted: Sequence[dict[str, Any]]) -> dict[str, str]:
    """By username, for whoever proposes; of each half the row keeps a hash."""
    handed = {}
    for one in drafted:
        if one["code"]:
            half = new_half()
            one["secrets"]["code_half"] = half_hash(half)
            handed[_username(conn, one)] = half
    return handed


def _username(conn: Connection, one: Mapping[str, Any]) -> str:
    found = person_by_id(conn, one["id"])
    return str(one["set"].get("username") or (found.username if found else one["id"]))


def facts(row: Mapping[Any, Any]) -> dict[str, object]:
    """By id alone: usernames and names stay in the register, and only that they change is sealed."""
    rows = row["payload"]["rows"]
    hashes = {one["id"]: sealed for one in rows if (sealed := _sealed_hashes(one))}
    codes = row["payload"].get("codes")  # of what each new code hashes to, once they are made
    return {
        **({"hashes": hashes} if hashes else {}),
        **({"codes": codes} if codes else {}),
        "people": [
            {
                "person": one["id"],
                "new": one["new"],
                "set": {key: value for key, value in one["set"].items() if key in ANONYMOUS},
                "named": one["named"],
                "passwords": one["passwords"],
                "code": one["code"],
                **({"second_factor": one["second_factor"]} if "second_factor" in one else {}),
            }
            for one in rows
        ],
    }


def _sealed_hashes(one: Mapping[str, Any]) -> dict[str, str]:
    """So that nobody can put another password into the database; as long as the proposal has them."""
    kept = {which: one.get("secrets", {}).get(PASSWORD_COLUMNS[which][0]) for which in one["passwords"]}
    return {which: sealed_hash(each) for which, each in kept.items() if each}


def recheck(_desk: Desk, conn: Connection, row: Mapping[Any, Any], _now: datetime) -> None:
    register, groups = Known.of(conn), set(parsed_policy(conn).filter_groups)
    for one in row["payload"]["rows"]:
        wanted = one["set"].get("username")
        holder = register.by_username.get(wanted)
        if holder is not None and holder.id != one["id"]:
            raise ChangeError("refused", f"the username {wanted} has been taken since; propose this anew")
        if not one["new"]:
            _check_unchanged(register.by_id.get(one["id"]), one)
        if unknown := set(one["set"].get("filter_groups", ())) - groups:
            raise ChangeError("refused", f"the policy no longer knows {', '.join(sorted(unknown))}")


def _check_unchanged(found: Registered | None, one: Mapping[str, Any]) -> None:
    if found is None:
        raise ChangeError("refused", "one of these people is gone from the register; propose this anew")
    now = register_now(found, one["was"])
    if changed := sorted(field for field, value in one["was"].items() if now[field] != value):
        says = f"of {found.username} has changed since: {', '.join(changed)}; propose this anew"
        raise ChangeError("wrong-state", says)


def apply(conn: Connection, row: Mapping[Any, Any], _actor: Actor, now: datetime) -> Mapping[str, str]:
    """Returns the approver's halves of the new codes, by username."""
    handed, codes = {}, {}
    for one in row["payload"]["rows"]:
        values = _values(one) | _passwords(one, now)
        if one["new"]:
            add_person(conn, Registered(id=one["id"], created_at=now, **values))
        else:
            if values:
                change_person(conn, one["id"], **values)
            _leave_nothing_behind(conn, one, values, now)
        if one["code"]:
            half = new_half()
            code = joined(one["secrets"]["code_half"], half)
            save_code(conn, one["id"], code, now)
            codes[one["id"]] = code_hash(code)
            handed[_username(conn, one)] = half
    if codes:
        told = {**row["payload"], "codes": codes}
        conn.execute(update(proposal).where(proposal.c.id == row["id"]).values(payload=told))
    return handed


def _leave_nothing_behind(
    conn: Connection, one: Mapping[str, Any], values: Mapping[str, Any], now: datetime
) -> None:
    """Sessions and openings of somebody who is no longer what he was."""
    if one.get("second_factor"):
        forget_factor(conn, one["id"])
    if one["code"] or one.get("second_factor") or SIGNS_OUT & set(values):
        end_sessions_of(conn, one["id"], now)
    if SHUTS & set(values):
        close_openings_of(conn, one["id"], now)


def _passwords(one: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of each password that the row brings."""
    columns: dict[str, Any] = {}
    for which in one["passwords"]:
        names = PASSWORD_COLUMNS[which]
        columns |= dict(zip(names, (one["secrets"][names[0]], now, one["must_change"]), strict=True))
    if one["code"]:
        columns |= dict(zip(PASSWORD_COLUMNS["console"], (None, None, True), strict=True))
    return columns


def _values(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _value(key, value) for key, value in one["set"].items()}


def _value(key: str, value: Any) -> Any:
    """From the payload's JSON to what the register holds."""
    if key in INSTANTS:
        return None if value is None else datetime.fromisoformat(value)
    if key == "role":
        return Role(value)
    return tuple(value) if isinstance(value, list) else value

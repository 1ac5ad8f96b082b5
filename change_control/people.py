"""`people import`: people with passwords in clear, or none, become one proposal that holds only hashes (S82).

Whoever is new and came without a password gets a first one for browsing, told once, to be changed at first
use. Who may approve or sign gets no console password from anybody, but a code in two halves (`register.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from audit_log.db import reading
from audit_log.passwords import hash_for_console, hash_for_proxy, password_fault
from audit_log.people import Registered
from change_control.codes import new_password
from change_control.desk import Actor, Desk
from change_control.errors import bad_input
from change_control.in_force import parsed_policy
from change_control.people_csv import Sheet, read_people
from change_control.proposal import Proposal
from change_control.proposals import propose_people
from change_control.register_rows import BY_CODE, Known, drafted_rows
from change_control.roles import READING
from filter_policy.model import Role

HASHING_THREADS = 2

__all__ = ["FirstPasswords", "Imported", "Sheet", "import_people", "read_people"]


@dataclass(frozen=True, slots=True)
class FirstPasswords:
    """Told once, to whoever proposed them; worth nothing before somebody else has approved."""

    proxy: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Imported:
    proposal: Proposal
    passwords: Mapping[str, FirstPasswords]  # by username; made for those who came without


def import_people(
    desk: Desk,
    actor: Actor,
    rows: Sequence[Mapping[str, object]],
    reason: str,
    now: datetime,
    *,
    labels: Sequence[str] = (),
) -> Imported:
    """Like `propose_people`, for rows with `password` and `console_password` in clear, or none.

    Slow: one argon2 hash for each password, so never on an event loop. Only the hashes are kept.
    """
    names = labels or [f"rows[{number}]" for number in range(len(rows))]
    with reading(desk.engine) as conn:
        made = _first_passwords(conn, names, rows)
    clear = [{**row, **new} for row, new in zip(rows, made, strict=True)]
    with ThreadPoolExecutor(HASHING_THREADS) as threads:
        hashed = list(threads.map(_hashed, clear))
    proposal = propose_people(desk, actor, hashed, reason, now, labels=names)
    told = {
        str(row["username"]).strip().lower(): FirstPasswords(new["password"])
        for row, new in zip(rows, made, strict=True)
        if new
    }
    return Imported(proposal, told)


def _first_passwords(
    conn: Connection, names: Sequence[str], rows: Sequence[Mapping[str, object]]
) -> list[dict[str, str]]:
    """For each row the passwords it still needs. Raises ChangeError, before anything slow is done."""
    faults: dict[str, str] = {}
    plain = [{key: value for key, value in row.items() if key not in CLEAR} for row in rows]
    known = Known.of(conn)
    drafted_rows(known, parsed_policy(conn), list(zip(names, plain, strict=True)), faults)
    for name, row in zip(names, rows, strict=True):
        faults |= {f"{name}.{column}": why for column, why in _password_faults(known, row).items()}
    if faults:
        raise bad_input(faults)
    return [_needed(known, row) for row in rows]


def _needed(known: Known, row: Mapping[str, object]) -> dict[str, str]:
    found, _ = _who(known, row)
    if not row.get("password") and (found is None or found.password_hash is None):
        return {"password": new_password()}
    return {}


def _who(known: Known, row: Mapping[str, object]) -> tuple[Registered | None, str]:
    """Whom a row is about, if we know them, and the role they would have."""
    by_id = known.by_id.get(str(row.get("id")))
    found = by_id or known.by_username.get(str(row.get("username", "")).strip().lower())
    return found, str(row.get("role") or (found.role if found else ""))


def _password_faults(known_people: Known, row: Mapping[str, object]) -> dict[str, str]:
    faults: dict[str, str] = {}
    _, role = _who(known_people, row)
    username = str(row.get("username", "")).strip()
    for column in CLEAR:
        password = row.get(column)
        if not password:
            continue
        known = Role(role) if role in set(Role) else Role.STAFF
        fault = password_fault(password, known, username) if isinstance(password, str) else "a text is needed"
        if fault:
            faults[column] = fault
    if row.get("console_password") and role in READING:
        faults["console_password"] = BY_CODE
    elif row.get("password") and row.get("password") == row.get("console_password"):
        faults["console_password"] = "must be another one: the other travels with every connection"  # noqa: S105  # a sentence
    return faults


CLEAR: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "password": ("password_hash", hash_for_proxy),
    "console_password": ("console_hash", hash_for_console),
}


def _hashed(row: Mapping[str, object]) -> dict[str, object]:
    hashed = {key: value for key, value in row.items() if key not in CLEAR}
    for column, (kept, hash_) in CLEAR.items():
        if password := row.get(column):
            hashed[kept] = hash_(str(password))
    return hashed

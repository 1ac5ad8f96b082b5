"""The people register, as queries: who there is, in which groups and classes. No rules are kept here.

Names live in this table alone; everything else knows a person by the opaque `id`.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from audit_log.passwords import password_ends_at
from audit_log.tables import person
from filter_policy.bundle import Account
from filter_policy.model import Person, Role

Which = Literal["proxy", "console"]
PASSWORD_COLUMNS: Mapping[Which, tuple[str, str, str]] = {
    "proxy": ("password_hash", "password_changed_at", "password_must_change"),
    "console": ("console_hash", "console_changed_at", "console_must_change"),
}


@dataclass(frozen=True, slots=True)
class Registered:
    """One line of the register. Its hashes are not shown."""

    id: str
    username: str  # in lower case
    name: str
    role: Role
    filter_groups: tuple[str, ...]
    created_at: datetime
    classes: tuple[str, ...] = ()
    agreement_signed: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    suspended_from: datetime | None = None
    suspended_until: datetime | None = None
    password_hash: str | None = field(default=None, repr=False)
    password_changed_at: datetime | None = None
    password_must_change: bool = True
    console_hash: str | None = field(default=None, repr=False)
    console_changed_at: datetime | None = None
    console_must_change: bool = True

    @property
    def person(self) -> Person:
        """As the policy sees them."""
        return Person(
            id=self.id,
            username=self.username,
            role=self.role,
            filter_groups=self.filter_groups,
            classes=self.classes,
            agreement_signed=self.agreement_signed,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            suspended_from=self.suspended_from,
            suspended_until=self.suspended_until,
            password_ends_at=self.password_ends_at,
        )

    @property
    def password_ends_at(self) -> datetime | None:
        """When the password for the web is too old; at once, where it was given by somebody else (A89)."""
        if self.password_must_change:
            return self.created_at
        return password_ends_at(self.password_changed_at or self.created_at, self.role)


def new_person_id() -> str:
    return "p_" + secrets.token_hex(8)


def people(conn: Connection) -> list[Registered]:
    """Everybody, by username."""
    return [_registered(row) for row in conn.execute(select(person).order_by(person.c.username))]


def people_count(conn: Connection) -> int:
    return conn.scalar(select(func.count()).select_from(person)) or 0


def person_by_id(conn: Connection, person_id: str) -> Registered | None:
    return _one(conn, select(person).where(person.c.id == person_id))


def person_by_username(conn: Connection, username: str) -> Registered | None:
    """Usernames are the same in every case."""
    return _one(conn, select(person).where(person.c.username == username.lower()))


def people_by_ids(conn: Connection, ids: Iterable[str]) -> dict[str, Registered]:
    """Those of these ids that exist, by id: for showing names beside what the logs hold."""
    found: dict[str, Registered] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), 500):  # a statement has a limit on its parameters
        some = wanted[start : start + 500]
        rows = conn.execute(select(person).where(person.c.id.in_(some)))
        found.update((row.id, _registered(row)) for row in rows)
    return found


def accounts_of(conn: Connection) -> dict[str, Account]:
    """Who may browse with which password, by username: what the bundle carries to the gates."""
    return {one.username: Account(one.person, one.password_hash) for one in people(conn)}


def add_person(conn: Connection, new: Registered) -> None:
    conn.execute(insert(person).values(**_row(asdict(new))))


def change_person(conn: Connection, person_id: str, **fields: Any) -> bool:
    """Set these columns; False when there is no such person."""
    changed = conn.execute(update(person).where(person.c.id == person_id).values(**_row(fields)))
    return changed.rowcount == 1


def set_password(
    conn: Connection,
    person_id: str,
    which: Which,
    password_hash: str,
    at: datetime,
    *,
    must_change: bool = False,
) -> bool:
    columns = PASSWORD_COLUMNS[which]
    return change_person(conn, person_id, **dict(zip(columns, (password_hash, at, must_change), strict=True)))


def _one(conn: Connection, query: Select[Any]) -> Registered | None:
    row = conn.execute(query).one_or_none()
    return None if row is None else _registered(row)


def _registered(row: Row[Any]) -> Registered:
    fields = dict(row._mapping)
    for name in ("filter_groups", "classes"):
        fields[name] = tuple(fields[name])
    return Registered(**fields | {"role": Role(fields["role"])})


def _row(fields: Mapping[str, Any]) -> dict[str, Any]:
    """As the table has it: usernames in lower case, tuples as lists, the role as its word."""
    row: dict[str, Any] = dict(fields)
    for name in row.keys() & {"filter_groups", "classes"}:
        row[name] = list(row[name])
    if "username" in row:
        row["username"] = row["username"].lower()
    if "role" in row:
        row["role"] = str(row["role"])
    return row

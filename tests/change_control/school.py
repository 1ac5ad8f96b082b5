"""A small school with everybody in it, for the tests of change control."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from audit_log.change_log import Entry, entries, verify
from audit_log.db import migrate, open_engine, reading
from audit_log.people import Registered, person_by_username
from audit_log.tables import proposal as proposal_table
from change_control.desk import Actor, Desk
from change_control.enrolment import enrol
from change_control.errors import ChangeError
from change_control.proposals import approve, propose_people, propose_unblock
from change_control.setup import found
from filter_lists.index import Index
from tests.builders import NOON, POLICY

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # real, and quick
FOUNDED = NOON - timedelta(days=30)
FOUNDERS = ("terry", "Terry Tyler", "technician"), ("hedy", "Hedy Hill", "headteacher")
CONSOLE = {"terry": "three-grey-owls", "hedy": "seven-tall-ships", "cora": "four-brown-foxes"}
LISTED = {
    "bet.test": [("gambling", "gambling-list")],
    "racism-history.test": [("discrimination", "discrimination-list")],
    "porn.test": [("pornography", "pornography-list")],
    "abuse.test": [("child-sexual-abuse", "abuse-list")],
}
REGISTER: tuple[tuple[str, str, str, list[str]], ...] = (  # username, role, filter group, classes
    ("cora", "coordinator", "staff", []),
    ("tess", "staff", "staff", ["6B"]),
    ("gail", "governor", "staff", []),
    ("anna", "pupil", "upper-ks2", ["6B"]),
    ("ben", "pupil", "upper-ks2", ["6A"]),
    ("gus", "guest", "guests", []),
)


@cache
def lists() -> Index:
    return Index.in_memory(LISTED)


def an_empty_desk(state: Path, listed: Callable[[], Any] = lists) -> Desk:
    engine = open_engine(f"sqlite:///{state / 'schoolgate.sqlite'}")
    return Desk(engine=engine, state=state, key=KEY, lists=listed)


def a_founded_desk(state: Path) -> tuple[Desk, dict[str, str]]:
    """Two people with codes that nobody has used yet."""
    state.mkdir(parents=True, exist_ok=True)
    desk = an_empty_desk(state)
    migrate(desk.engine)
    return desk, found(desk, POLICY, *FOUNDERS, FOUNDED)


def build_school(state: Path) -> None:
    state.mkdir(parents=True, exist_ok=True)
    desk = an_empty_desk(state)
    migrate(desk.engine)
    fill_school(desk)
    desk.engine.dispose()


def fill_school(desk: Desk) -> None:
    """Founded, enrolled, and everybody in the register with a hash of their own username as password."""
    codes = found(desk, POLICY, *FOUNDERS, FOUNDED)
    for username, code in codes.items():
        enrol(desk, code, CONSOLE[username], FOUNDED)
    asked = propose_people(
        desk, the(desk, "terry"), [a_row(*each) for each in REGISTER], "the register", FOUNDED
    )
    agreed = approve(desk, the(desk, "hedy"), asked.id, "as in the office", FOUNDED)
    enrol(desk, asked.handed["cora"] + agreed.handed["cora"], CONSOLE["cora"], FOUNDED)


def a_row(username: str, role: str, group: str, classes: list[str]) -> dict[str, object]:
    return {
        "username": username,
        "name": f"{username.title()} Somebody",
        "role": role,
        "filter_groups": [group],
        "classes": classes,
        "password_hash": HASHER.hash(username),
    }


def copy_of(template: Path, state: Path) -> Desk:
    shutil.copytree(template, state)
    return an_empty_desk(state)


def somebody(desk: Desk, username: str) -> Registered:
    with reading(desk.engine) as conn:
        found_ = person_by_username(conn, username)
    assert found_ is not None
    return found_


def the(desk: Desk, username: str) -> Actor:
    person = somebody(desk, username)
    return Actor(person.id, person.role)


def an_ask(*sites: str, **changes: Any) -> dict[str, object]:
    """For 6B, from an hour after NOON to two hours after."""
    asked: dict[str, object] = {
        "sites": list(sites or ("racism-history.test",)),
        "for": {"classes": ["6B"]},
        "starts_at": (NOON + timedelta(hours=1)).isoformat(),
        "ends_at": (NOON + timedelta(hours=2)).isoformat(),
        "subject": "History",
        "reason": "sources on the Bristol bus boycott",
    }
    return asked | changes


def asked_by(desk: Desk, username: str, *sites: str, **changes: Any) -> str:
    return propose_unblock(desk, the(desk, username), an_ask(*sites, **changes), NOON).id


def refused(code: str, verb: Callable[[], object]) -> ChangeError:
    with pytest.raises(ChangeError) as caught:
        verb()
    assert caught.value.code == code, caught.value
    return caught.value


def log_of(desk: Desk) -> list[Entry]:
    """Oldest first."""
    with reading(desk.engine) as conn:
        return entries(conn, after=0, limit=10_000)


def events_of(desk: Desk) -> list[str]:
    return [entry.event for entry in log_of(desk)]


def row_of(desk: Desk, proposal_id: str) -> dict[str, Any]:
    """As the table has it."""
    with reading(desk.engine) as conn:
        asked = select(proposal_table).where(proposal_table.c.id == proposal_id)
        return dict(conn.execute(asked).mappings().one())


def is_whole(desk: Desk) -> bool:
    with reading(desk.engine) as conn:
        return verify(conn, KEY.public_key()).whole

"""A school of known people: founded, enrolled and filled through change control, as a real one is.

Two people of the world with approving power found it; where it has none, two stand-ins do.
"""

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

from audit_log.db import reading
from audit_log.people import Registered, person_by_username, set_password
from change_control.desk import Actor, Desk
from change_control.enrolment import enrol
from change_control.proposals import approve, propose_people
from change_control.roles import APPROVING, READING
from change_control.sealing import change
from change_control.setup import Founder, found
from filter_policy.model import Role
from schoolgate.demo.world import Character, World

# The passwords are public: hashing them slowly would only make the demo start slowly.
CHEAP = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
STAND_INS = (
    ("stand-in-one", "The first stand-in", "technician"),
    ("stand-in-two", "The second", "coordinator"),
)


@dataclass(frozen=True, slots=True)
class School:
    """The desk, and who may act in its name."""

    desk: Desk
    founders: tuple[str, str]  # usernames

    def person(self, username: str) -> Registered:
        with reading(self.desk.engine) as conn:
            found_ = person_by_username(conn, username)
        if found_ is None:
            raise KeyError(username)
        return found_

    def actor(self, username: str) -> Actor:
        person = self.person(username)
        return Actor(person.id, person.role)


def found_world(desk: Desk, world: World, policy_text: str, at: datetime) -> School:
    """Raises ChangeError, with the person and the field that the policy does not bear."""
    founders = founders_of(world)
    codes = found(desk, policy_text, founders[0], founders[1], at)
    for i, code in enumerate(codes.values(), 1):
        enrol(desk, code, secrets.token_urlsafe(24), at + timedelta(minutes=10 * i))
    school = School(desk, (founders[0][0], founders[1][0]))
    _import(school, world, at + timedelta(hours=1))
    return school


def founders_of(world: World) -> tuple[Founder, Founder]:
    """Of two roles, where there are two."""
    able = [person for person in world.people.values() if person.role in APPROVING]
    if len(able) < 2:
        return STAND_INS
    first = able[0]
    second = next((person for person in able if person.role is not first.role), able[1])
    return _founder(first), _founder(second)


def _founder(person: Character) -> Founder:
    return person.username, person.name, str(person.role)


def _import(school: School, world: World, at: datetime) -> None:
    people = list(world.people.values())
    with ThreadPoolExecutor() as pool:
        rows = list(pool.map(_row, people))
    one, two = (school.actor(username) for username in school.founders)
    labels = [person.username for person in people]
    proposal = propose_people(school.desk, one, rows, "The people of the school", at, labels=labels)
    agreed_at = at + timedelta(minutes=20)
    agreed = approve(school.desk, two, proposal.id, "checked against the class lists", agreed_at)
    for username, half in agreed.handed.items():
        enrol(school.desk, proposal.handed[username] + half, secrets.token_urlsafe(24), agreed_at)
    for person in people:
        if person.role in READING:
            _choose(school, person, agreed_at)


def _choose(school: School, person: Character, at: datetime) -> None:
    """The public password of the world, chosen by that person alone; too weak for a real school, maybe."""
    who = school.actor(person.username)
    hash_ = CHEAP.hash(console_password_of(person) or secrets.token_urlsafe(24))
    with change(school.desk, at) as made:
        set_password(made.conn, who.person_id, "console", hash_, at)
        made.seal("password:change", who, who.person_id, {"which": "console"})


def _row(person: Character) -> Mapping[str, Any]:
    row: dict[str, Any] = {
        "username": person.username,
        "name": person.name,
        "role": str(person.role),
        "filter_groups": list(person.filter_groups),
        "classes": list(person.classes),
        "agreement_signed": True,
        "must_change": False,
        **person.more,
    }
    if person.password is not None:
        row["password_hash"] = CHEAP.hash(person.password)
    if person.console_password is not None and person.role not in READING:
        row["console_hash"] = CHEAP.hash(person.console_password)
    return row


def console_password_of(person: Character) -> str | None:
    """What opens the console for this person; None where nothing does."""
    if person.role not in READING | {Role.STAFF}:
        return None
    return person.console_password or person.password

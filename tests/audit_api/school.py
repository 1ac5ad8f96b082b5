"""A school with a person of every role behind the real window: real database, real change control."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from starlette.testclient import TestClient

from audit_api.app import create_app
from audit_api.list_jobs import RunLists, no_worker
from audit_api.rates import Rates
from audit_log.db import migrate, open_engine, reading, writing
from audit_log.people import Registered, person_by_username
from audit_log.sessions import create_session
from change_control.desk import Actor, Desk
from change_control.enrolment import enrol
from change_control.proposals import approve, propose_people
from change_control.roles import READING
from change_control.setup import found
from filter_lists.index import Index
from tests.builders import NOON, POLICY
from tests.loops import a_loop

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # real, and quick
FOUNDED = NOON - timedelta(days=30)
FOUNDERS = ("terry", "Terry Tyler", "technician"), ("hedy", "Hedy Hill", "headteacher")
LISTED = {
    "bet.test": [("gambling", "gambling-list")],
    "racism-history.test": [("discrimination", "discrimination-list")],
    "porn.test": [("pornography", "pornography-list")],
    "abuse.test": [("child-sexual-abuse", "abuse-list")],
    "203.0.113.7": [("child-sexual-abuse", "abuse-list")],
    "maths.test": [("education", "education-list")],
}
REGISTER: tuple[
    tuple[str, str, str, str, list[str], bool], ...
] = (  # username, name, role, filter group, classes, has a console password
    ("tina", "Tina Tang", "technician", "staff", [], True),
    ("cora", "Cora Clark", "coordinator", "staff", [], True),
    ("tess", "Tess Taylor", "staff", "staff", ["6B"], False),
    ("sam", "Sam Stone", "staff", "staff", ["6A"], True),
    ("gail", "Gail Green", "governor", "staff", [], True),
    ("anna", "Anna Akhtar", "pupil", "upper-ks2", ["6B"], False),
    ("ben", "Ben Brown", "pupil", "upper-ks2", ["6A"], False),
    *((name, f"{name.title()} Poole", "pupil", "upper-ks2", ["6A"], False) for name in ("pim", "pip", "pod")),
    *((name, f"{name.title()} Quick", "pupil", "upper-ks2", ["6B"], False) for name in ("qui", "quo", "qux")),
    ("rory", "Rory Reed", "pupil", "reception-ks1", ["RH"], False),
    ("gus", "Gus Guest", "guest", "guests", [], False),
    ("colm", "Colm Club", "community", "guests", [], False),
)
BY_ROLE = {
    "pupil": "anna", "staff": "tess", "technician": "terry", "coordinator": "cora", "headteacher": "hedy",
    "governor": "gail", "guest": "gus", "community": "colm",
}  # fmt: skip


def console_password(username: str) -> str:
    return f"{username[::-1]}-console-words"


def proxy_password(username: str) -> str:
    return f"{username[::-1]}-proxy-words"


@dataclass
class Clock:
    """The window's clock, moved by the test."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class School:
    desk: Desk
    clock: Clock = field(default_factory=Clock)
    dev_http: bool = True
    run_lists: RunLists = no_worker
    patience: float = 1_000_000  # how much more often than anybody else a test may ask
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(
            self.desk,
            clock=self.clock,
            dev_http=self.dev_http,
            run_lists=self.run_lists,
            rates=Rates(factor=self.patience),
        )

    def nobody(self, **kwargs: Any) -> TestClient:
        """Not signed in. Errors come as answers, as they do for a client outside."""
        client = TestClient(
            self.app,
            raise_server_exceptions=False,
            follow_redirects=False,
            client=("127.9.0.1", 5000),
            **kwargs,
        )
        client.portal = a_loop()
        return client

    def as_(self, username: str) -> TestClient:
        """A program with a token; each call signs in anew."""
        return self.nobody(headers={"Authorization": f"Bearer {self.token(username)[0]}"})

    def browser(self, username: str) -> tuple[TestClient, str]:
        """A browser with the console's cookie, and the token of its forms."""
        token, csrf = self.token(username)
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        return self.nobody(headers=headers, cookies={self.app.state.window.cookie: token}), csrf

    def token(self, username: str) -> tuple[str, str]:
        with writing(self.desk.engine) as conn:
            token, session = create_session(
                conn, self.desk.session_key, self.person(username).id, self.clock.now
            )
        return token, session.csrf

    def person(self, username: str) -> Registered:
        with reading(self.desk.engine) as conn:
            found_ = person_by_username(conn, username)
        assert found_ is not None, username
        return found_

    def actor(self, username: str) -> Actor:
        person = self.person(username)
        return Actor(person.id, person.role)

    def events(self) -> list[str]:
        answer = self.as_("gail").get("/api/v1/changes", params={"limit": 1000})
        return [row["event"] for row in reversed(answer.json()["rows"])]


@cache
def lists() -> Index:
    return Index.in_memory(LISTED)


def open_desk(state: Path) -> Desk:
    engine = open_engine(f"sqlite:///{state / 'schoolgate.sqlite'}")
    return Desk(engine=engine, state=state, key=KEY, lists=lists)


def build_school(state: Path) -> None:
    state.mkdir(parents=True)
    desk = open_desk(state)
    migrate(desk.engine)
    codes = found(desk, POLICY, *FOUNDERS, FOUNDED)
    for username, code in codes.items():
        enrol(desk, code, console_password(username), NOON - timedelta(days=1))
    school = School(desk)
    day_before = NOON - timedelta(days=1)
    asked = propose_people(
        desk, school.actor("terry"), [_row(*each) for each in REGISTER], "the register", day_before
    )
    agreed = approve(desk, school.actor("hedy"), asked.id, "as in the office", day_before)
    for username, half in agreed.handed.items():  # of those who may approve or sign
        enrol(desk, asked.handed[username] + half, console_password(username), day_before)
    desk.engine.dispose()


def _row(  # noqa: PLR0917  # a row of the table above
    username: str, name: str, role: str, group: str, classes: list[str], console: bool
) -> dict[str, object]:
    chosen = {"console_hash": HASHER.hash(console_password(username))} if role not in READING else {}
    return {
        "username": username,
        "name": name,
        "role": role,
        "filter_groups": [group],
        "classes": classes,
        "agreement_signed": True,
        "password_hash": HASHER.hash(proxy_password(username)),
        "must_change": False,
        **(chosen if console else {}),
    }


def copy_of(template: Path, state: Path) -> Desk:
    shutil.copytree(template, state)
    return open_desk(state)


def an_ask(*sites: str, **changes: Any) -> dict[str, Any]:
    """For 6B, from an hour after NOON to two hours after."""
    asked: dict[str, Any] = {
        "sites": list(sites or ("racism-history.test",)),
        "for": {"classes": ["6B"]},
        "starts_at": "2026-11-24T13:00:00Z",
        "ends_at": "2026-11-24T14:00:00Z",
        "subject": "History",
        "reason": "sources on the Bristol bus boycott",
    }
    return asked | changes


def problem_of(answer: Any, status: int, slug: str) -> Mapping[str, Any]:
    """The body of a problem, which is what it says it is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"]) == (f"/problems/{slug}", status)
    return body


def fields_of(body: Mapping[str, Any]) -> dict[str, str]:
    return {each["field"]: each["detail"] for each in body.get("errors", ())}


def all_pages(client: TestClient, url: str, **wanted: Any) -> list[dict[str, Any]]:
    """Every row of a list, page after page; each page but the last says in Link where the next one is."""
    rows: list[dict[str, Any]] = []
    page = client.get(url, params=wanted)
    while True:
        assert page.status_code == 200, page.text
        rows += page.json()["rows"]
        if page.json()["next"] is None:
            assert "link" not in page.headers
            return rows
        address, _, relation = page.headers["link"].partition("; ")
        assert relation == 'rel="next"'
        page = client.get(address.strip("<>"))

"""A whole school in miniature, with a clock the test holds: gate, recorder, API and sites, all real."""

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from sqlalchemy import select

from audit_api.app import create_app
from audit_log.db import migrate, open_engine, reading
from audit_log.people import person_by_username
from audit_log.recorder import Recorder
from audit_log.tables import filtering_log
from change_control.desk import Actor, Desk
from change_control.enrolment import enrol
from change_control.proposals import approve, propose_people
from change_control.setup import found
from filter_lists.generations import open_generation
from filter_lists.index import Index
from schoolgate.demo.authority import ExampleAuthority
from schoolgate.demo.origins import Origin, Origins
from schoolgate.demo.sites import ExampleSites, Page
from tests.builders import POLICY
from tests.change_control.school import HASHER
from tests.nursery import Process, a_child
from tests.sealing import compile_lists

ILLEGAL = "child-sexual-abuse"
SITES = {
    "school-books.test": "education",
    "bets.test": "gambling",
    "sums.test": "games-educational",
    "racism-history.test": "discrimination",
    "adult.test": "pornography",
    "illegal-example.test": ILLEGAL,
    "news.test": None,
    "duckduckgo.com": None,
}
PEOPLE: Mapping[str, tuple[str, str, tuple[str, ...]]] = {  # username: role, filter group, classes
    "cora": ("coordinator", "staff", ()),
    "tess": ("staff", "staff", ("6B",)),
    "gail": ("governor", "staff", ()),
    "ben": ("pupil", "upper-ks2", ("6B",)),
    "amy": ("pupil", "upper-ks2", ("6A",)),
    "nico": ("pupil", "upper-ks2", ("6A",)),
}
NEWCOMER = "nico"  # has only the password that somebody else gave him
FOUNDERS = {"terry": "technician", "hedy": "headteacher"}
BY_HASH = ("staff",)
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # the Tuesday of the story; school time is UTC then


def password_of(username: str) -> str:
    return f"{username}:has:colons"


def console_password_of(username: str) -> str:
    return f"eleven-grey-owls-{sum(username.encode())}"


class School:
    """`set_time` moves the clock of the whole school; it runs on from there."""

    def __init__(self, state: Path, start: datetime) -> None:
        self.state = state
        self._offset = timedelta(0)
        self.set_time(start)
        self.engine_url = f"sqlite:///{state / 'schoolgate.sqlite'}"
        engine = open_engine(self.engine_url)
        migrate(engine)
        index = _lists(state)
        self.desk = Desk(engine, state, Ed25519PrivateKey.generate(), lambda: index)
        self.sites = _sites(state)
        self.api_port = _free_port()
        self.gate: Process | None = None
        self.port = 0
        self._stops: list[Callable[[], None]] = [self.sites.stop, engine.dispose]

    # The clock

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def set_time(self, instant: datetime) -> None:
        self._offset = instant - datetime.now(UTC)
        temporary = self.state / ".test.clock"
        temporary.write_text(str(self._offset // timedelta(microseconds=1)))
        temporary.replace(self.state / "test.clock")

    # Opening and closing

    def open(self) -> None:
        self.sites.start()
        http, https = self.sites.ports
        origins = Origins(
            {host: {80: Origin("127.0.0.1", http), 443: Origin("127.0.0.1", https)} for host in SITES},
            closed=True,
        )
        self._found(http, https)
        (self.state / "test.json").write_text(
            json.dumps(
                {
                    "port": 0,
                    "api_port": self.api_port,
                    "origins": origins.to_json(),
                    "upstream_ca": str(self.state / "example-ca.pem"),
                }
            )
        )
        self._start_api()
        self.start_gate()
        self.start_recorder()

    def close(self) -> None:
        self.stop_gate()
        for stop in reversed(self._stops):
            stop()

    def _found(self, http: int, https: int) -> None:
        policy = yaml.safe_load(POLICY)
        policy["egress"]["allow"] = [f"127.0.0.1:{http}", f"127.0.0.1:{https}"]
        first, second = ((name, name.title(), role) for name, role in FOUNDERS.items())
        codes = found(self.desk, yaml.safe_dump(policy, sort_keys=False), first, second, self.now())
        for username, code in codes.items():
            enrol(self.desk, code, console_password_of(username), self.now())
        rows: list[dict[str, object]] = [_row(username, *who) for username, who in PEOPLE.items()]
        asked = propose_people(self.desk, self.actor("terry"), rows, "the register", self.now())
        agreed = approve(self.desk, self.actor("hedy"), asked.id, "as in the office", self.now())
        for username, half in agreed.handed.items():  # of those who may approve or sign
            code = asked.handed[username] + half
            enrol(self.desk, code, console_password_of(username), self.now())

    def actor(self, username: str) -> Actor:
        with reading(self.desk.engine) as conn:
            person = person_by_username(conn, username)
        assert person is not None
        return Actor(person.id, person.role)

    def make_app(self) -> FastAPI:
        return create_app(self.desk, clock=self.now, gate_beside=True)

    def _start_api(self) -> None:
        self.app = self.make_app()
        server = uvicorn.Server(
            uvicorn.Config(self.app, host="127.0.0.1", port=self.api_port, log_config=None)
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join(10)

        self._stops.append(stop)
        wait_for(lambda: server.started, "the API")

    def start_recorder(self) -> None:
        leave = threading.Event()
        recorder = Recorder(open_engine(self.engine_url), self.state / "journal", clock=self.now)
        thread = threading.Thread(target=recorder.run, args=(leave,), daemon=True)
        thread.start()

        def stop() -> None:
            leave.set()
            thread.join(10)

        self._stops.append(stop)

    def start_gate(self) -> None:
        with (self.state / "gate.log").open("a") as log:
            self.gate = a_child("tests.system.gate_process", str(self.state), log=log)
        assert self.gate.stdout is not None
        line = self.gate.stdout.readline()
        assert line.strip(), (self.state / "gate.log").read_text()[-3000:]
        self.port = int(line)

    def stop_gate(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.gate is None:
            return 0
        self.gate.send_signal(how)
        try:
            return self.gate.wait(20)
        finally:
            if self.gate.poll() is None:
                self.gate.kill()
                self.gate.wait()
            assert self.gate.stdout is not None
            self.gate.stdout.close()
            self.gate = None

    # What people do

    @property
    def ca(self) -> Path:
        return self.state / "ca" / "mitmproxy-ca-cert.pem"

    def proxy(self, username: str | None) -> str:
        from urllib.parse import quote

        who = f"{username}:{quote(password_of(username), safe='')}@" if username else ""
        return f"http://{who}127.0.0.1:{self.port}"

    def browse(self, username: str | None, url: str) -> httpx2.Response:
        """One request on a connection of its own, as curl would."""
        import ssl

        with httpx2.Client(
            proxy=self.proxy(username),
            verify=ssl.create_default_context(cafile=self.ca),
            trust_env=False,
            timeout=20,
        ) as client:
            return client.get(url)

    def status(self, username: str | None, url: str) -> int:
        return self.browse(username, url).status_code

    @contextmanager
    def api(self, username: str) -> Iterator[httpx2.Client]:
        """A client that is signed in."""
        who = {"username": username, "password": console_password_of(username)}
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{self.api_port}", trust_env=False, timeout=20
        ) as client:
            answer = client.post("/api/v1/session", json=who)
            assert answer.status_code in (200, 201), answer.text
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield client

    def rows(self, **where: object) -> list[dict[str, Any]]:
        """The filtering log as it is in SQL, in order."""
        query = select(filtering_log).order_by(filtering_log.c.at, filtering_log.c.event_id)
        for name, value in where.items():
            query = query.where(filtering_log.c[name] == value)
        with reading(self.desk.engine) as conn:
            return [dict(row) for row in conn.execute(query).mappings()]

    def seen(self, host: str) -> int:
        """How many requests of that host reached its site."""
        answer = httpx2.get(
            f"http://127.0.0.1:{self.sites.ports[0]}/seen", headers={"Host": host}, trust_env=False
        )
        return int(answer.json()["seen"])


@contextmanager
def a_school(state: Path, start: datetime = TEN - timedelta(hours=1)) -> Iterator[School]:
    state.mkdir(parents=True, exist_ok=True)
    school = School(state, start)
    try:
        school.open()
        yield school
    finally:
        school.close()


def wait_for(true: Callable[[], object], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def _lists(state: Path) -> Index:
    """What is illegal is on a list that nobody can read, as it would be in a school."""
    lists = {f"{kind}-list": (kind, [host]) for host, kind in SITES.items() if kind is not None}
    plain = {name: each for name, each in lists.items() if each[0] != ILLEGAL}
    sealed = {name: each for name, each in lists.items() if each[0] == ILLEGAL}
    return open_generation(state, compile_lists(state, plain, sealed))


def _sites(state: Path) -> ExampleSites:
    authority = ExampleAuthority()
    (state / "example-ca.pem").write_bytes(authority.certificate)
    pages = {
        host: Page(f"Welcome to {host}", "An example site.", category) for host, category in SITES.items()
    }
    return ExampleSites(pages, authority.write_site(SITES, state))


def _row(username: str, role: str, group: str, classes: tuple[str, ...]) -> dict[str, object]:
    """Pupils have no console password, and who may approve or sign chooses one by a code."""
    chosen = {"console_hash": HASHER.hash(console_password_of(username))} if role in BY_HASH else {}
    return {
        **chosen,
        "username": username,
        "name": f"{username.title()} Somebody",
        "role": role,
        "filter_groups": [group],
        "classes": list(classes),
        "password_hash": HASHER.hash(password_of(username)),
        "must_change": username == NEWCOMER,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

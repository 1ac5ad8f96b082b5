"""A real gate, a real web site and real clients, for tests of the gate and of the whole.

    with a_gate(sites={"bet.test": "gambling"}) as gate:
        reply = gate.curl("http://bet.test/", user="anna")
        assert reply.status == 403

The gate runs in a process of its own (gate_child.py) with a clock that the test sets. Every `*.test` name
leads to one origin (origins.py), which remembers what reached it. Nothing leaves loopback.
"""

import contextlib
import json
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from audit_log.journal import JournalDamage, read_segment
from audit_log.segments import segments
from filter_lists.gathering import Gatherer
from filter_lists.names import parse_site
from filter_lists.writing import write_generation
from filter_policy.bundle import Account, name_current, save_bundle
from filter_policy.case_orders import Order
from filter_policy.model import Opening, Person, Role, Unblock
from schoolgate.demo.authority import ExampleAuthority
from tests.builders import NOON, POLICY, a_person
from tests.doors import WAIT_SECONDS, Door, read_head
from tests.nursery import Process, a_child
from tests.origins import Origin, an_origin
from tests.proofs import prove_bundle

ROOT = Path(__file__).parent.parent
PASSWORD = "pass:word"


@lru_cache(maxsize=64)
def quick_hash(password: str) -> str:
    """Real argon2id, as cheap as it goes."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def an_account(person: Person, password: str = PASSWORD) -> Account:
    return Account(person, quick_hash(password))


def everybody() -> list[Account]:
    """anna (upper KS2, 6B), ben (upper KS2, 6A), kim (reception), tess (staff); all with PASSWORD."""
    people = [
        a_person("anna", classes=("6B",)),
        a_person("ben", classes=("6A",)),
        a_person("kim", groups=("reception-ks1",)),
        a_person("tess", groups=("staff",), role=Role.STAFF),
    ]
    return [an_account(person) for person in people]


@dataclass(frozen=True)
class Reply:
    """What a client got. `status` is 0 when the connection gave no answer."""

    status: int
    connect: int
    body: bytes
    head: str
    code: int

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Gate(Door):
    """A running gate and how to talk to it."""

    folder: Path
    state: Path
    origin: Origin
    port: int
    process: Process
    policy_text: str
    accounts: list[Account]
    lists: str
    unblocks: list[Unblock] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    sealed_lists: Sequence[str] = ()  # of illegal content, that were ever in force
    own: Sequence[tuple[str, int]] = ()
    listen: str = "127.0.0.1"
    limits: Mapping[str, float] = field(default_factory=dict)
    console: str = ""

    @property
    def ca(self) -> Path:
        return self.state / "ca" / "mitmproxy-ca-cert.pem"

    # -- turning its world

    def set_clock(self, now: datetime) -> None:
        _replace(self.folder / "clock", now.isoformat())

    def set_names(self, names: Mapping[str, Sequence[tuple[str, int]]]) -> None:
        """On top of `*.test`: "host" or "host:port" -> addresses."""
        known = {"*:80": [self.origin.http], "*:443": [self.origin.https]}
        _replace(self.folder / "names.json", json.dumps(known | dict(names)))

    @contextlib.contextmanager
    def failing(self, stage: str, fault: str) -> Iterator[None]:
        """Let one stage of the gate raise, by names (gate_child.FAULTS)."""
        _replace(self.folder / "fault", f"{stage} {fault}")
        try:
            yield
        finally:
            (self.folder / "fault").unlink()

    def publish(self, **changes: Any) -> str:
        """A new bundle: policy_text, accounts, unblocks, openings, orders. No gate has taken it yet."""
        for name, value in changes.items():
            setattr(self, name, value)
        name = save_bundle(
            self.state,
            policy_text=self.policy_text,
            lists=self.lists,
            accounts=self.accounts,
            unblocks=self.unblocks,
            openings=self.openings,
            orders=self.orders,
            sealed_lists=self.sealed_lists,
        )
        prove_bundle(self.state, name)
        name_current(self.state, name)
        return name

    # -- clients

    def curl(self, url: str, *options: str, user: str | None = None, password: str = PASSWORD) -> Reply:
        head, body = self.folder / "reply-head", self.folder / "reply-body"
        command = ["curl", "-s", "-S", "-x", f"http://127.0.0.1:{self.port}", "--noproxy", ""]
        command += ["--cacert", str(self.ca), "-D", str(head), "-o", str(body), "-m", "20"]
        command += ["-w", "%{http_code} %{http_connect}"]
        if user is not None:
            command += ["--proxy-user", f"{user}:{password}"]
        head.write_bytes(b"")
        body.write_bytes(b"")
        done = subprocess.run([*command, *options, url], capture_output=True, text=True, check=False)
        status, connect = done.stdout.split()[:2]
        return Reply(int(status), int(connect), body.read_bytes(), head.read_text("latin-1"), done.returncode)

    def tunnel(self, host: str, port: int = 443, user: str | None = "anna") -> tuple[int, socket.socket]:
        """(status of the CONNECT, the socket)."""
        client = self.connect()
        client.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n".encode())
        client.sendall((proxy_login(user) if user else b"") + b"\r\n")
        return int(read_head(client).split(b" ")[1]), client

    def tls(
        self, host: str, *, sni: str | None = None, user: str | None = "anna", alpn: Sequence[str] = ()
    ) -> ssl.SSLSocket:
        """A TLS connection inside a tunnel to `host`, trusting the gate."""
        status, client = self.tunnel(host, user=user)
        assert status == 200, status
        context = ssl.create_default_context(cafile=str(self.ca))
        context.check_hostname = False
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context.wrap_socket(client, server_hostname=sni or host)

    # -- what it wrote

    def rows(self) -> list[dict[str, Any]]:
        """Rows as the recorder would make them, in the order written: each open one with its close."""
        return journal_rows(self.state)

    def wait_rows(self, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        return until(self.rows, enough)

    def last_row(self, **wanted: Any) -> dict[str, Any]:
        """The newest row that is as wanted, once it has ended."""

        def fitting(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            fits = [row for row in rows if all(row.get(k) == v for k, v in wanted.items())]
            return [row for row in fits if row.get("ended")]

        return fitting(self.wait_rows(lambda rows: bool(fitting(rows))))[-1]

    # -- its end

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        return (self.folder / "gate.log").read_text()


@contextlib.contextmanager
def a_gate(
    policy_text: str = POLICY,
    *,
    accounts: Iterable[Account] | None = None,
    sites: Mapping[str, str | None] | None = None,
    clock: datetime | None = NOON,
    unblocks: Iterable[Unblock] = (),
    openings: Iterable[Opening] = (),
    own_addresses: Sequence[tuple[str, int]] = (),
    egress: Sequence[tuple[str, int]] = (),
    published: bool = True,
    authority: ExampleAuthority | None = None,
    listen: str = "127.0.0.1",
    limits: Mapping[str, float] | None = None,
    console: str = "",
) -> Iterator[Gate]:
    """A gate over `sites` (host or host/path -> category; None: on no list). `clock` None: the real time.

    `authority` signs the certificates of the origin, and is trusted by the gate.
    """
    sites = sites or {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-")))
        hosts = sorted({parse_site(site).host for site in sites} | {"allowed.test", "blocked.test"})
        origin = stack.enter_context(an_origin(folder, hosts, authority=authority))
        state = folder / "state"
        text = with_egress(policy_text, [origin.http, origin.https, *egress])
        gate = Gate(folder, state, origin, 0, None, text, list(accounts or everybody()), "")  # type: ignore[arg-type]  # started below
        (state / "lists").mkdir(parents=True)
        gate.lists = write_generation(_gathered(sites), (), state / "lists")
        gate.unblocks, gate.openings = list(unblocks), list(openings)
        if clock is not None:
            gate.set_clock(clock)
        gate.set_names({})
        if published:
            gate.publish()
        gate.own, gate.listen, gate.limits = own_addresses, listen, limits or {}
        gate.console = console
        start(gate)
        try:
            yield gate
        finally:
            if gate.is_alive:
                gate.process.kill()
            gate.process.wait()
            close_pipe(gate)


def close_pipe(gate: Gate) -> None:
    if gate.process.stdout is not None:
        gate.process.stdout.close()


def start(gate: Gate, port: int = 0) -> None:
    """Start the process, also again after it ended."""
    if gate.port:
        close_pipe(gate)
    settings = {
        "folder": str(gate.folder),
        "state": str(gate.state),
        "listen_host": gate.listen,
        "listen_port": port,
        "own_addresses": list(gate.own),
        "upstream_ca": str(gate.origin.ca),
        "gate": "gate-1",
        "limits": dict(gate.limits),
        "console": gate.console,
    }
    path = gate.folder / "settings.json"
    path.write_text(json.dumps(settings))
    with (gate.folder / "gate.log").open("a") as log:
        gate.process = a_child("tests.gate_child", str(path), log=log)
    assert gate.process.stdout is not None
    for line in gate.process.stdout:
        if line.startswith('{"port"'):
            gate.port = json.loads(line)["port"]
            return
    raise RuntimeError(f"the gate did not start: {gate.said()}")


def with_egress(policy_text: str, addresses: Sequence[tuple[str, int]]) -> str:
    """The policy, and these addresses in its egress.allow."""
    assert "egress:\n  allow: []" in policy_text
    allowed = ", ".join(f'"{f"[{host}]" if ":" in host else host}:{port}"' for host, port in addresses)
    return policy_text.replace("egress:\n  allow: []", f"egress:\n  allow: [{allowed}]")


def a_websocket(gate: Gate, host: str, user: str = "anna", *, secure: bool = False) -> socket.socket:
    """An open one, through the gate; the caller closes it."""
    client = gate.tls(host, user=user) if secure else gate.connect()
    target, login = ("/ws", b"") if secure else (f"http://{host}/ws", proxy_login(user))
    client.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n".encode())
    client.sendall(b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n")
    client.sendall(b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + login + b"\r\n")
    assert b" 101 " in read_head(client)
    return client


def talk(client: socket.socket, text: bytes) -> bytes:
    """Send one small text message, and what came back of it."""
    client.sendall(bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text)
    head = client.recv(2)
    return client.recv(head[1]) if len(head) == 2 else b""


def proxy_login(user: str, password: str = PASSWORD) -> bytes:
    import base64

    return b"Proxy-Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()) + b"\r\n"


def until[T](ask: Callable[[], T], enough: Callable[[T], bool], seconds: float = WAIT_SECONDS) -> T:
    """Ask until it is enough; the last answer either way."""
    deadline = time.monotonic() + seconds
    while not enough(answer := ask()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def _gathered(sites: Mapping[str, str | None]) -> Gatherer:
    gathered = Gatherer()
    for site, category in sites.items():
        if category is not None:
            gathered.add(parse_site(site), category, f"{category}-list")
    return gathered


def journal_rows(state: Path) -> list[dict[str, Any]]:
    """See `Gate.rows`: of any gate, by its state folder."""
    found: dict[str, dict[str, Any]] = {}
    for segment in segments(state / "journal"):
        for _, record in _records(segment.path):
            if record["t"] in ("open", "whole", "close"):
                ended = record["t"] != "open"
                found.setdefault(record["id"], {}).update(record | ({"ended": True} if ended else {}))
    return [row for row in found.values() if "kind" in row]


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with contextlib.suppress(JournalDamage):
        yield from read_segment(path, 0)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text)
    temporary.replace(path)

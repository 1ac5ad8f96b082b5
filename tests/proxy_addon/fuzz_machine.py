"""The gate without sockets: mitmproxy's own layers, the real hooks, an origin made of bytes, and an oracle.

What a client sends is fed to the same `ConnectionHandler` that serves sockets; only opening, writing and
closing are ours. The oracle does not ask the gate: this school allows one site (allowed.test and below), so
whatever else is connected to, or let by without a row on record, is a leak.
"""

import asyncio
import contextlib
import gc
import itertools
import logging
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from mitmproxy import ctx
from mitmproxy.connection import Client, Connection, ConnectionState
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy import commands, events, layer, server_hooks
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode
from mitmproxy.proxy.layers.modes import HttpProxy
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server import ConnectionHandler, ConnectionIO
from mitmproxy.utils import asyncio_utils

from filter_lists.gathering import Gatherer
from filter_lists.generations import open_generation
from filter_lists.index import Index
from filter_lists.names import parse_site
from filter_lists.writing import write_generation
from filter_policy.bundle import Account, Bundle
from filter_policy.decide import decide
from filter_policy.parse import parse_policy
from proxy_addon import asked
from proxy_addon.answering import Answers
from proxy_addon.block_page import Pages
from proxy_addon.clock import GateClock
from proxy_addon.connections import Connections
from proxy_addon.egress import Egress, guard_loop
from proxy_addon.gate import Gate
from proxy_addon.identify import Identifier
from proxy_addon.judge import Decide, InForce
from proxy_addon.master import GateMaster, held
from proxy_addon.records import Rows
from proxy_addon.stages import Stages
from tests.builders import NOON, POLICY, a_person

TLS_MARK = b"\x16\x03\x01\x02\x00fuzz"  # stands for a handshake, which costs more than all the rest
CLIENT = ("127.20.0.9", 50000)  # a tablet: a pupil of reception, for whom nothing unlisted is open
ORIGIN = "93.184.215.14"
LONGEST_SECONDS = 1.0
SITES = {"allowed.test": "education", "blocked.test": "gambling"}
HOST = re.compile(rb"(?im)^host: *([^\r\n]*)\r\n")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Case:
    """What one client does. `chunks` come one after the other; those after TLS_MARK are inside the tunnel."""

    chunks: tuple[bytes, ...]
    sni: str = "allowed.test"
    alpn: bytes = b"http/1.1"
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Found:
    """What a run of many cases showed. `leaks` must stay empty."""

    cases: int = 0
    let_by: int = 0
    refused: int = 0
    rows: int = 0
    slowest: float = 0.0
    leaks: list[tuple[str, Case]] = field(default_factory=list)
    crashes: Counter[str] = field(default_factory=Counter)
    crashed: dict[str, Case] = field(default_factory=dict)


def may(host: str, port: int) -> bool:
    return (host == "allowed.test" or host.endswith(".allowed.test")) and 0 < port < 65536


class Wire:
    """Stands for writer and transport of one connection."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self.cut = False
        self.transport = self

    def write(self, data: bytes) -> None:
        self._write(data)

    def abort(self) -> None:
        self.cut = True

    def is_closing(self) -> bool:
        return self.cut


class Machine(ConnectionHandler):
    """One client connection."""

    def __init__(self, fuzz: "Fuzz", case: Case) -> None:
        client = Client(
            peername=CLIENT,
            sockname=("127.0.0.1", 8080),
            timestamp_start=time.time(),
            proxy_mode=ProxyMode.parse("regular"),
            state=ConnectionState.OPEN,
        )
        super().__init__(Context(client, ctx.options))
        self.layer = HttpProxy(self.layer.context)
        self.fuzz = fuzz
        self.case = case
        self.coming: list[events.Event] = []
        self.to_client = b""
        self.transports[client] = ConnectionIO(handler=_Task(), writer=Wire(self._hear))  # type: ignore[arg-type]  # ours

    def _hear(self, data: bytes) -> None:
        self.to_client += data

    def log(self, message: str, level: int = 20, exc_info: Any = None) -> None:
        return None

    async def handle_hook(self, hook: commands.StartHook) -> None:
        if (pending := self.fuzz.dispatch.begin(hook)) is not None:
            await pending

    async def open_connection(self, command: commands.OpenConnection) -> None:
        server = command.connection
        data = server_hooks.ServerConnectionHookData(client=self.client, server=server)
        await self.handle_hook(server_hooks.ServerConnectHook(data))
        if server.error:
            del self.transports[server]
            await self.server_event(events.OpenConnectionCompleted(command, server.error))
            return
        host, port = server.address or ("", 0)
        if not may(host, port):
            self.fuzz.leak(f"connected to {host}:{port}", self.case)
        if not self.fuzz.has_row(host):
            self.fuzz.leak(f"connected to {host}:{port} without a row", self.case)
        if server.tls:
            del self.transports[server]
            await self.server_event(events.OpenConnectionCompleted(command, "not here"))
            return
        server.state = ConnectionState.OPEN
        server.peername = server.sockname = (ORIGIN, port)
        server.timestamp_start = time.time()
        origin = _Origin(self, server)
        self.transports[server] = ConnectionIO(handler=_Task(), writer=Wire(origin.hear))  # type: ignore[arg-type]  # ours
        await self.server_event(events.OpenConnectionCompleted(command, None))

    async def wakeup(self, request: commands.RequestWakeup) -> None:
        return None

    def close_connection(self, connection: Connection, half_close: bool = False) -> None:
        if half_close or connection.state is ConnectionState.CLOSED:
            return
        connection.state = ConnectionState.CLOSED
        self.coming.append(events.ConnectionClosed(connection))

    async def live(self) -> None:
        """From start to the end that the client makes."""
        await self.handle_hook(server_hooks.ClientConnectedHook(self.client))
        await self._feed(events.Start())
        for chunk in self.case.chunks:
            if self.client.state is not ConnectionState.OPEN:
                break
            await self._feed(events.DataReceived(self.client, chunk))
        if self.client.state is ConnectionState.OPEN:
            self.client.state = ConnectionState.CLOSED
            await self._feed(events.ConnectionClosed(self.client))
        await self.handle_hook(server_hooks.ClientDisconnectedHook(self.client))

    async def _feed(self, event: events.Event) -> None:
        await self.server_event(event)
        await self.fuzz.settled()
        while self.coming:
            following = self.coming.pop(0)
            await self.server_event(following)
            await self.fuzz.settled()
            if isinstance(following, events.ConnectionClosed):
                self.transports.pop(following.connection, None)


class _Task:
    def cancel(self, _why: object = None) -> None:
        return None


class _Origin:
    """A site that answers each head with what the case says, and is asked only under its own name."""

    def __init__(self, machine: Machine, server: Connection) -> None:
        self._machine = machine
        self._server = server
        self._heard = b""

    def hear(self, data: bytes) -> None:
        machine = self._machine
        self._heard = (self._heard + data)[-8192:]
        head, end, _ = self._heard.partition(b"\r\n\r\n")
        if end:
            names = HOST.findall(head + b"\r\n")
            if len(names) > 1 or not all(may(name.decode("latin-1").partition(":")[0], 80) for name in names):
                machine.fuzz.leak(f"asked for {names}", machine.case)
            self._heard = b""
            machine.coming.append(events.DataReceived(self._server, machine.case.answer))


class Fuzz:
    """One gate, and cases played to it one after the other."""

    def __init__(self, force: InForce, egress: Egress, decide: Decide, records: bool) -> None:
        self._records = records
        self.found = Found()
        self._case = Case(())
        self._allowed: set[str] = set()
        self._events = 0
        identifier = Identifier(verify=lambda stored, password: False)
        self._close = identifier.close
        pages = Pages("")
        stages = Stages(
            identifier.identify,
            asked.read_request,
            asked.read_connect,
            Index.lookup,
            decide,
            self._record,
            pages.block,
        )
        self.connections = Connections()
        answers = Answers(
            stages=stages,
            rows=Rows("gate-1"),
            pages=pages,
            clock=GateClock(lambda: NOON),
            egress=egress,
            connections=self.connections,
            in_force=lambda: force,
            stuck=lambda: False,
        )
        gate = Gate(answers, lambda row: None, self._abort, lambda client, inner: None)
        settings = held(Path(tempfile.gettempdir()) / "no-such-ca", "127.0.0.1", 0, None)
        self.master = GateMaster(gate, settings, pages.error, self._change)
        self.gate = gate
        self.dispatch = self.master.dispatch
        self._closing = self.dispatch.failed
        self.dispatch.failed = self._failed

    async def _record(self, row: Mapping[str, object]) -> None:
        if not self._records:
            return
        self.found.rows += 1
        if row["t"] == "open" and (row["verdict"] == "allow" or row["kind"] == "connect"):
            self._allowed.add(str(row["host"]))
        if row["kind"] == "event":
            self._events += 1

    def has_row(self, host: str) -> bool:
        return host in self._allowed

    def leak(self, why: str, case: Case) -> None:
        if len(self.found.leaks) < 20:
            self.found.leaks.append((why, case))

    def _abort(self, client_id: str) -> None:
        self.master.abort(client_id)

    def _failed(self, hook: str, argument: Any, fault: BaseException) -> None:
        """Whatever goes wrong must end closed, with a row."""
        self.found.crashes[f"{hook}: {type(fault).__name__}: {str(fault)[:60]}"] += 1
        self.found.crashed.setdefault(f"{hook}: {type(fault).__name__}", self._case)
        before = self._events
        self._closing(hook, argument, fault)
        if self._events == before:
            self.leak(f"{hook}: {type(fault).__name__} without a row", self._case)

    def _change(self, name: str, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        owner = type(getattr(function, "__self__", None)).__name__
        if owner != "Gate":
            return function
        if name == "next_layer":
            return lambda data: self._next_layer(data, function)
        if name in ("requestheaders", "http_connect"):
            return lambda flow: self._judged(flow, function)
        return function

    async def _judged(self, flow: HTTPFlow, function: Callable[[Any], Any]) -> None:
        await function(flow)
        if flow.response is not None or flow.error is not None:
            self.found.refused += 1
            return
        self.found.let_by += 1
        host = flow.request.data.host
        if not self.has_row(host):
            self.leak(f"let by without a row: {host}", self._case)
        connect = flow.request.method == "CONNECT"
        if not connect and not may(host, flow.request.port):
            self.leak(f"let by: {host}:{flow.request.port}", self._case)

    def _next_layer(self, data: layer.NextLayer, function: Callable[[Any], Any]) -> Any:
        pending = function(data)
        if isinstance(data.layer, ServerTLSLayer) and data.data_client() == TLS_MARK:  # type: ignore[no-untyped-call]  # no types
            context, case = data.context, self._case
            data.events[:] = [each for each in data.events if not isinstance(each, events.DataReceived)]
            self.dispatch._call("tls_clienthello", self.gate.tls_clienthello, _Hello(context, case.sni))
            context.client.alpn = case.alpn
            context.client.tls = context.server.tls = True
            del context.layers[-2:]
            data.layer = HttpLayer(context, HTTPMode.transparent)
        return pending

    async def end(self) -> None:
        self._close()

    async def settled(self) -> None:
        for _ in range(10_000):
            if not self.dispatch._running:
                return
            await asyncio.sleep(0)

    async def play(self, cases: Iterator[Case]) -> Found:
        found = self.found
        gc.collect()
        gc.freeze()  # what other tests left is not looked through at the gate's expense
        with asyncio_utils.set_eager_task_factory():
            for case in cases:
                begun = time.thread_time()
                self._case = case
                self._allowed.clear()
                machine = Machine(self, case)
                self.master.proxyserver.connections[machine.client.id] = machine  # type: ignore[assignment]  # no sockets
                await machine.live()
                del self.master.proxyserver.connections[machine.client.id]
                if self.connections.find(machine.client.id) is not None:
                    self.leak("still known after its end", case)
                found.cases += 1
                took = time.thread_time() - begun
                if took > LONGEST_SECONDS:
                    self.leak(f"took {took:.1f} s", case)
                found.slowest = max(found.slowest, took)
        await self.end()
        return found


@dataclass
class _Hello:
    context: Context
    sni: str

    @property
    def client_hello(self) -> "_Hello":
        return self


@contextlib.contextmanager
def a_world() -> Iterator[InForce]:
    """One site is open; everything else is shut for this client."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        state = Path(folder)
        (state / "lists").mkdir()
        gathered = Gatherer()
        for site, category in SITES.items():
            gathered.add(parse_site(site), category, f"{category}-list")
        name = write_generation(gathered, (), state / "lists")
        person = a_person("anna")
        bundle = Bundle(parse_policy(POLICY, "r1"), POLICY, name, {"anna": Account(person, "hash")})
        yield InForce("fuzz", bundle, open_generation(state, name))


def run(cases: Callable[[], Iterator[Case]], *, decide: Decide = decide, records: bool = True) -> Found:
    """Play them all. Another `decide`, or nothing on record, is for the tests of the oracle."""
    egress = Egress((), lambda host, port: [(ORIGIN, port)] if host.endswith(".test") else [])

    async def story(force: InForce) -> Found:
        return await Fuzz(force, egress, decide, records).play(cases())

    quiet = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with a_world() as force, asyncio.Runner(loop_factory=lambda: guard_loop(egress)) as runner:
        try:
            return runner.run(story(force))
        finally:
            structlog.configure(**quiet)

"""Every hook that the gate listens to, with everything that can go wrong in it, over real sockets.

Whatever fails: nothing reaches a site that is blocked, nothing is let by without a row, whoever asks is
answered or cut off within a second or two, and the gate goes on. Each pair of hook and fault has an address.
"""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from mitmproxy import hooks
from mitmproxy.addons.core import Core
from mitmproxy.addons.errorcheck import ErrorCheck
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.addons.tlsconfig import TlsConfig

from proxy_addon.gate import Gate as OurGate
from proxy_addon.limits import QUEUED
from proxy_addon.master import DEAF
from proxy_addon.pacing import Pacing
from tests.doors import read_head
from tests.harness import Gate, a_gate, proxy_login, until
from tests.hook_faults import ASYNC_STALL, FAULTS

ANSWERED_SECONDS = 5.0  # on a machine that does much else; the limit is a second
AT_START = {
    "load",
    "configure",
    "running",
}  # before anything is served
NEVER_CALLED = {"quic_start_client", "quic_start_server"}  # no HTTP/3: the settings are held
CHAIN = (Core, Proxyserver, TlsConfig, Pacing, OurGate, ErrorCheck)
HOOKS = sorted(
    name
    for name in hooks.all_hooks
    if any(callable(getattr(each, name, None)) and (each.__name__, name) not in DEAF for each in CHAIN)
    and name not in AT_START | NEVER_CALLED
)
WRONG = [*FAULTS, *(f"after {fault}" for fault in FAULTS)]
PLANNED = {
    f"127.1.{h}.{f + 1}": (hook, fault) for h, hook in enumerate(HOOKS) for f, fault in enumerate(WRONG)
}
STALLS = {
    f"127.2.{h}.{f + 1}": (hook, fault)
    for h, hook in enumerate(HOOKS)
    for f, fault in enumerate((ASYNC_STALL, f"after {ASYNC_STALL}"))
}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        plan = {address: " ".join(planned) for address, planned in (PLANNED | STALLS).items()}
        (gate.folder / "hook-faults.json").write_text(json.dumps(plan))
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            gate.set_names({"away.allowed.test:80": [unused.getsockname()]})
            yield gate


# What clients do. Each returns when it was answered whole, or cut off.


def ask(client: socket.socket, data: bytes) -> bytes:
    """All that comes until the other side closes; a client that is left waiting fails the test."""
    got = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        client.sendall(data)
        while piece := client.recv(65536):
            got += piece
    return got


def plain(gate: Gate, address: str, host: str, path: str) -> None:
    head = f"GET http://{host}/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    with a_client(gate, address) as client:
        ask(client, head.encode() + proxy_login("anna") + b"\r\n")


def secure(gate: Gate, address: str, host: str, path: str, ca: bool = True) -> None:
    with a_client(gate, address) as client, contextlib.suppress(ConnectionError, ssl.SSLError):
        client.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n".encode())
        client.sendall(proxy_login("anna") + b"\r\n")
        if b" 200 " not in read_head(client):
            return
        context = ssl.create_default_context(cafile=str(gate.ca) if ca else None)
        with context.wrap_socket(client, server_hostname=host) as inside:
            ask(inside, f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())


def distrusting(gate: Gate, address: str, host: str, path: str) -> None:
    secure(gate, address, host, path, ca=False)


def websocket(gate: Gate, address: str, host: str, path: str, say: bytes = b"\x81\x82\0\0\0\0hi") -> None:
    head = f"GET http://{host}/ws?{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    more = "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    more += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    with a_client(gate, address) as client, contextlib.suppress(ConnectionError):
        client.sendall((head + more).encode() + proxy_login("anna") + b"\r\n")
        if b" 101 " in read_head(client):
            for frame in (say, b"\x88\x80\0\0\0\0"):
                client.sendall(frame)
                client.recv(100)


def tunnel(gate: Gate, address: str, host: str, path: str) -> None:
    """The origin says what it hears, and so what a tunnel would say first."""
    websocket(gate, address, host, path, say=b"\x82\x89\0\0\0\0\x03" + bytes(8))


def unreadable(gate: Gate, address: str, host: str, path: str) -> None:
    with a_client(gate, address) as client:
        ask(client, f"GET http://{host} /{path} HTTP/1.1\r\n\r\n".encode())


def hurried(gate: Gate, address: str, host: str, path: str) -> None:
    """More than is kept, before the first is answered."""
    head = f"GET http://{host}/slow/1?{path} HTTP/1.1\r\nHost: {host}\r\n"
    with a_client(gate, address) as client:
        ask(client, head.encode() + proxy_login("anna") + b"\r\n" + bytes(2 * QUEUED))


def away(gate: Gate, address: str, host: str, path: str) -> None:
    plain(gate, address, host if host == "bet.test" else "away.allowed.test", path)


DOING: dict[str, tuple[Callable[[Gate, str, str, str], None], ...]] = {
    "client_connected": (plain,),
    "client_disconnected": (plain,),
    "error": (away,),
    "http_connect": (secure,),
    "next_layer": (plain, secure),
    "refused": (unreadable,),
    "request": (plain,),
    "requestheaders": (plain, secure),
    "response": (plain, websocket),
    "responseheaders": (plain,),
    "server_connect": (plain,),
    "server_connected": (plain,),
    "server_disconnected": (plain,),
    "tls_clienthello": (secure,),
    "tls_established_client": (secure,),
    "tls_failed_client": (distrusting,),
    "tls_start_client": (secure,),
    "tls_start_server": (secure,),
    "turned_away": (hurried,),
    "websocket_end": (websocket,),
    "websocket_message": (websocket,),
    "websocket_said": (websocket,),
    "websocket_tunnel": (tunnel,),
}


@contextlib.contextmanager
def a_client(gate: Gate, address: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", gate.port), ANSWERED_SECONDS, (address, 0)) as client:
        yield client


def go_through(gate: Gate, address: str, hook: str) -> None:
    for do in DOING[hook]:
        for host in ("allowed.test", "bet.test"):
            do(gate, address, host, f"{hook}/{address}")


def let_by(gate: Gate) -> dict[str, int]:
    """How many requests that were let by each address has in the log."""
    found: dict[str, int] = {}
    for row in gate.rows():
        if row["verdict"] == "allow" and row["kind"] == "request":
            found[row["address"]] = found.get(row["address"], 0) + 1
    return found


def holds(gate: Gate, hook: str, addresses: list[str]) -> None:
    seen = [each for each in gate.origin.seen if f"/{hook}/" in each.path or f"?{hook}/" in each.path]
    assert not [each for each in seen if each.host == "bet.test"]
    rows = let_by(gate)
    for address in addresses:
        reached = sum(each.path.endswith(f"/{address}") for each in seen)
        assert reached <= rows.get(address, 0), (address, reached)
    assert gate.is_alive
    assert gate.curl("http://allowed.test/", user="anna").status == 200


def test_no_hook_is_without_its_part_in_this_matrix() -> None:
    assert set(HOOKS) == set(DOING)


def test_all_of_it_is_served_where_nothing_fails(gate: Gate) -> None:
    for number, do in enumerate((plain, secure, websocket)):
        do(gate, f"127.3.0.{number + 1}", "allowed.test", f"fine/{number}")
        assert any(each.path.endswith(f"fine/{number}") for each in gate.origin.seen)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_raises_lets_nothing_by_and_leaves_nobody_waiting(hook: str, gate: Gate) -> None:
    addresses = [address for address, planned in PLANNED.items() if planned[0] == hook]
    with ThreadPoolExecutor(6) as clients:
        list(clients.map(lambda address: go_through(gate, address, hook), addresses))
    holds(gate, hook, addresses)


def test_a_hook_that_never_comes_back_is_answered_without(gate: Gate) -> None:
    def timed(address: str) -> float:
        begun = time.monotonic()
        go_through(gate, address, STALLS[address][0])
        return time.monotonic() - begun

    with ThreadPoolExecutor(len(STALLS)) as clients:
        took = dict(zip(STALLS, clients.map(timed, STALLS), strict=True))
    for hook in HOOKS:
        holds(gate, hook, [address for address, planned in STALLS.items() if planned[0] == hook])
    assert max(took.values()) < 4 * ANSWERED_SECONDS


@pytest.mark.parametrize("hook", ["next_layer", "response", "server_connect", "tls_clienthello"])
def test_a_hook_that_failed_is_in_the_log(hook: str, gate: Gate) -> None:
    address = next(address for address, planned in PLANNED.items() if planned == (hook, "MemoryError"))
    go_through(gate, address, hook)

    def found(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        return [row for row in rows if row["rule"] == f"{hook}: MemoryError" and row["address"] == address]

    row = found(until(gate.rows, lambda rows: bool(found(rows))))[-1]
    assert (row["kind"], row["reason"], row["verdict"]) == ("event", "failed-closed", "block")
    assert f'"hook": "{hook}"' in gate.said() or f"hook={hook}" in gate.said()

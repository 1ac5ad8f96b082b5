"""Who is slow, who keeps connections for nothing, who does not read: closed, with a row, and nothing left."""

import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from proxy_addon.probe import probe
from tests.doors import read_some
from tests.harness import Gate, a_gate, a_websocket, proxy_login, talk, until
from tests.proxy_addon.floods import LOGIN, MB, h2_client, is_closed, post

QUICK = {
    "head_seconds": 0.6,
    "body_seconds": 0.6,
    "idle_seconds": 2.0,
    "linger_seconds": 0.5,
    "connections": 30,
}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}, limits=QUICK) as gate:
        yield gate


@pytest.fixture
def process(gate: Gate) -> psutil.Process:
    return psutil.Process(gate.process.pid)


def files_come_back(process: psutil.Process, before: int) -> bool:
    return bool(until(process.num_fds, lambda now: now <= before + 2) <= before + 2)


def too_slow(gate: Gate, rule: str) -> bool:
    rows = gate.wait_rows(lambda rows: any(row["rule"] == rule for row in rows))
    return any(row["rule"] == rule and row["reason"] == "too-slow" for row in rows)


def test_a_head_that_is_not_whole_in_time_is_told_so(gate: Gate) -> None:
    with gate.connect() as client:
        client.sendall(b"GET http://allowed.test/ HTTP/1.1\r\nHost: al")
        assert client.recv(65536).startswith(b"HTTP/1.1 408")
        assert is_closed(client)
    assert too_slow(gate, "the head of a request was not whole in time")


def test_a_head_inside_a_tunnel_has_no_more_time(gate: Gate) -> None:
    with gate.tls("allowed.test") as client:
        client.sendall(b"GET / HTTP/1.1\r\nHo")
        assert client.recv(65536).startswith(b"HTTP/1.1 408")
    row = gate.last_row(kind="unparsed", reason="too-slow", host="allowed.test")
    assert (row["person"], row["status"]) == ("p_anna", 408)


def test_an_empty_tunnel_is_closed(gate: Gate) -> None:
    status, client = gate.tunnel("allowed.test")
    with client:
        assert (status, is_closed(client)) == (200, True)
    assert too_slow(gate, "no TLS handshake in a tunnel")


def test_half_a_handshake_is_closed(gate: Gate) -> None:
    _, client = gate.tunnel("allowed.test")
    with client:
        client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert is_closed(client)


def test_half_a_handshake_with_the_proxy_itself_has_one_row_that_says_so(gate: Gate) -> None:
    before = len(gate.rows())
    with gate.connect() as client:
        client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert is_closed(client)
    rows = gate.wait_rows(lambda rows: any(row["person"] is None for row in rows[before:]))
    time.sleep(0.3)  # for a second one
    nobodys = [row for row in gate.rows()[before:] if row["person"] is None]  # others may end late
    told = [(row["kind"], row["reason"], row["rule"]) for row in nobodys]
    assert rows
    assert told == [("unparsed", "too-slow", "no TLS handshake with the proxy itself")]


@pytest.mark.parametrize("fields", [b"Content-Length: 100000", b"Transfer-Encoding: chunked"])
def test_a_body_that_comes_too_slowly_reaches_no_site(fields: bytes, gate: Gate) -> None:
    before = gate.origin.connections
    with gate.connect() as client:
        client.sendall(post("allowed.test", fields, path="/slow-body") + b"fffff\r\nxxx")
        assert client.recv(65536).startswith(b"HTTP/1.1 408")
    row = gate.last_row(url="http://allowed.test/slow-body")
    assert (row["status"], row["outcome"]) == (408, "cut")
    assert gate.origin.connections == before


def test_a_body_that_is_let_run_out_does_not_run_for_ever(gate: Gate) -> None:
    with gate.connect() as client:
        client.sendall(post("bet.test", b"Content-Length: 3000000", path="/run"))
        assert client.recv(65536).startswith(b"HTTP/1.1 403")
        assert is_closed(client)


def test_connections_that_say_nothing_are_closed(gate: Gate) -> None:
    with gate.connect() as client, h2_client(gate) as secure:
        assert is_closed(client)
        assert is_closed(secure)


def test_empty_lines_do_not_keep_a_connection(gate: Gate) -> None:
    with gate.connect() as client:
        for _ in range(100):
            try:
                client.sendall(b"\r\n")
            except OSError:
                return
            time.sleep(0.1)
    pytest.fail("still open")


def test_a_websocket_that_is_used_stays(gate: Gate) -> None:
    with a_websocket(gate, "ws.allowed.test") as client:
        for _ in range(4):
            assert talk(client, b"hello") == b"hello"
            time.sleep(0.9)


@pytest.mark.parametrize("via", [b"", b"Via: 1.1 other-gate\r\n"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0", "[::1]"])
def test_the_gate_never_calls_itself(host: str, via: bytes, gate: Gate, process: psutil.Process) -> None:
    files = process.num_fds()
    line = f"GET http://{host}:{gate.port}/ HTTP/1.1\r\nHost: {host}:{gate.port}\r\n".encode()
    answer = gate.raw(line + via + LOGIN + b"\r\n")
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 400"))
    assert files_come_back(process, files)


def test_a_gate_refuses_what_another_gate_passes_on(gate: Gate) -> None:
    """What leaves a gate is in a site's form: at a gate it ends."""
    answer = gate.raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nVia: 1.1 other-gate\r\n" + LOGIN + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400")


def test_a_site_may_take_its_time(gate: Gate) -> None:
    assert gate.curl("http://allowed.test/slow/1", user="anna").status == 200


def test_whoever_does_not_read_leaves_nothing_behind(gate: Gate, process: psutil.Process) -> None:
    files, memory = process.num_fds(), process.memory_info().rss
    before = gate.origin.sent
    ask = b"GET http://allowed.test/bytes/300000000 HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n"
    clients = [gate.connect() for _ in range(8)]
    try:
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(ask + LOGIN + b"\r\n")
        assert files_come_back(process, files)  # while the clients are there, and still read nothing
    finally:
        for client in clients:
            client.close()
    assert gate.origin.sent - before < 8 * 40 * MB
    assert process.memory_info().rss - memory < 30 * MB


def test_an_end_that_nobody_takes_is_not_waited_for(gate: Gate, process: psutil.Process) -> None:
    """The answer is whole, the connection is over for us: what nobody reads must not keep the descriptor."""
    files = process.num_fds()
    ask = b"GET http://allowed.test/bytes/6000000 HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n"
    with gate.connect() as client:
        client.sendall(ask + LOGIN + b"\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        assert files_come_back(process, files)


def closed_for_number(gate: Gate, begin: int) -> list[int]:
    """The counts of the rows that say so."""
    rows = [row for row in gate.rows()[begin:] if row["reason"] == "too-many"]
    return [int(row["rule"].removeprefix("connections: ")) for row in rows]


def test_a_flood_of_connections_is_held_to_a_number(gate: Gate, process: psutil.Process) -> None:
    files = process.num_fds()
    rows = len(gate.rows())
    clients = [gate.connect() for _ in range(200)]
    try:
        until(process.num_fds, lambda now: now <= files + 32)
        assert process.num_fds() <= files + 32
        assert gate.curl("http://allowed.test/", user="anna").status == 200  # others come in
        assert probe(gate.state).well
    finally:
        for client in clients:
            client.close()
    refused = until(lambda: closed_for_number(gate, rows), lambda found: sum(found) >= 170)
    assert sum(refused) >= 170
    assert len(refused) < 40
    assert files_come_back(process, files)


def test_one_person_may_have_no_more_than_another(gate: Gate, process: psutil.Process) -> None:
    files = process.num_fds()
    clients = []
    try:
        for _ in range(60):
            client = gate.connect()
            client.sendall(
                b"GET http://bet.test/ HTTP/1.1\r\nHost: bet.test\r\n" + proxy_login("ben") + b"\r\n"
            )
            assert read_some(client, 0.01).startswith(b"HTTP/1.1 403")
            clients.append(client)
        assert until(process.num_fds, lambda now: now <= files + 34) <= files + 34
    finally:
        for client in clients:
            client.close()


def raise_file_limit() -> int:
    """As the gate does for itself: each connection is a file of ours, too. How many there may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def test_thousands_of_idle_connections_trouble_nobody() -> None:
    wanted = 10_000 if os.environ.get("SCHOOLGATE_TORTURE_ROUNDS") else 2_000
    count = min(
        wanted, raise_file_limit() // 2 - 500
    )  # the gate keeps the other half for the sites behind its clients
    with a_gate(limits={"connections": count + 100}) as gate:
        process = psutil.Process(gate.process.pid)
        gate.curl("http://allowed.test/", user="anna")
        files, memory = process.num_fds(), process.memory_info().rss
        with ExitStack() as clients:
            for _ in range(count):
                clients.enter_context(gate.connect())
            assert until(process.num_fds, lambda now: now >= count) >= count
            assert probe(gate.state).well
            assert gate.curl("http://allowed.test/", user="anna").status == 200
            assert process.memory_info().rss - memory < count * 40_000
        assert files_come_back(process, files)

"""A gate from start to end: what is under way finishes, all is written, and without a bundle it is shut."""

import resource
import signal
import socket
import threading
import time

import pytest

from proxy_addon.probe import probe
from proxy_addon.run import raise_file_limit
from tests.doors import exchange
from tests.harness import Gate, Reply, a_gate, proxy_login, start, until


def test_what_is_under_way_finishes_and_nothing_new_begins() -> None:
    with a_gate() as gate:
        replies: list[Reply] = []
        slow = threading.Thread(
            target=lambda: replies.append(gate.curl("http://allowed.test/slow/2", user="anna"))
        )
        slow.start()
        until(lambda: len(gate.origin.seen), lambda n: n == 1)
        gate.process.send_signal(signal.SIGTERM)
        assert until(lambda: _connects(gate), lambda connects: not connects) is False
        slow.join()
        assert gate.process.wait(20) == 0
        assert (replies[0].status, replies[0].body) == (200, b"x")
        assert gate.last_row(url="http://allowed.test/slow/2")["outcome"] == "done"


def test_what_does_not_end_is_cut_and_written() -> None:
    with a_gate() as gate:
        client = gate.connect()
        client.sendall(b"GET http://allowed.test/drip/100000 HTTP/1.1\r\nHost: allowed.test\r\n")
        client.sendall(proxy_login("anna") + b"\r\n")
        assert client.recv(1)
        begun = time.monotonic()
        assert gate.stop(signal.SIGINT) == 0
        assert time.monotonic() - begun < 15
        client.close()
        assert gate.last_row(url="http://allowed.test/drip/100000")["outcome"] == "cut"


def _connects(gate: Gate) -> bool:
    try:
        gate.connect().close()
    except OSError:
        return False
    return True


def test_without_a_bundle_everything_is_shut_until_there_is_one() -> None:
    with a_gate(published=False) as gate:
        assert gate.curl("http://allowed.test/", user="anna").status == 503
        assert gate.curl("https://allowed.test/", user="anna").connect == 503
        assert probe(gate.state).shut
        assert gate.last_row(kind="request")["reason"] == "failed-closed"
        assert gate.origin.connections == 0
        gate.publish()
        reply = until(
            lambda: gate.curl("http://allowed.test/", user="anna"), lambda reply: reply.status == 200
        )
        assert reply.status == 200


def test_a_port_that_is_taken_ends_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, a_gate() as gate:
        gate.stop()
        with pytest.raises(RuntimeError):
            start(gate, taken.getsockname()[1])
        assert gate.process.wait(20) == 1


def test_a_killed_gate_has_written_every_request_it_answered() -> None:
    with a_gate() as gate:
        answered: list[str] = []
        clients = [
            threading.Thread(target=_ask_until_it_dies, args=(gate, number, answered)) for number in range(4)
        ]
        for client in clients:
            client.start()
        until(lambda: len(answered), lambda n: n > 80)
        gate.process.kill()
        for client in clients:
            client.join()
        written = {row["url"] for row in gate.rows()}
        assert len(answered) > 80
        assert not set(answered) - written


def _ask_until_it_dies(gate: Gate, number: int, answered: list[str]) -> None:
    try:
        with gate.connect() as client:
            client.settimeout(5)
            for count in range(10_000):
                url = f"http://allowed.test/{number}/{count}"
                client.sendall(
                    f"GET {url} HTTP/1.1\r\nHost: allowed.test\r\n".encode() + proxy_login("anna") + b"\r\n"
                )
                if not client.recv(65536).startswith(b"HTTP/1.1 200"):
                    return
                answered.append(url)
    except OSError:
        return


def test_a_gate_that_starts_again_goes_on_where_it_was() -> None:
    with a_gate() as gate:
        gate.curl("http://allowed.test/1", user="anna")
        gate.stop(signal.SIGKILL)
        start(gate)
        gate.curl("http://allowed.test/2", user="anna")
        assert {row["url"] for row in gate.rows()} >= {"http://allowed.test/1", "http://allowed.test/2"}


def test_a_classroom_is_not_too_many_files() -> None:
    raise_file_limit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == min(hard, max(soft, 65536))


def test_a_plain_connection_serves_many_requests() -> None:
    with a_gate() as gate, gate.connect() as client:
        client.settimeout(5)
        request = (
            b"GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n" + proxy_login("anna") + b"\r\n"
        )
        assert all(exchange(client, request).startswith(b"HTTP/1.1 200") for _ in range(5))
        assert gate.origin.connections == 1

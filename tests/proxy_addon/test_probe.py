"""Healthy is only a gate that blocks: each way to be broken is told, and so is everybody else on its port."""

import contextlib
import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy_addon.probe import HTTPS, WELL, Asking, probe
from proxy_addon.school_trust import FINGERPRINT
from proxy_addon.watch_proof import FILE as WATCH
from proxy_addon.watch_proof import (
    MUST_BE_BLOCKED,
    PROBE,
    UNLISTED,
    Said,
    Secret,
    asking,
    new_nonce,
    read_secret,
    write_secret,
)
from tests.builders import POLICY
from tests.doors import exchange, read_some
from tests.harness import Gate, a_gate
from tests.nursery import a_child


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        yield gate


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """The state of a gate that has stopped: others are started on it."""
    with a_gate() as gate:
        gate.stop()
        yield gate


@contextlib.contextmanager
def broken(gate: Gate, how: str) -> Iterator[None]:
    settings = gate.folder / "broken.json"
    settings.write_text(json.dumps({"state": str(gate.state), "origin": gate.origin.https}))
    with (gate.folder / "broken.log").open("w") as log:
        child = a_child("tests.proxy_addon.broken_gate", str(settings), how, log=log)
    assert child.stdout is not None
    with child.stdout as said:
        try:
            assert int(said.readline())
            yield
        finally:
            child.kill()
            child.wait()


def test_a_gate_that_blocks_is_well_and_no_row_is_written(gate: Gate) -> None:
    assert probe(gate.state) == probe(gate.state)
    assert (probe(gate.state).well, probe(gate.state).says) == (True, WELL)
    assert gate.rows() == []


def test_nothing_is_asked_of_any_origin_and_what_is_let_by_is_said_so(gate: Gate) -> None:
    secret = read_secret(gate.state)
    assert secret is not None
    before = len(gate.origin.seen)
    with contextlib.closing(Asking(secret)) as asking:
        said = asking.ask("staff", UNLISTED, "allowed.test")
        assert asking.ask("staff", UNLISTED, "allowed.test") == said, "on the same connection"

    assert said == Said("allow", "unlisted-allowed")
    assert len(gate.origin.seen) == before
    row = gate.last_row(kind="canary", host="allowed.test")
    assert [row[name] for name in ("verdict", "person", "groups", "outcome")] == [
        *("allow", None, ["staff"], "done")
    ]


def test_who_does_not_know_the_secret_is_anybody(gate: Gate) -> None:
    """He is asked to sign in, and has a row."""
    _, forged = asking(new_nonce(), "staff", PROBE, f"{MUST_BE_BLOCKED}/")
    for field in (forged, b"", b"a b c d"):
        head = b"GET http://%b/ HTTP/1.1\r\nSchoolgate-Ask: %b\r\nHost: %b\r\n\r\n"
        said = gate.raw(head % (MUST_BE_BLOCKED.encode(), field, MUST_BE_BLOCKED.encode()))
        assert said.startswith(b"HTTP/1.1 407")
        assert b"schoolgate-proof" not in said.lower()
    assert gate.last_row(host=MUST_BE_BLOCKED)["kind"] == "request"


@pytest.mark.parametrize(
    ("stage", "fault"),
    [("names", "Exception"), ("classify", "SystemExit"), ("decide", "CancelledError"), ("page", "Exception")],
)
def test_a_stage_that_fails_is_unhealthy(gate: Gate, stage: str, fault: str) -> None:
    with gate.failing(stage, fault):
        found = probe(gate.state)
    assert not found.well
    assert probe(gate.state).well


@pytest.mark.parametrize("how", ["decide-open", "lists-gone", "no-hook", "no-guard"])
def test_a_gate_that_does_not_enforce_is_unhealthy(ready: Gate, how: str) -> None:
    with broken(ready, how):
        found = probe(ready.state)
    assert not found.well
    assert not found.shut


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("https-open", "was answered with allow (category-allowed)"),
        ("tunnels", "no certificate of the school's CA"),
        ("no-interception", "no answer"),
        ("another-ca", "no certificate of the school's CA"),
        ("no-connect", "something else than this gate answered"),
    ],
)
def test_a_gate_that_blocks_http_and_does_not_look_into_https_is_unhealthy(
    ready: Gate, how: str, says: str
) -> None:
    with broken(ready, how):
        found = probe(ready.state)
    assert (found.well, found.shut, found.turned_away, found.lasting) == (False, False, False, False)
    assert found.says.startswith(HTTPS)
    assert says in found.says


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nSchoolgate-Proof: block port 00\r\n\r\nno",
        b"HTTP/1.1 200 Connection established\r\n\r\n",
        b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n",
        b"",
    ],
    ids=["refused", "refused with a proof made up", "hung up", "answered without TLS", "closed"],
)
def test_whoever_passes_http_to_our_gate_and_answers_tunnels_itself_is_not_our_gate(
    gate: Gate, answer: bytes, tmp_path: Path
) -> None:
    own = read_secret(gate.state)
    assert own is not None
    with socket.create_server(("127.0.0.1", 0)) as door:
        between = threading.Thread(target=_between, args=(door, gate, answer), daemon=True)
        between.start()
        shutil.copytree(gate.state / "ca", tmp_path / "ca")
        shutil.copy(gate.state / FINGERPRINT, tmp_path)
        write_secret(tmp_path, Secret(own.nonce, "127.0.0.1", door.getsockname()[1]))
        found = probe(tmp_path)
        between.join()
    assert (found.well, found.turned_away) == (False, False)
    assert found.says.startswith(HTTPS)


def _between(door: socket.socket, gate: Gate, answer: bytes) -> None:
    with door.accept()[0] as client, gate.connect() as inner:
        client.sendall(exchange(inner, client.recv(65536)))
        assert client.recv(65536).startswith(b"CONNECT ")
        client.sendall(answer)


def test_where_no_tunnel_to_443_is_opened_its_proven_refusal_is_well() -> None:
    policy = POLICY.replace("connect_ports: [443]", "connect_ports: [8443]")
    with a_gate(policy) as gate:
        assert probe(gate.state).well
        secret = read_secret(gate.state)
        assert secret is not None
        with contextlib.closing(Asking(secret, state=gate.state)) as asking:
            said = asking.ask("staff", UNLISTED, "allowed.test", scheme="https")
        assert said == Said("block", "port")
        assert gate.last_row(kind="canary", host="allowed.test")["reason"] == "port"
        assert [row["kind"] for row in gate.rows()] == ["canary"]


def test_a_ca_that_no_device_trusts_is_told_and_is_no_fault_of_the_process(
    gate: Gate, tmp_path: Path
) -> None:
    shutil.copy(gate.state / WATCH, tmp_path)
    found = probe(tmp_path)
    assert (found.well, found.lasting) == (False, True)
    assert found.says == f"{HTTPS}the certificate of the school's CA cannot be read"


def test_a_gate_without_a_policy_is_unhealthy_and_shut() -> None:
    with a_gate(published=False) as gate:
        found = probe(gate.state)
        gate.stop()
        gone = probe(gate.state)
    assert (found.well, found.shut) == (False, True)
    assert (gone.well, gone.shut) == (False, False)
    assert "no answer from" in gone.says


def test_a_gate_of_before_is_not_this_one(gate: Gate, tmp_path: Path) -> None:
    write_secret(tmp_path, Secret(new_nonce(), "127.0.0.1", gate.port))
    assert probe(tmp_path).says == "something else than this gate answered"


def test_a_flood_from_this_machine_does_not_make_a_gate_look_dead() -> None:
    """Slow posts of nobody: each holds a place, none is ever whole. Others of the same machine get in too."""
    head = b"POST http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\nContent-Length: 900000\r\n\r\nx"
    with a_gate(limits={"connections": 10}) as gate, contextlib.ExitStack() as flood:
        for _ in range(12):
            client = flood.enter_context(gate.connect())
            client.sendall(head)
            assert client.recv(12) == b"HTTP/1.1 407"
        assert [probe(gate.state).well for _ in range(3)] == [True] * 3
        assert gate.curl("http://allowed.test/", user="anna").status == 200


def test_where_loopback_has_one_address_a_place_is_kept_as_well() -> None:
    """Whoever else comes from it is turned away."""
    with a_gate(limits={"connections": 0}, listen="::") as gate:
        assert not _is_let_in(gate.port)
        assert [probe(gate.state).well for _ in range(3)] == [True] * 3
        assert not _is_let_in(gate.port)


def _is_let_in(port: int) -> bool:
    with socket.create_connection(("::1", port), 5) as other:
        other.sendall(b"GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n")
        return read_some(other) != b""


def test_one_that_closes_our_connection_turned_us_away_and_one_that_is_silent_did_not(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        write_secret(tmp_path, Secret(new_nonce(), "127.0.0.1", door.getsockname()[1]))
        assert not probe(tmp_path, seconds=0.2).turned_away
        threading.Thread(target=_close_all, args=(door, 2), daemon=True).start()
        found = probe(tmp_path)
    assert (found.well, found.turned_away) == (False, True)
    assert not probe(tmp_path).turned_away, "nobody listens"


def _close_all(door: socket.socket, many: int) -> None:
    for _ in range(many):
        door.accept()[0].close()


def test_where_no_gate_has_started_nothing_is_well(tmp_path: Path) -> None:
    assert "no gate has started" in probe(tmp_path).says


class _Friendly(http.server.BaseHTTPRequestHandler):
    """A page for everybody, with the asker's own field."""

    def do_GET(self) -> None:  # as the library calls it
        self.send_response(403)
        self.send_header("Schoolgate-Proof", self.headers.get("Schoolgate-Ask", ""))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to the test's output."""


def test_a_web_server_on_its_port_is_unhealthy(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _Friendly) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        write_secret(tmp_path, Secret(new_nonce(), "127.0.0.1", server.server_port))
        found = probe(tmp_path)
        server.shutdown()
    assert found.says == "something else than this gate answered"


def test_a_listener_that_never_answers_is_unhealthy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_secret(tmp_path, Secret(new_nonce(), "127.0.0.1", silent.getsockname()[1]))
        assert "TimeoutError" in probe(tmp_path, seconds=0.2).says


def test_a_plain_mitmproxy_on_its_port_is_unhealthy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("mitmdump")), "--set", f"confdir={tmp_path}"]
    command += ["--listen-host", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            assert b"listening" in other.stdout.readline()
            write_secret(tmp_path, Secret(new_nonce(), "127.0.0.1", port))
            assert probe(tmp_path).says == "something else than this gate answered"
        finally:
            other.kill()


def test_other_requests_with_such_a_field_further_down_are_like_any(gate: Gate) -> None:
    """Only the first field is looked at."""
    secret = read_secret(gate.state)
    assert secret is not None
    _, field = asking(secret.nonce, "staff", PROBE, f"{MUST_BE_BLOCKED}/")
    head = b"GET http://%b/ HTTP/1.1\r\nHost: %b\r\nSchoolgate-Ask: %b\r\n\r\n"
    with gate.connect() as client:
        client.settimeout(5)
        said = exchange(client, head % (MUST_BE_BLOCKED.encode(), MUST_BE_BLOCKED.encode(), field))
    assert said.startswith(b"HTTP/1.1 407")

"""Whatever fails, and however: blocked, recorded where that is possible, proxy alive, nothing forwarded."""

import time
from collections.abc import Iterator

import pytest

from tests.harness import Gate, a_gate, proxy_login
from tests.hook_faults import FAULTS

REQUEST_STAGES = ("identify", "names", "classify", "decide", "record")
CONNECT_STAGES = ("identify", "connect_names", "classify", "decide", "record")


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites={"bet.test": "gambling"}) as gate:
        yield gate


def still_serves(gate: Gate) -> bool:
    return gate.is_alive and gate.curl("http://allowed.test/", user="anna").status == 200


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stage", REQUEST_STAGES)
def test_a_stage_that_fails_blocks_the_request(stage: str, fault: str, gate: Gate) -> None:
    gate.origin.seen.clear()
    connections = gate.origin.connections
    with gate.failing(stage, fault):
        reply = gate.curl("http://allowed.test/", user="anna")
        assert reply.status == 503
    assert gate.origin.connections == connections
    assert still_serves(gate)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stage", CONNECT_STAGES)
def test_a_stage_that_fails_refuses_the_tunnel(stage: str, fault: str, gate: Gate) -> None:
    connections = gate.origin.connections
    with gate.failing(stage, fault):
        reply = gate.curl("https://allowed.test/", user="anna")
        assert (reply.connect, reply.status) == (503, 0)
    assert gate.origin.connections == connections
    assert still_serves(gate)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_block_page_that_fails_still_blocks(fault: str, gate: Gate) -> None:
    connections = gate.origin.connections
    with gate.failing("page", fault):
        assert gate.curl("http://bet.test/", user="anna").status == 503
    assert gate.origin.connections == connections
    assert still_serves(gate)


@pytest.mark.parametrize("stage", ["names", "classify", "decide"])
def test_a_failure_inside_a_tunnel_blocks_the_request(stage: str, gate: Gate) -> None:
    with gate.tls("allowed.test") as secure:
        connections = gate.origin.connections
        with gate.failing(stage, "MemoryError"):
            secure.sendall(b"GET / HTTP/1.1\r\nHost: allowed.test\r\n\r\n")
            assert secure.recv(4096).startswith(b"HTTP/1.1 503")
        assert gate.origin.connections == connections


@pytest.mark.parametrize("stage", ["identify", "record"])
def test_a_stage_that_never_comes_back_is_answered_without(stage: str, gate: Gate) -> None:
    """And what it says once nobody listens any more lets nothing by."""
    before = gate.origin.connections
    for url in ("http://allowed.test/stalls", "https://allowed.test/stalls", "http://bet.test/stalls"):
        begun = time.monotonic()
        with gate.failing(stage, "stalls"):
            reply = gate.curl(url, user="anna")
        assert 503 in (reply.status, reply.connect)
        assert time.monotonic() - begun < 4  # a second, on a machine that does nothing else
    assert gate.origin.connections == before
    assert '"where": ""' not in gate.said(), "it says which step"
    if stage != "record":
        row = gate.last_row(rule="TimeoutError", host="bet.test")
        assert (row["reason"], row["verdict"], row["status"]) == ("failed-closed", "block", 503)
    assert still_serves(gate)


def test_a_class_that_signs_in_at_once_is_not_refused(gate: Gate) -> None:
    """Passwords wait for their turn for longer than any other stage may take."""
    with gate.failing("identify", "slow"):
        assert gate.curl("http://allowed.test/", user="ben").status == 200


def test_a_failure_leaves_a_row_that_names_it(gate: Gate) -> None:
    with gate.failing("decide", "RecursionError"):
        gate.curl("http://allowed.test/why", user="anna")
    row = gate.last_row(reason="failed-closed", rule="RecursionError")
    assert (row["verdict"], row["status"], row["person"]) == ("block", 503, "p_anna")
    assert row["url"] == "http://allowed.test/why"


def test_an_upload_is_refused_when_a_stage_fails(gate: Gate) -> None:
    with gate.failing("decide", "Exception"):
        body = b"x" * 200_000
        head = b"POST http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\nContent-Length: 200000\r\n"
        answer = gate.raw(head + proxy_login("anna") + b"\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 503")

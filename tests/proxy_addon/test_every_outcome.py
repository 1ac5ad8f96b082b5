"""Every way in which a request can end leaves its row, ended: one table, through the real gate.

Each case looks at the rows that came after it began, and most have a host of their own.
"""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.builders import POLICY
from tests.doors import read_head
from tests.harness import Gate, a_gate, until
from tests.proxy_addon.doings import (
    LOGIN,
    aborts_download,
    does_not_trust_us,
    get,
    in_tunnel,
    inside_tls,
    leaves_a_websocket,
    leaves_at_once,
    over_http_2,
    says,
    talks_on_a_websocket,
)

Row = dict[str, Any]


@pytest.fixture(scope="module")
def silent() -> Iterator[socket.socket]:
    """A site that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server


@pytest.fixture(scope="module")
def gate(silent: socket.socket) -> Iterator[Gate]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        down = unused.getsockname()
    policy = POLICY.replace("connect_ports: [443]", "connect_ports: [443, 53]")
    with a_gate(policy, sites={"bet.test": "gambling"}, egress=[silent.getsockname(), down]) as gate:
        gate.set_names(
            {
                "nowhere.test": [],
                "down.test": [down],
                "silent.test": [silent.getsockname()],
                "inside.test": [("10.1.2.3", 80)],
            }
        )
        yield gate


# -- the table: what is done, what the client gets to see of it, the row

OK = {"verdict": "allow", "outcome": "done"}
REFUSED = {"verdict": "block", "outcome": "done"}
BAD = {**REFUSED, "kind": "unparsed", "reason": "bad-request"}
UPLOAD = (b"Content-Length: 5", b"Expect: 100-continue")
CASES: dict[str, tuple[Callable[[Gate], bytes], bytes, Row]] = {
    "allowed": (
        says(get("a.allowed.test")),
        b"200",
        {**OK, "host": "a.allowed.test", "status": 200, "kind": "request"},
    ),
    "blocked": (
        says(get("x.bet.test")),
        b"403",
        {**REFUSED, "host": "x.bet.test", "status": 403, "reason": "category-not-allowed", "page": True},
    ),
    "nobody signed in": (
        says(get("who.allowed.test", login=b"")),
        b"407",
        {**REFUSED, "host": "who.allowed.test", "status": 407, "reason": "no-credentials"},
    ),
    "a line that is no request": (says(b"nonsense\r\n\r\n"), b"400", {**BAD, "status": 400}),
    "an old version": (says(b"GET http://allowed.test/\r\n\r\n"), b"400", {**BAD, "status": 400}),
    "a version that is not": (
        says(b"GET http://allowed.test/ HTTP/3.0\r\n\r\n"),
        b"400",
        {**BAD, "status": 400},
    ),
    "a port that is none": (
        says(b"GET http://allowed.test:99999/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        b"400",
        {**BAD, "status": 400},
    ),
    "too many fields": (
        says(get("f.allowed.test", *[b"X: y"] * 200)),
        b"431",
        {**BAD, "status": 431, "rule": "too many header fields"},
    ),
    "a head without end": (
        says(b"GET http://allowed.test/ HTTP/1.1\r\nX: " + b"y" * 70_000),
        b"431",
        {**BAD, "status": 431, "rule": "the head is too long"},
    ),
    "an address without end": (
        says(b"GET http://allowed.test/" + b"a" * 70_000),
        b"414",
        {**BAD, "status": 414},
    ),
    "no host": (
        says(b"GET http://nohost.allowed.test/ HTTP/1.1\r\n" + LOGIN + b"\r\n"),
        b"400",
        {**REFUSED, "host": "nohost.allowed.test", "status": 400, "reason": "bad-request"},
    ),
    "two lengths": (
        says(get("two.allowed.test", b"Content-Length: 1", b"Content-Length: 2", method="POST")),
        b"400",
        {**BAD, "status": 400},
    ),
    "a length and chunks": (
        says(
            get("both.allowed.test", b"Content-Length: 1", b"Transfer-Encoding: chunked", method="POST")
            + b"0\r\n"
        ),
        b"400",
        {**REFUSED, "status": 400, "reason": "bad-request"},
    ),
    "a site that is down": (
        says(get("down.test")),
        b"502",
        {"verdict": "allow", "host": "down.test", "status": 502, "outcome": "failed"},
    ),
    "a name that leads nowhere": (
        says(get("nowhere.test")),
        b"502",
        {"verdict": "allow", "host": "nowhere.test", "status": 502, "reason": "unreachable"},
    ),
    "a site without a good certificate": (
        inside_tls("bad.test", b"GET / HTTP/1.1\r\nHost: bad.test\r\n\r\n"),
        b"502",
        {
            "verdict": "allow",
            "host": "bad.test",
            "status": 502,
            "outcome": "tls-wrong-host",
            "kind": "request",
        },
    ),
    "an address inside the school": (
        says(get("inside.test")),
        b"403",
        {**REFUSED, "host": "inside.test", "status": 403, "reason": "egress"},
    ),
    "our own machine": (
        says(get("127.0.0.1:2")),
        b"403",
        {**REFUSED, "host": "127.0.0.1", "status": 403, "reason": "egress"},
    ),
    "a client that does not trust us": (
        does_not_trust_us,
        b"",
        {
            **REFUSED,
            "kind": "handshake",
            "host": "pinned.allowed.test",
            "reason": "tls-failed",
            "status": None,
        },
    ),
    "something else than TLS in a tunnel": (
        in_tunnel("raw.allowed.test", b"SSH-2.0-OpenSSH_9.9\r\n"),
        b"CONNECT 200 ",
        {**REFUSED, "kind": "tunnel", "host": "raw.allowed.test", "reason": "not-tls", "status": None},
    ),
    "a question to a name server in a tunnel": (
        in_tunnel("dns.allowed.test", b"\x00\x1d" + bytes(29), 53),
        b"CONNECT 200 ",
        {**REFUSED, "kind": "tunnel", "host": "dns.allowed.test", "reason": "not-tls"},
    ),
    "a tunnel that nobody used": (
        in_tunnel("unused.allowed.test", b""),
        b"CONNECT 200 ",
        {**OK, "kind": "connect", "host": "unused.allowed.test", "status": 200, "decrypted": False},
    ),
    "a tunnel with half a word in it": (
        in_tunnel("half.allowed.test", b"\x16"),
        b"CONNECT 200 ",
        {**OK, "kind": "connect", "host": "half.allowed.test", "decrypted": False},
    ),
    "a tunnel to another port": (
        in_tunnel("port.allowed.test", b"", 22),
        b"CONNECT 403 ",
        {**REFUSED, "kind": "connect", "host": "port.allowed.test", "reason": "port", "status": 403},
    ),
    "nonsense inside a tunnel": (
        inside_tls("inner.allowed.test", b"nonsense\r\n\r\n"),
        b"400",
        {**BAD, "host": "inner.allowed.test", "status": 400, "person": "p_anna"},
    ),
    "a tunnel inside a tunnel": (
        inside_tls("nested.allowed.test", b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        b"400",
        {**BAD, "host": "nested.allowed.test"},
    ),
    "another name inside a tunnel": (
        inside_tls("outer.allowed.test", b"GET / HTTP/1.1\r\nHost: other.allowed.test\r\n\r\n"),
        b"421",
        {**REFUSED, "host": "outer.allowed.test", "kind": "request", "status": 421},
    ),
    "a websocket": (
        talks_on_a_websocket,
        b"hello",
        {**OK, "kind": "websocket", "host": "ws.allowed.test", "status": 101, "up": 5, "down": 5},
    ),
    "a websocket that was left": (
        leaves_a_websocket,
        b"hello",
        {"verdict": "allow", "kind": "websocket", "host": "wsgone.allowed.test", "status": 101, "down": 5},
    ),
    "an upgrade that no browser asks for": (
        says(get("up.allowed.test", b"Upgrade: raw", b"Connection: Upgrade")),
        b"400",
        {**REFUSED, "host": "up.allowed.test", "status": 400},
    ),
    "a download that was left": (
        aborts_download,
        b"200",
        {"verdict": "allow", "host": "aborted.allowed.test", "status": 200, "outcome": "failed"},
    ),
    "a client that left before the answer": (
        leaves_at_once("silent.test"),
        b"",
        {"verdict": "allow", "host": "silent.test", "outcome": "failed"},
    ),
    "a body that is asked for first": (
        says(get("expect.allowed.test", *UPLOAD, method="POST"), b"hello"),
        b"HTTP/1.1 100",
        {**OK, "host": "expect.allowed.test", "status": 200, "up": 5},
    ),
    "a body that is asked for and not wanted": (
        says(get("e.bet.test", *UPLOAD, method="POST")),
        b"403",
        {**REFUSED, "host": "e.bet.test", "status": 403},
    ),
    "a body cut in two": (
        says(
            get("cut.allowed.test", b"Transfer-Encoding: chunked", method="POST")
            + b"5\r\nhello\r\nnonsense\r\n"
        ),
        b"",
        {"verdict": "allow", "host": "cut.allowed.test", "outcome": "failed"},
    ),
    "a second request behind the first": (
        says(get("first.allowed.test") + get("second.bet.test")),
        b"403",
        {**REFUSED, "host": "second.bet.test", "status": 403},
    ),
    "the first of two": (
        says(get("one.allowed.test") + get("two.bet.test")),
        b"200",
        {**OK, "host": "one.allowed.test", "status": 200},
    ),
    "HTTP/2 that is none": (
        over_http_2(b"\0\0\1\0\0\0\0\0\1x"),
        b"",
        {**BAD, "host": "h2.allowed.test", "rule": "not proper HTTP/2"},
    ),
    "HTTP/2 whose fields cannot be unpacked": (
        over_http_2(b"\0\0\4\1\5\0\0\0\1\xff\xff\xff\xff"),
        b"",
        {**BAD, "host": "h2.allowed.test", "rule": "not proper HTTP/2"},
    ),
    "a question of nobody for a name of ours": (
        says(get("schoolgate.invalid", login=b"")),
        b"407",
        {**REFUSED, "host": "schoolgate.invalid", "status": 407},
    ),
}


@pytest.mark.parametrize(("do", "seen", "wanted"), CASES.values(), ids=CASES)
def test_every_outcome_leaves_its_row_and_its_end(
    do: Callable[[Gate], bytes], seen: bytes, wanted: Row, gate: Gate
) -> None:
    before = len(gate.rows())

    answer = do(gate)

    assert seen in answer
    rows = gate.wait_rows(lambda rows: any(_fits(row, wanted) for row in rows[before:]))[before:]
    (row,) = [row for row in rows if _fits(row, wanted)]
    assert {"keep", "page", "person", "at"} <= row.keys()


def _fits(row: Row, wanted: Row) -> bool:
    """It is as wanted, and it has ended."""
    return "ended" in row and all(row.get(key) == value for key, value in wanted.items())


def test_every_tunnel_row_has_its_end(gate: Gate) -> None:
    """After all of the above: nothing is left open."""
    rows = until(gate.rows, lambda rows: all(row.get("ended") for row in rows))
    assert not [row for row in rows if not row.get("ended")]


def test_no_answer_comes_before_its_record(gate: Gate) -> None:
    """While nothing can be recorded, no status but 503, and to what cannot be read not even that."""
    with gate.failing("record", "Exception"):
        answers = {name: do(gate) for name, (do, seen, _) in CASES.items() if name in UNRECORDED}
    assert {answer[9:12] for answer in answers.values()} <= {b"503", b""}
    assert len(answers) == len(UNRECORDED)


UNRECORDED = {
    "allowed",
    "blocked",
    "nobody signed in",
    "a line that is no request",
    "too many fields",
    "no host",
    "two lengths",
    "a site that is down",
    "a name that leads nowhere",
    "an address inside the school",
    "an upgrade that no browser asks for",
}


@pytest.mark.parametrize("patient", [True, False])
def test_a_request_on_its_way_when_the_gate_is_stopped_has_its_end(patient: bool) -> None:
    """It is waited for, and what takes longer than the gate waits is cut."""
    path = "/slow/1.5" if patient else "/drip/100000"
    with a_gate() as gate:
        answers: list[bytes] = []
        with gate.connect() as client:
            client.sendall(get("stopped.allowed.test", path=path))
            assert b" 200 " in read_head(client)
            gate.process.send_signal(signal.SIGTERM)
            reading = threading.Thread(target=lambda: answers.append(_to_the_end(client)))
            reading.start()
            assert gate.process.wait(30) == 0
            reading.join()
        row = gate.last_row(host="stopped.allowed.test")
    assert (row["outcome"], row["status"]) == ("done" if patient else "cut", 200)
    assert row["down"] == (1 if patient else row["down"])


def _to_the_end(client: socket.socket) -> bytes:
    got = b""
    client.settimeout(30)
    with contextlib.suppress(OSError):
        while chunk := client.recv(65536):
            got += chunk
    return got

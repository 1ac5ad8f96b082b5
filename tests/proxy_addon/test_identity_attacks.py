"""Nobody becomes somebody else: not by fields, PROXY lines, two credentials or an old connection."""

import struct
from collections.abc import Iterator

import pytest

from tests.builders import POLICY
from tests.doors import exchange, read_some
from tests.harness import Gate, a_gate, proxy_login

STAFF_ONLY = POLICY.replace(
    "  - {block: [allowed.example/games]",
    "  - {block: [staffonly.test], for: pupils, reason: for staff}\n  - {block: [allowed.example/games]",
)
ASK = b"GET http://staffonly.test/ HTTP/1.1\r\nHost: staffonly.test\r\n"
CLAIMS = (
    b"Authorization: Basic dGVzczpwYXNzOndvcmQ=",
    b"Proxy_Authorization: Basic dGVzczpwYXNzOndvcmQ=",
    b"X-Proxy-Authorization: Basic dGVzczpwYXNzOndvcmQ=",
    b"X-Remote-User: tess",
    b"X-Forwarded-User: tess",
    b"X-Authenticated-User: tess",
    b"X-Forwarded-For: 127.0.0.1",
    b"X_Forwarded_For: 127.0.0.1",
    b"Forwarded: for=127.0.0.1;by=10.0.0.1",
    b"X-Real-IP: 127.0.0.1",
    b"X-Original-URL: http://allowed.test/",
    b"X-Envoy-External-Address: 127.0.0.1",
    b"Fastly-Client-IP: 127.0.0.1",
    b"X-Azure-ClientIP: 127.0.0.1",
    b"X-ProxyUser-Ip: 127.0.0.1",
    b"Via: 1.1 filter",
)
V2 = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + struct.pack("!H4s4sHH", 12, bytes(4), bytes(4), 1, 2)
LINES = (
    b"PROXY TCP4 10.9.9.9 10.0.0.1 1 2\r\n",
    b"PROXY TCP6 ::1 ::1 1 2\r\n",
    b"PROXY UNKNOWN\r\n",
    b"proxy tcp4 10.9.9.9 10.0.0.1 1 2\r\n",
    b"\r\nPROXY TCP4 10.9.9.9 10.0.0.1 1 2\r\n",
    V2,
    V2[:12] + b"\x20\x00\x00\x00",
)


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    sites = {"allowed.test": "education", "staffonly.test": "education"}
    assert STAFF_ONLY != POLICY
    with a_gate(STAFF_ONLY, sites=sites) as running:
        yield running


def status(answer: bytes) -> bytes:
    return answer[9:12]


def test_who_may_may(gate: Gate) -> None:
    assert status(gate.raw(ASK + proxy_login("tess") + b"Connection: close\r\n\r\n")) == b"200"


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_changes_nothing_and_goes_no_further(gate: Gate, claim: bytes) -> None:
    before = len(gate.origin.seen)
    assert status(gate.raw(ASK + proxy_login("anna") + claim + b"\r\nConnection: close\r\n\r\n")) == b"403"
    assert status(gate.raw(ASK + claim + b"\r\nConnection: close\r\n\r\n")) == b"407"
    assert len(gate.origin.seen) == before
    gate.raw(ASK + proxy_login("tess") + claim + b"\r\nConnection: close\r\n\r\n")
    fields = gate.origin.seen[-1].fields
    name = claim.partition(b":")[0].decode().lower()
    assert name in fields if name == "authorization" else name not in fields
    assert not any("proxy" in each and "authorization" in each for each in fields)


@pytest.mark.parametrize("line", LINES)
def test_no_line_before_the_request_says_where_it_came_from(gate: Gate, line: bytes) -> None:
    """ID-003: nobody stands in front of the gate."""
    before = len(gate.origin.seen)
    answer = gate.raw(line + ASK + proxy_login("tess") + b"Connection: close\r\n\r\n")
    assert status(answer) in (b"400", b"")
    assert len(gate.origin.seen) == before
    assert gate.last_row(kind="unparsed")["reason"] == "bad-request"


TWICE = (
    proxy_login("anna") + proxy_login("tess"),
    proxy_login("tess") + proxy_login("anna"),
    proxy_login("tess") + proxy_login("tess"),
    proxy_login("anna")[:-2] + b", " + proxy_login("tess").partition(b": ")[2],
    proxy_login("anna")[:-2] + b" " + proxy_login("tess").partition(b"Basic ")[2],
    b"Proxy-Authorization: Bearer dGVzczpwYXNzOndvcmQ=\r\n",
    b"Proxy-Authorization: Negotiate dGVzczpwYXNzOndvcmQ=\r\n",
    b"Proxy-Authorization: Basic\r\n",
    b"Proxy-Authorization: \r\n",
    b"Proxy-Authorization: Basic !!!\r\n",
    b"Proxy-Authorization : Basic dGVzczpwYXNzOndvcmQ=\r\n",
)


@pytest.mark.parametrize("login", TWICE)
@pytest.mark.parametrize("ask", [ASK, b"CONNECT staffonly.test:443 HTTP/1.1\r\nHost: staffonly.test\r\n"])
def test_one_credential_that_can_be_read_in_one_way(gate: Gate, login: bytes, ask: bytes) -> None:
    before = len(gate.origin.seen)
    assert status(gate.raw(ask + login + b"Connection: close\r\n\r\n")) in (b"407", b"400")
    assert len(gate.origin.seen) == before


def test_each_request_on_a_connection_is_judged_by_its_own(gate: Gate) -> None:
    with gate.connect() as client:
        client.settimeout(5)
        assert status(exchange(client, ASK + proxy_login("tess") + b"\r\n")) == b"200"
        assert status(exchange(client, ASK + proxy_login("anna") + b"\r\n")) == b"403"
        assert status(exchange(client, ASK + b"\r\n")) == b"407"


@pytest.mark.parametrize("field", [b"Proxy-Authorization", b"proxy_authorization", b"Authorization"])
def test_an_inner_credential_never_counts(gate: Gate, field: bytes) -> None:
    """ID-010."""
    with gate.tls("staffonly.test", user="anna") as tunnel:
        tunnel.settimeout(5)
        tunnel.sendall(b"GET / HTTP/1.1\r\nHost: staffonly.test\r\n")
        tunnel.sendall(field + proxy_login("tess").removeprefix(b"Proxy-Authorization") + b"\r\n")
        assert status(read_some(tunnel)) == b"403"

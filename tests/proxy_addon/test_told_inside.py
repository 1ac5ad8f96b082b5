"""Where no password is looked at, a browser reads why over https too; the tunnel leads to us alone."""

import socket
import ssl
from collections.abc import Iterator

import pytest

from filter_policy.model import Reason
from proxy_addon.connections import Connection, Connections
from proxy_addon.handshakes import MOST
from proxy_addon.identify import NOBODY, Withheld
from proxy_addon.told_inside import nobody
from tests.builders import POLICY
from tests.doors import exchange, read_head
from tests.harness import PASSWORD, Gate, a_gate, proxy_login, until

PASSED = "passthrough:\n  - {sites: [school.test], for: everyone, why: banking, reason: payroll}\n"
TABLET = "127.20.0.9"  # a device that the policy knows by its address, and for which school.test is open
GET = b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n"
WEBSOCKET = (
    b"GET / HTTP/1.1\r\nHost: school.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    """One at which somebody has guessed at the account of `anna` from the tablet's address."""
    sites = {"school.test": "education", "bet.test": "gambling", "evil.test": "child-sexual-abuse"}
    with a_gate(POLICY + PASSED, sites=sites) as running:
        for number in range(6):
            _connect(running, "school.test:443", f"wrong{number}")[1].close()
        yield running


def _connect(gate: Gate, target: str, password: str = PASSWORD) -> tuple[bytes, socket.socket]:
    """The head of the answer, and the connection; the password may be right, and is not looked at."""
    client = socket.create_connection(("127.0.0.1", gate.port), 10, (TABLET, 0))
    head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode()
    client.sendall(head + proxy_login("anna", password) + b"\r\n")
    return read_head(client), client


def _inside(gate: Gate, host: str) -> ssl.SSLSocket:
    head, client = _connect(gate, f"{host}:443")
    assert head.startswith(b"HTTP/1.1 200 ")
    context = ssl.create_default_context(cafile=str(gate.ca))
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context.wrap_socket(client, server_hostname=host)


@pytest.mark.parametrize("host", ["school.test", "bet.test", "not-there.test"])
def test_the_page_says_over_https_what_to_do_and_nothing_is_contacted(gate: Gate, host: str) -> None:
    with _inside(gate, host) as client:
        assert client.selected_alpn_protocol() == "http/1.1"
        answer = exchange(client, GET % host.encode() + GET % host.encode())

    assert answer.count(b"HTTP/1.1 429 ") == 1  # and then it is ended: the next try signs in anew
    assert b"Too many wrong passwords" in answer
    assert gate.origin.connections == 0
    for kind in ("connect", "request"):
        row = gate.last_row(kind=kind, host=host)
        assert (row["verdict"], row["reason"], row["rule"]) == ("block", "too-many", "guessing")
        assert (row["person"], row["role"], row["groups"]) == (None, None, list(NOBODY.filter_groups))


def test_no_request_inside_is_let_by_whatever_it_asks(gate: Gate) -> None:
    right = GET[:-2] + proxy_login("anna") + b"\r\n"
    other = b"GET http://school.test/ HTTP/1.1\r\nHost: school.test\r\n\r\n"
    again = b"CONNECT school.test:443 HTTP/1.1\r\nHost: school.test:443\r\n\r\n"
    for request in (right % b"school.test", WEBSOCKET, other, again, b"POST " + GET[4:] % b"school.test"):
        with _inside(gate, "school.test") as client:
            answer = exchange(client, request)
        assert answer[9:10] == b"4", answer[:40]
        assert b"hello" not in answer
    assert gate.origin.connections == 0


def test_a_new_bundle_makes_nobody_of_it_a_device_that_is_known(gate: Gate) -> None:
    with _inside(gate, "school.test") as client:
        old = _revision(gate)
        gate.publish(policy_text=gate.policy_text + "# another\n")
        until(lambda: _revision(gate), lambda revision: revision != old)
        answer = exchange(client, GET % b"school.test")
    assert answer.startswith(b"HTTP/1.1 429 ")
    row = gate.last_row(kind="request", reason="too-many", host="school.test")
    assert row["groups"] == list(NOBODY.filter_groups)


def _revision(gate: Gate) -> str:
    """What is in force, as a refused request tells: nothing is asked of the site."""
    with socket.create_connection(("127.0.0.1", gate.port), 10, (TABLET, 0)) as client:
        client.sendall(b"CONNECT school.test:22 HTTP/1.1\r\nHost: school.test:22\r\n\r\n")
        assert read_head(client).startswith(b"HTTP/1.1 403 ")
    return str([row for row in gate.rows() if row["reason"] == "port"][-1]["revision"])


def test_bytes_that_are_not_tls_lead_nowhere(gate: Gate) -> None:
    head, client = _connect(gate, "school.test:443")
    with client:
        assert head.startswith(b"HTTP/1.1 200 ")
        assert exchange(client, GET % b"school.test") == b""
    assert gate.origin.connections == 0


@pytest.mark.parametrize("target", ["school.test:22", "sch%6Fol.test:443"])
def test_a_tunnel_that_nobody_would_get_is_refused_as_ever(gate: Gate, target: str) -> None:
    head, client = _connect(gate, target)
    client.close()
    assert head.startswith(b"HTTP/1.1 4")


def test_no_row_says_where_something_illegal_was(gate: Gate) -> None:
    with _inside(gate, "evil.test") as client:
        assert exchange(client, GET % b"evil.test").startswith(b"HTTP/1.1 429 ")
    assert gate.last_row(kind="request", host=None)["reason"] == "too-many"
    assert not [row for row in gate.rows() if "evil.test" in str(row)]


def test_an_address_with_too_many_handshakes_is_refused_outside() -> None:
    connections, fault = Connections(), Withheld(Reason.TOO_MANY, "guessing", "wait")
    connection = Connection("c", "10.0.0.5")
    for _ in range(MOST):
        assert nobody(fault, connection, connections).person == NOBODY
    with pytest.raises(Withheld):
        nobody(fault, connection, connections)

"""The proxy's own listener takes TLS: curl, raw sockets, TLS in TLS; and what is no TLS is shut."""

import socket
import ssl
from collections.abc import Iterator

import pytest

from tests.doors import read_head, read_some
from tests.harness import Gate, Reply, a_gate, proxy_login

SITES = {"allowed.test": "education", "blocked.test": "gambling"}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with a_gate(sites=SITES) as running:
        yield running


def over_tls(gate: Gate, url: str, *options: str, user: str | None = "anna", at: str = "localhost") -> Reply:
    proxy = ("-x", f"https://{at}:{gate.port}", "--proxy-cacert", str(gate.ca))
    return gate.curl(url, *proxy, *options, user=user)


def trusting(gate: Gate, *alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(gate.ca))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def inner_tls(outer: ssl.SSLSocket, gate: Gate, host: str) -> tuple[ssl.SSLObject, ssl.MemoryBIO]:
    """A handshake through a tunnel that is inside TLS itself; what is still to be sent is sent."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    inner = trusting(gate).wrap_bio(incoming, outgoing, server_hostname=host)
    while True:
        try:
            inner.do_handshake()
            outer.sendall(outgoing.read())
            return inner, incoming
        except ssl.SSLWantReadError:
            outer.sendall(outgoing.read())
            incoming.write(outer.recv(65536))


@pytest.mark.parametrize("at", ["localhost", "127.0.0.1"])
def test_curl_browses_through_the_protected_address(gate: Gate, at: str) -> None:
    plain = over_tls(gate, "http://allowed.test/", at=at)
    secure = over_tls(gate, "https://allowed.test/", at=at)
    assert (plain.status, secure.status, secure.connect) == (200, 200, 200)
    assert over_tls(gate, "https://allowed.test/", "--http2", at=at).status == 200


def test_what_is_blocked_is_blocked_there_too(gate: Gate) -> None:
    assert over_tls(gate, "http://blocked.test/").status == 403
    blocked = over_tls(gate, "https://blocked.test/")
    assert (blocked.connect, blocked.status) == (200, 403)
    assert gate.last_row(host="blocked.test", kind="request")["reason"] == "category-not-allowed"
    assert over_tls(gate, "http://allowed.test/", user=None).status == 407


def test_each_request_in_it_is_judged_by_its_own_credentials(gate: Gate) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as bare:
        outer = trusting(gate).wrap_socket(bare, server_hostname="localhost")
        ask = b"GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n"
        outer.sendall(ask + proxy_login("anna") + b"\r\n")
        assert b" 200 " in read_some(outer)
        outer.sendall(ask + proxy_login("anna", "wrong") + b"\r\n")
        assert b" 407 " in read_some(outer)
        outer.close()


def test_it_speaks_http_1_whatever_else_is_offered(gate: Gate) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as bare:
        outer = trusting(gate, "h2", "http/1.1").wrap_socket(bare, server_hostname="proxy.school.test")
        assert outer.selected_alpn_protocol() == "http/1.1"
        assert outer.version() in ("TLSv1.2", "TLSv1.3")
        names = outer.getpeercert()["subjectAltName"]  # type: ignore[index]  # it was verified
        assert ("DNS", "proxy.school.test") in names
        outer.close()


def test_tls_in_tls_holds_http_and_nothing_else(gate: Gate) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as bare:
        outer = trusting(gate).wrap_socket(bare, server_hostname="localhost")
        outer.sendall(b"CONNECT allowed.test:443 HTTP/1.1\r\nHost: allowed.test\r\n")
        outer.sendall(proxy_login("anna") + b"\r\n")
        assert b" 200 " in read_head(outer)
        inner, incoming = inner_tls(outer, gate, "allowed.test")
        incoming.write(b"not a record of TLS")
        with pytest.raises(ssl.SSLError):
            inner.read(100)
        outer.close()


def test_a_third_tls_inside_is_not_relayed(gate: Gate) -> None:
    """What a CONNECT inside a tunnel asks for is no origin."""
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as bare:
        outer = trusting(gate).wrap_socket(bare, server_hostname="localhost")
        outer.sendall(b"\x16\x03\x01\x00\x05hello")
        outer.settimeout(0.5)
        assert b" 200 " not in read_some(outer)
        outer.close()


@pytest.mark.parametrize(
    "first",
    [b"\x16", b"\x16\x03\x01", b"\x16\x03\x01\x00\x05hello", b"\x16GET http://allowed.test/", b"\x16" * 999],
)
def test_what_only_begins_like_tls_gets_nothing(gate: Gate, first: bytes) -> None:
    with gate.connect() as client:
        client.settimeout(1)
        client.sendall(first)
        client.shutdown(socket.SHUT_WR)
        assert b"200" not in read_some(client)
    assert gate.is_alive


def test_a_handshake_that_failed_has_a_row(gate: Gate) -> None:
    with gate.connect() as client:
        client.sendall(b"\x16\x03\x01\x00\x2a\x01\x00\x00\x26" + b"z" * 38)
        client.settimeout(1)
        read_some(client)
    row = gate.last_row(kind="handshake", reason="tls-failed")
    assert (row["host"], row["rule"], row["verdict"]) == (None, "to the proxy itself", "block")


def test_a_device_that_does_not_trust_the_school_leaves_a_row(gate: Gate) -> None:
    before = len(gate.rows())
    reply = gate.curl("http://allowed.test/", "-x", f"https://localhost:{gate.port}", user="anna")
    assert reply.status == 0
    rows = gate.wait_rows(lambda rows: len(rows) > before)[before:]
    assert [(row["kind"], row["reason"]) for row in rows] == [("handshake", "tls-failed")]


@pytest.mark.parametrize("name", ["a" * 64 + ".test", "under_score.test", "xn--a", "1.2.3.4.", "-.test"])
def test_an_odd_name_for_the_proxy_breaks_nothing(gate: Gate, name: str) -> None:
    context = trusting(gate)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as bare:
        try:
            with context.wrap_socket(bare, server_hostname=name) as outer:
                outer.sendall(b"GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n")
                assert b" 407 " in read_some(outer)
        except (ssl.SSLError, ValueError, OSError):
            pass
    assert over_tls(gate, "http://allowed.test/").status == 200

"""What clients do to a gate, each thing a function from the gate to all that the client got to see of it."""

import contextlib
import ssl
import time
from collections.abc import Callable

from tests.doors import exchange, read_head, read_some
from tests.harness import Gate, a_websocket, proxy_login, talk

LOGIN = proxy_login("anna")


def get(host: str, *fields: bytes, path: str = "/", login: bytes = LOGIN, method: str = "GET") -> bytes:
    lines = b"".join(field + b"\r\n" for field in fields)
    return f"{method} http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n".encode() + login + lines + b"\r\n"


def says(*parts: bytes) -> Callable[[Gate], bytes]:
    return lambda gate: gate.raw(*parts)


def leaves_at_once(host: str, path: str = "/") -> Callable[[Gate], bytes]:
    """Asks, and is gone before an answer can come."""

    def do(gate: Gate) -> bytes:
        with gate.connect() as client:
            client.sendall(get(host, path=path))
            time.sleep(0.5)
        return b""

    return do


def aborts_download(gate: Gate) -> bytes:
    with gate.connect() as client:
        client.sendall(get("aborted.allowed.test", path="/drip/100000"))
        head = read_head(client)
        client.recv(1)
    return head


def in_tunnel(host: str, data: bytes, port: int = 443) -> Callable[[Gate], bytes]:
    def do(gate: Gate) -> bytes:
        status, client = gate.tunnel(host, port)
        with client:
            client.settimeout(5)
            return f"CONNECT {status} ".encode() + (exchange(client, data) if data else b"")

    return do


def inside_tls(host: str, data: bytes) -> Callable[[Gate], bytes]:
    def do(gate: Gate) -> bytes:
        with gate.tls(host) as secure:
            return exchange(secure, data)

    return do


def does_not_trust_us(gate: Gate) -> bytes:
    _, client = gate.tunnel("pinned.allowed.test")
    with client, contextlib.suppress(ssl.SSLError):
        ssl.create_default_context().wrap_socket(client, server_hostname="pinned.allowed.test")
    return b""


def talks_on_a_websocket(gate: Gate) -> bytes:
    with a_websocket(gate, "ws.allowed.test") as client:
        said = talk(client, b"hello")
        client.sendall(b"\x88\x80\0\0\0\0")
        read_some(client)
    return said


def leaves_a_websocket(gate: Gate) -> bytes:
    with a_websocket(gate, "wsgone.allowed.test") as client:
        return talk(client, b"hello")


def over_http_2(data: bytes) -> Callable[[Gate], bytes]:
    def do(gate: Gate) -> bytes:
        with gate.tls("h2.allowed.test", alpn=["h2"]) as secure:
            secure.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + data)
            return read_some(secure)

    return do

"""Plays cases of a bypass corpus (YAML: raw requests, and what must happen) against a running gate."""

import re
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import h2.exceptions

from tests.doors import exchange, read_head, read_some
from tests.harness import proxy_login
from tests.proxy_addon.floods import careless_h2

DEFAULT_USER = "pupil"
PASSWORD = "pw"
QUIET_SECONDS = 2.0  # nothing comes any more
REQUEST_LINE = re.compile(rb"(?m)^((?:[A-Za-z]{3,8}) \S.*HTTP/[0-9.]+\r\n)")
AUTH = re.compile(r"\{AUTH:([^:}]+):([^}]+)\}")


class Gate(Protocol):
    """A gate of any kind, as its clients know it."""

    @property
    def port(self) -> int: ...
    @property
    def ca(self) -> Path: ...
    def connect(self) -> AbstractContextManager[socket.socket]: ...
    def raw(self, *parts: bytes) -> bytes: ...


def play(case: dict[str, Any], gate: Gate) -> bytes:
    """Everything that came back."""
    return TRANSPORTS[case["transport"]](case, gate)


def requests_of(case: dict[str, Any], gate: Gate) -> list[bytes]:
    if "raw_gen" in case:
        return GENERATORS[case["id"]]()
    raw = case["raw"] if isinstance(case["raw"], list) else [case["raw"]]
    encoding = case.get("encoding", "latin-1")
    return [_filled(part, gate).encode(encoding) for part in raw]


def _filled(text: str, gate: Gate) -> str:
    text = text.replace("{PROXY_PORT}", str(gate.port))
    return AUTH.sub(lambda m: proxy_login(m[1], m[2]).decode(), text)


def _login(case: dict[str, Any]) -> bytes:
    if "auth" in case and case["auth"] is None:
        return b""
    user, _, password = case.get("auth", f"{DEFAULT_USER}:{PASSWORD}").partition(":")
    return proxy_login(user, password)


def _http(case: dict[str, Any], gate: Gate) -> bytes:
    login = _login(case)
    return gate.raw(*(_logged_in(part, login) for part in requests_of(case, gate)))


def _logged_in(raw: bytes, login: bytes) -> bytes:
    """Put the login after each request line, unless the case brings its own."""
    if not login or b"Proxy-Authorization" in raw:
        return raw
    return REQUEST_LINE.sub(rb"\1" + login, raw)


def _connect_raw(case: dict[str, Any], gate: Gate) -> bytes:
    with gate.connect() as client:
        head = _open(case, gate, client)
        rest = b"".join(exchange(client, part) for part in requests_of(case, gate) if part)
        return head + rest


def _open(case: dict[str, Any], gate: Gate, client: Any) -> bytes:
    client.settimeout(QUIET_SECONDS)
    where = case["connect"].encode()
    client.sendall(b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (where, where, _login(case)))
    return read_head(client)


def _connect_tls(case: dict[str, Any], gate: Gate) -> bytes:
    with gate.connect() as client:
        head = _open(case, gate, client)
        if b" 200 " not in head:
            return head + read_some(client)
        try:
            with _wrapped(client, case, gate, ["http/1.1"]) as secure:
                return b"".join(exchange(secure, part) for part in requests_of(case, gate))
        except ssl.SSLError:
            return b""


def _wrapped(client: Any, case: dict[str, Any], gate: Gate, alpn: list[str]) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(gate.ca))
    context.check_hostname = False
    context.set_alpn_protocols(alpn)
    secure = context.wrap_socket(client, server_hostname=case["sni"])
    secure.settimeout(QUIET_SECONDS)
    return secure


def _h2(case: dict[str, Any], gate: Gate) -> bytes:
    """The status lines and bodies of all streams, one after the other; what is refused gives nothing."""
    with gate.connect() as client:
        if b" 200 " not in (head := _open(case, gate, client)):
            return head
        with _wrapped(client, case, gate, ["h2"]) as secure:
            return b"".join(_streams(secure, case["h2_streams"]))


def _streams(secure: ssl.SSLSocket, streams: Iterable[list[list[str]]]) -> Iterable[bytes]:
    connection = careless_h2()
    secure.sendall(connection.data_to_send())
    for number, fields in enumerate(streams):
        connection.send_headers(number * 2 + 1, [(k, v) for k, v in fields], end_stream=True)
        secure.sendall(connection.data_to_send())
    connection_data = read_some(secure)
    try:
        for event in connection.receive_data(connection_data):
            if hasattr(event, "headers"):
                status = dict(event.headers).get(b":status", b"0")
                yield b"HTTP/2 %b\r\n" % status
            if hasattr(event, "data"):
                yield event.data
    except h2.exceptions.ProtocolError:
        yield b"HTTP/2 0 refused\r\n"


def _get(url: str, *fields: str, method: str = "GET", body: bytes = b"") -> bytes:
    host = url.split("/")[2]
    extra = "".join(f"{each}\r\n" for each in fields)
    return f"{method} {url} HTTP/1.1\r\nHost: {host}\r\n{extra}\r\n".encode() + body


GENERATORS: dict[str, Callable[[], list[bytes]]] = {
    "DOS-001": lambda: [_get("http://allowed.test/" + "a" * 9000, "Connection: close")],
    "DOS-002": lambda: [_get("http://allowed.test/" + "a" * 70000, "Connection: close")],
    "DOS-006": lambda: [_get("http://allowed.test/", *(f"a{i}: b" for i in range(100_000)))],
    "DOS-010": lambda: [
        _get("http://blocked.test/", "Content-Length: 2000000000", method="POST", body=b"x" * 3_000_000)
    ],
}

TRANSPORTS: dict[str, Callable[[dict[str, Any], Gate], bytes]] = {
    "http": _http,
    "connect+raw": _connect_raw,
    "connect+tls": _connect_tls,
    "h2": _h2,
}

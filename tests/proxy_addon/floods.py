"""What a hostile client sends, as bytes: for tests of the gate's patience."""

import contextlib
import socket
from collections.abc import Iterable

import h2.config
import h2.connection

from tests.harness import Gate, proxy_login

MB = 1024 * 1024
LOGIN = proxy_login("anna")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, PRIORITY, RESET, SETTINGS, PING, WINDOW, CONTINUATION, DATA = 1, 2, 3, 4, 6, 8, 9, 0
END_STREAM, END_HEADERS = 0x1, 0x4


def post(host: str, *fields: bytes, path: str = "/up") -> bytes:
    head = f"POST http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n".encode()
    return head + LOGIN + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def frame(kind: int, stream: int = 0, payload: bytes = b"", flags: int = 0) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def h2_client(gate: Gate, host: str = "allowed.test") -> socket.socket:
    """Open, with the preface and settings sent."""
    secure = gate.tls(host, alpn=["h2"])
    secure.sendall(PREFACE + frame(SETTINGS))
    secure.settimeout(10)
    return secure


def careless_h2() -> h2.connection.H2Connection:
    """One that has begun, and sends whatever fields it is given."""
    connection = h2.connection.H2Connection(
        h2.config.H2Configuration(
            client_side=True,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            header_encoding=None,
        )
    )
    connection.initiate_connection()
    return connection


def get_block(host: str = "allowed.test", path: str = "/") -> bytes:
    """HPACK without a table: GET https://host/path."""
    literal = b"\x01" + bytes([len(host)]) + host.encode()
    there = b"\x04" + bytes([len(path)]) + path.encode()
    return b"\x82\x87" + literal + there


def rapid_resets(count: int) -> bytes:
    cancel = (8).to_bytes(4)
    return b"".join(
        frame(HEADERS, 2 * each + 1, get_block(), END_HEADERS | END_STREAM)
        + frame(RESET, 2 * each + 1, cancel)
        for each in range(count)
    )


def send_all(client: socket.socket, parts: Iterable[bytes]) -> int:
    """Until it is cut; how many bytes went."""
    sent = 0
    with contextlib.suppress(OSError):
        for part in parts:
            client.sendall(part)
            sent += len(part)
    return sent


def goaway_code(received: bytes) -> int | None:
    """The reason of the GOAWAY frame among these."""
    while len(received) >= 9:
        length, kind = int.from_bytes(received[:3]), received[3]
        if kind == 7:
            return int.from_bytes(received[13:17])
        received = received[9 + length :]
    return None


def is_closed(client: socket.socket) -> bool:
    """Whether the other side closes, or has closed, the connection."""
    client.settimeout(20)
    with contextlib.suppress(ConnectionError):
        while client.recv(65536):
            pass
    return True

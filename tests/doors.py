"""Standing at a gate's door: what a client says over a socket, and another machine to say it from."""

import contextlib
import socket

WAIT_SECONDS = 20.0
FAR = "127.0.0.99"  # taken for another machine (gate_child.py): whoever comes from there comes over a network


class Door:
    """A port of a proxy on this machine."""

    port: int

    def connect(self, source: str | None = None) -> socket.socket:
        """`source`: the address to come from."""
        at = (source, 0) if source else None
        return socket.create_connection(("127.0.0.1", self.port), WAIT_SECONDS, source_address=at)

    def raw(self, *parts: bytes) -> bytes:
        """Send each part, reading what comes after it, on one connection; all that came."""
        with self.connect() as client:
            client.settimeout(5)
            return b"".join(exchange(client, part) for part in parts)


def exchange(client: socket.socket, data: bytes) -> bytes:
    """Send, and read until nothing more comes for a moment or the peer closes."""
    with contextlib.suppress(OSError):
        client.sendall(data)
    return read_some(client)


def read_some(client: socket.socket, quiet: float = 0.4) -> bytes:
    """What comes until it is quiet; the first byte may take longer."""
    got = b""
    with contextlib.suppress(TimeoutError, OSError):
        while chunk := client.recv(65536):
            got += chunk
            client.settimeout(quiet)
    client.settimeout(5)
    return got


def read_head(client: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = client.recv(1)
        if not chunk:
            return got or b"HTTP/1.1 0 closed\r\n\r\n"
        got += chunk
    return got

"""Whoever sends a head one letter at a time holds no connection of the console for long."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from schoolgate.slow_heads import LARGEST_HEAD, Unhurried

PATIENCE = 20.0


class Short(Unhurried):
    head_seconds = 0.3


@contextmanager
def serving(protocol: type[Unhurried]) -> Iterator[tuple[str, int]]:
    config = uvicorn.Config(
        PlainTextResponse("here"), "127.9.0.6", 0, log_config=None, lifespan="off", http=protocol, ws="none",
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX"])
def test_a_head_that_does_not_come_closes_its_connection(begun: bytes) -> None:
    with serving(Short) as address, socket.create_connection(address, PATIENCE) as client:
        client.sendall(begun)
        with pytest.raises(ConnectionResetError):
            _until_the_end(client)


def test_a_second_head_on_a_kept_connection_has_as_long_as_the_first() -> None:
    with serving(Short) as address, socket.create_connection(address, PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET / HTTP/1.1\r\nHo")
        with pytest.raises(ConnectionResetError):
            _until_the_end(client)


def test_a_head_of_more_than_we_read_is_refused() -> None:
    with serving(Unhurried) as address, socket.create_connection(address, PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (LARGEST_HEAD + 65_536))
        with suppress(ConnectionResetError):  # it is closed before all of it was read
            assert client.recv(4096).startswith(b"HTTP/1.1 400")


def _until_the_end(client: socket.socket) -> None:
    while client.recv(4096):
        pass
    raise ConnectionResetError

"""One device takes no connection of the console from another, whether it says anything or not."""

import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from schoolgate import listening
from schoolgate.listening import LOOP, MOST_OF_ONE, Listening
from schoolgate.slow_heads import MOST_CONNECTIONS, Unhurried
from tests.bad_origins import self_signed
from tests.doors import FAR

PATIENCE = 20.0
ANOTHER = "127.0.0.98"


@contextmanager
def serving(taken: Listening, certificate: Path | None = None) -> Iterator[tuple[str, int]]:
    config = uvicorn.Config(
        PlainTextResponse("here"), log_config=None, lifespan="off", http=Unhurried, ws="none", loop=LOOP,
        limit_concurrency=MOST_CONNECTIONS, ssl_certfile=certificate,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[taken]), daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield taken.getsockname()[:2]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        taken.close()


def knock(address: tuple[str, int], source: str) -> socket.socket:
    return socket.create_connection(address, PATIENCE, source_address=(source, 0))


def answers(address: tuple[str, int], source: str) -> bool:
    with knock(address, source) as client:
        with suppress(ConnectionError):
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.recv(64).startswith(b"HTTP/1.1 200")
        return False


def test_one_device_holds_so_many_connections_and_another_is_served_all_the_same() -> None:
    taken = Listening.at("127.0.0.1", 0, most=4, far=(FAR, ANOTHER))
    with serving(taken) as address, ExitStack() as held:
        for _ in range(4):
            held.enter_context(knock(address, FAR))
        _until(lambda: taken._held[FAR] == 4)

        assert not answers(address, FAR)
        assert answers(address, ANOTHER)
        held.close()
        _until(lambda: not taken._held)
        assert answers(address, FAR)


@pytest.mark.parametrize("source", [ANOTHER, FAR])
def test_this_machine_and_a_named_front_end_stand_for_many(source: str) -> None:
    taken = Listening.at("127.0.0.1", 0, [FAR], most=1, far=(FAR,))
    with serving(taken) as address, ExitStack() as held:
        for _ in range(5):
            held.enter_context(knock(address, source))

        assert answers(address, source)


def test_the_rest_of_a_whole_house_fits_beside_what_one_device_may_hold() -> None:
    assert MOST_OF_ONE * 10 < MOST_CONNECTIONS


def test_a_connection_that_nobody_closed_counts_no_longer_than_it_lives() -> None:
    with Listening.at("127.0.0.1", 0, far=(FAR,)) as taken:
        with knock(taken.getsockname(), FAR):
            conn, _ = taken.accept()
            assert taken._held[FAR] == 1
            number = conn.detach()
            del conn
            gc.collect()
        assert not taken._held
        socket.socket(fileno=number).close()


def test_who_connects_and_never_ends_the_handshake_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "HANDSHAKE_SECONDS", 0.3)
    certificate = self_signed(tmp_path, "a.test")
    taken = Listening.at("127.0.0.1", 0, far=(FAR,))
    with serving(taken, certificate) as address, knock(address, FAR) as client:
        assert client.recv(64) == b""
        _until(lambda: not taken._held)
        context = ssl.create_default_context(cafile=str(certificate))
        context.check_hostname = False
        with context.wrap_socket(knock(address, FAR)) as good:
            good.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert good.recv(64).startswith(b"HTTP/1.1 200")


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)

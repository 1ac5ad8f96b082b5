"""A gate whose event loop is stuck ends, says where it was, and another takes its place."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proxy_addon.patience import STUCK_LOOKS
from proxy_addon.watchdog import STUCK, Watchdog, tell
from tests.harness import ROOT, Gate, a_gate, proxy_login, start, until
from tests.hook_faults import KEPT_TURN, SYNC_STALL

LOOK = 0.02
PLAN = f'{{"127.4.0.1": "requestheaders {SYNC_STALL}", "127.4.0.2": "requestheaders {KEPT_TURN}"}}'
SUPERVISED = """\
import sys
from schoolgate.supervisor import Service, Supervisor
gate = Service("proxy", (sys.executable, "-m", "tests.gate_child", sys.argv[1]))
sys.exit(Supervisor((gate,)).run(lambda: None, lambda ports: None))
"""


def ended(on_the_loop: Callable[[], None]) -> bool:
    """Whether the watchdog of a loop that does this would have ended the process."""
    told = threading.Event()

    async def live() -> None:
        watchdog = Watchdog(asyncio.get_running_loop(), told.set, LOOK)
        watchdog.start()
        for _ in range(5):
            await asyncio.sleep(LOOK)
            on_the_loop()
        watchdog.stop()

    asyncio.run(live())
    return told.is_set()


def test_a_loop_that_turns_is_left_alone() -> None:
    assert not ended(lambda: None)


def test_a_loop_that_is_slow_now_and_then_is_left_alone() -> None:
    assert not ended(lambda: time.sleep(3 * LOOK))


def test_short_stalls_with_life_between_them_do_not_add_up() -> None:
    stalls = iter(range(5))

    def stall() -> None:
        next(stalls)
        time.sleep(STUCK_LOOKS // 2 * LOOK)

    assert not ended(stall)
    assert next(stalls, None) is None, "together far more than it bears at once"


def test_a_loop_that_does_nothing_for_long_is_ended() -> None:
    assert ended(lambda: time.sleep(20 * LOOK))


def test_a_reader_that_has_stopped_does_not_hold_us_up() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(writing, bytes(65536)):
            pass
    os.set_blocking(writing, True)
    tell(writing)
    os.close(reading)
    os.close(writing)


@pytest.fixture
def gate() -> Iterator[Gate]:
    with a_gate() as gate:
        (gate.folder / "hook-faults.json").write_text(PLAN)
        yield gate


def ask_from(gate: Gate, address: str) -> None:
    """Sent, and nothing is read: whoever is stuck does not answer."""
    with socket.create_connection(("127.0.0.1", gate.port), 5, (address, 0)) as client:
        client.sendall(b"GET http://allowed.test/ HTTP/1.1\r\nHost: allowed.test\r\n")
        client.sendall(proxy_login("anna") + b"\r\n")
        client.settimeout(20)
        with contextlib.suppress(OSError):
            client.recv(1)


@pytest.mark.parametrize(
    ("address", "code", "function"),
    [("127.4.0.1", STUCK, "hook_faults.py"), ("127.4.0.2", -signal.SIGPROF, "hook_faults.py")],
)
def test_a_stuck_gate_ends_and_says_where(address: str, code: int, function: str, gate: Gate) -> None:
    begun = time.monotonic()
    ask_from(gate, address)
    assert gate.process.wait(20) == code
    assert time.monotonic() - begun < 15  # five seconds, on a machine that does nothing else
    said = gate.said()
    assert function in said
    assert "pass:word" not in said
    assert proxy_login("anna").decode().split()[-1] not in said
    assert gate.origin.connections == 0


def test_a_gate_that_was_stopped_and_goes_on_is_not_ended(gate: Gate) -> None:
    """As when the machine sleeps: no time has passed for it."""
    gate.process.send_signal(signal.SIGSTOP)
    time.sleep(6)
    gate.process.send_signal(signal.SIGCONT)
    assert gate.curl("http://allowed.test/", user="anna").status == 200
    time.sleep(1)
    assert gate.is_alive


def test_the_supervisor_starts_another_gate(gate: Gate) -> None:
    gate.stop()
    start(gate, gate.port)  # writes down the port for whoever starts it next
    gate.stop()
    with supervised(gate.folder / "settings.json"):
        assert until(lambda: serves(gate), bool)
        ask_from(gate, "127.4.0.1")
        assert until(lambda: serves(gate), bool)


@contextlib.contextmanager
def supervised(settings: Path) -> Iterator[None]:
    command = [sys.executable, "-c", SUPERVISED, str(settings)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def serves(gate: Gate) -> bool:
    return gate.curl("http://allowed.test/", user="anna").status == 200

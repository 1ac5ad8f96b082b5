"""A child that lives and is unwell is killed; one that is well, young, or merely shut is left alone."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from proxy_addon.watch_proof import Secret, new_nonce, write_secret
from schoolgate.demo.running import _services as demo_services
from schoolgate.running import services
from schoolgate.settings import Settings
from schoolgate.watching import FAILURES, gate_fault, watch
from tests.harness import a_gate, until

SOON = 0.02


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def watched(
    child: "subprocess.Popen[bytes]", answers: Callable[[int], str | None], grace: float = 0.0
) -> list[str]:
    """What was logged, once it was asked twenty times or is dead."""
    stop, asked = threading.Event(), [0]
    began = time.monotonic()

    def probe() -> str | None:
        asked[0] += 1
        return answers(asked[0])

    with capture_logs() as said:
        thread = threading.Thread(
            target=watch, args=("gate", probe, lambda: (child, began), stop, SOON, grace)
        )
        thread.start()
        over = 0.5 if grace else 20.0
        until(lambda: asked[0] >= 20 or child.poll() is not None, bool, over)
        stop.set()
        thread.join()
    return [each["event"] for each in said]


def test_a_child_that_is_unwell_three_times_running_is_killed(child: "subprocess.Popen[bytes]") -> None:
    said = watched(child, lambda _: "something else answered")
    assert child.wait(5) == -9
    assert said == [*(["service.unwell"] * FAILURES), "service.killed"]


def test_a_probe_that_raises_counts_as_unwell(child: "subprocess.Popen[bytes]") -> None:
    def broken(_: int) -> str | None:
        raise OSError

    assert "service.killed" in watched(child, broken)


@pytest.mark.parametrize(
    ("answers", "grace"),
    [
        (lambda _: None, 0.0),
        (lambda n: None if n % FAILURES == 0 else "once", 0.0),
        (lambda _: "too young", 60.0),
    ],
    ids=["well", "now and then", "young"],
)
def test_others_are_left_alone(
    child: "subprocess.Popen[bytes]", answers: Callable[[int], str | None], grace: float
) -> None:
    assert "service.killed" not in watched(child, answers, grace)
    assert child.poll() is None


def test_only_what_a_new_start_may_mend_is_a_fault_of_the_gate(tmp_path: Path) -> None:
    with a_gate(published=False) as gate:
        assert gate_fault(gate.state) is None, "it is shut, and says so"
        gate.publish()
        until(lambda: gate.curl("http://allowed.test/", user="anna").status, lambda status: status != 503)
        assert gate_fault(gate.state) is None
        with gate.failing("decide", "Exception"):
            assert gate_fault(gate.state) is not None
    assert gate_fault(gate.state) is not None
    assert gate_fault(tmp_path) is not None


def test_a_ca_with_which_no_other_gate_would_start_is_told_and_the_gate_not_killed() -> None:
    with a_gate() as gate, capture_logs() as said:
        gate.ca.unlink()
        assert gate_fault(gate.state) is None
    assert [(each["event"], each["log_level"]) for each in said] == [("service.not_trusted", "error")]


def test_a_gate_that_has_no_place_for_us_is_told_and_not_killed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door, capture_logs() as said:
        write_secret(tmp_path, Secret(new_nonce(), "127.0.0.1", door.getsockname()[1]))
        closing = threading.Thread(target=_close_one, args=(door,))
        closing.start()
        assert gate_fault(tmp_path) is None
        closing.join()
    assert [(each["event"], each["log_level"]) for each in said] == [("service.turned_us_away", "warning")]


def _close_one(door: socket.socket) -> None:
    door.accept()[0].close()


def test_of_our_services_the_gate_is_watched(tmp_path: Path) -> None:
    of = services(Settings(root=tmp_path, config=tmp_path, state=tmp_path))
    of_demo = demo_services(Settings(root=tmp_path, config=tmp_path, state=tmp_path), 1, 2)
    for found in (of, of_demo):
        assert [service.name for service in found if service.probe is not None] == ["gate"]

"""The supervisor, with real child processes that do little."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schoolgate.supervisor import cannot_listen

ROOT = Path(__file__).parents[2]
CHILD = """
import argparse, os, signal, sys, threading
from pathlib import Path
from schoolgate.supervised import report_ready, start_when_told

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("folder", type=Path)
parser.add_argument("--ready-fd", type=int)
if "recorder" not in sys.argv:
    parser.add_argument("--port", type=int, default=0)
given = argparse.Namespace(port=0)
parser.parse_args(namespace=given)
gone = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: gone.set())

def say(word):
    with (given.folder / "said").open("a") as file:
        file.write(f"{given.name} {word}\\n")

(given.folder / f"{given.name}.pid").write_text(str(os.getpid()))
say(f"started {given.port}")
if (given.folder / f"{given.name}.fails").exists():
    sys.exit(7)
start_when_told(given.ready_fd)
report_ready(given.ready_fd, given.port or 4242)
gone.wait()
say("left")
"""
PARENT = """
import sys
from pathlib import Path
from schoolgate.log import configure_logging
from schoolgate.supervisor import Service, StartError, Supervisor

folder = sys.argv[1]

def service(name, port=None):
    command = (sys.executable, folder + "/child.py", name, folder)
    return Service(name, command, port, 5.0, lambda: probe(name), every=0.1, grace=0.1)

def probe(name):
    return "nobody blocks" if Path(folder, name + ".unwell").exists() else None

def ready(ports):
    sys.stdout.write(f"{dict(ports)}\\n")
    sys.stdout.flush()

configure_logging("supervisor")
try:
    supervisor = Supervisor([service("gate", 0), service("recorder"), service("api", 0)])
    sys.exit(supervisor.run(lambda: None, ready))
except StartError as error:
    sys.exit(f"{error}")
"""


class Running:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "child.py").write_text(CHILD)
        (folder / "parent.py").write_text(PARENT)
        command = [sys.executable, str(folder / "parent.py"), str(folder)]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.errors = folder / "errors"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                command, env=environ, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    def ready(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def ended(self) -> int:
        return self.process.wait(30)

    def said(self) -> list[str]:
        return (self.folder / "said").read_text().splitlines()

    def pid(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())

    def wait_for(self, line: str) -> None:
        deadline = time.monotonic() + 30
        while line not in self.said():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)


Start = Callable[[], Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a supervisor; what a test leaves running ends with it."""
    running: list[Running] = []

    def begin() -> Running:
        running.append(Running(tmp_path))
        return running[-1]

    yield begin
    for one in running:
        one.process.kill()  # its children follow it
        one.process.communicate()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_drains_gate_then_recorder_then_api_and_ends_with_0(start: Start) -> None:
    running = start()
    assert running.ready() == "{'gate': 4242, 'recorder': 4242, 'api': 4242}\n"

    running.process.send_signal(signal.SIGINT)

    assert running.ended() == 0
    assert [line for line in running.said() if "left" in line] == ["gate left", "recorder left", "api left"]
    assert running.errors.read_text() == ""


def test_it_hears_ctrl_c_even_where_a_script_started_it_in_the_background(start: Start) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does; it is inherited
    try:
        running = start()
    finally:
        signal.signal(signal.SIGINT, before)
    running.ready()

    running.process.send_signal(signal.SIGINT)

    assert running.ended() == 0


def test_under_nohup_it_outlives_the_terminal(start: Start) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running = start()
    finally:
        signal.signal(signal.SIGHUP, before)
    running.ready()

    running.process.send_signal(signal.SIGHUP)
    running.process.send_signal(signal.SIGTERM)

    assert running.ended() == 0
    assert [line for line in running.said() if "left" in line] == ["gate left", "recorder left", "api left"]


def test_a_child_that_dies_is_started_again_on_the_same_port(start: Start) -> None:
    running = start()
    running.ready()

    os.kill(running.pid("gate"), signal.SIGKILL)

    running.wait_for("gate started 4242")
    assert "service.died" in running.errors.read_text()


def test_a_child_that_lives_and_does_not_do_its_work_is_replaced(start: Start, tmp_path: Path) -> None:
    running = start()
    running.ready()
    first = running.pid("gate")
    (tmp_path / "gate.unwell").touch()

    running.wait_for("gate started 4242")
    (tmp_path / "gate.unwell").unlink()

    assert not alive(first)
    assert "service.killed" in running.errors.read_text()
    assert running.said().count("recorder started 0") == 1, "the others are left alone"


def test_a_child_that_listens_nowhere_is_started_again_too(start: Start) -> None:
    running = start()
    running.ready()
    first = running.pid("recorder")

    os.kill(first, signal.SIGKILL)

    deadline = time.monotonic() + 30
    while running.pid("recorder") == first or running.said().count("recorder started 0") < 2:
        assert time.monotonic() < deadline, running.errors.read_text()
        time.sleep(0.02)


def test_children_leave_when_the_supervisor_is_killed(start: Start) -> None:
    running = start()
    running.ready()

    running.process.kill()

    for name in ("gate", "recorder", "api"):
        running.wait_for(f"{name} left")


def test_a_child_that_cannot_start_stops_everything_and_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "api.fails").touch()

    running = start()

    assert running.ended() == 1
    assert "api: ended with 7" in running.errors.read_text()
    assert not alive(running.pid("gate"))


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert cannot_listen("127.0.0.1", taken.getsockname()[1]) == "another program listens there"
    assert cannot_listen("127.0.0.1", 0) is None

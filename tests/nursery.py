"""Gates for tests come of one process that has imported all that a gate needs, which takes far longer than to
start one.

`a_child` is a process of its own, forked of the nursery, that does what `python -m MODULE ARGUMENTS` would.
Where a test has changed the environment it is started as any program is: what was imported may have read it.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, Protocol

ROOT = Path(__file__).parent.parent
LOADED = ("proxy_addon.run", "schoolgate.log", "schoolgate.demo.origins", "tests.doors", "tests.hook_faults")
OURS = ("PYTEST_CURRENT_TEST",)  # changes with each test, and no gate reads it
LONGEST = 65_536


class Process(Protocol):
    """As much of `subprocess.Popen` as tests ask of a gate."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[str] | None: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...


class Child:
    """One that the nursery made. `ended` is a pipe on which it tells how the child ended."""

    def __init__(self, pid: int, stdout: IO[str], ended: IO[bytes]) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"the child {self.pid}", timeout or 0)
            with self._ended:
                self.returncode = int(self._ended.read(8))
        return self.returncode

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def a_child(module: str, *arguments: str, log: IO[str]) -> Process:
    """What it prints can be read; what it says besides goes to `log`."""
    if _environ() == AT_FIRST:
        return _nursery().child(module, arguments, log)
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=_environ(), stdout=subprocess.PIPE, stderr=log, text=True)


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return {**kept, "PYTHONUNBUFFERED": "1"}


AT_FIRST = _environ()


class Nursery:
    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
            cwd=ROOT,
            env=AT_FIRST,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def child(self, module: str, arguments: Sequence[str], log: IO[str]) -> Child:
        stdout, theirs = os.pipe()
        ended, tells = os.pipe()
        try:
            wanted = json.dumps([module, *arguments]).encode()
            socket.send_fds(self._line, [wanted], [theirs, log.fileno(), tells])
        finally:
            os.close(theirs)
            os.close(tells)
        pid = int(self._line.recv(LONGEST))
        return Child(pid, os.fdopen(stdout, encoding="utf-8"), os.fdopen(ended, "rb", buffering=0))

    def end(self) -> None:
        self._line.close()
        self._process.wait()


@cache
def _nursery() -> Nursery:
    return Nursery()


def end_nursery() -> None:
    if _nursery.cache_info().currsize:
        _nursery().end()
        _nursery.cache_clear()


# -- in the nursery itself


def serve(line: socket.socket) -> None:
    """Until nobody is there any more. Comes back in each child, with what it is to be."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    telling: dict[int, int] = {}  # how each child ends is told here
    while True:
        ready = select.select([line.fileno(), woken], [], [])[0]
        if woken in ready:
            os.read(woken, LONGEST)
            _tell(telling)
        if line.fileno() in ready:
            wanted, fds, *_ = socket.recv_fds(line, LONGEST, 3)
            if not wanted:
                return
            if pid := os.fork():
                stdout, stderr, telling[pid] = fds
                os.close(stdout)
                os.close(stderr)
                line.send(str(pid).encode())
                continue
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(fds[0], 1)
            os.dup2(fds[1], 2)
            for each in (line.detach(), woken, wakes, *fds, *telling.values()):
                os.close(each)
            become(*json.loads(wanted))


def _tell(telling: dict[int, int]) -> None:
    for pid in list(telling):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            os.write(telling[pid], str(os.waitstatus_to_exitcode(status)).encode())
            os.close(telling.pop(pid))


def become(module: str, *arguments: str) -> None:
    """As `python -m` does it, to its end."""
    sys.argv = ["", *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


def main(fd: int) -> None:
    line = socket.socket(fileno=fd)
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()  # else each child would copy it all, only to look through it
    serve(line)


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Runs gate, recorder and API as child processes: starts them, restarts one that dies, drains all at the end.

Children live in sessions of their own, so that Ctrl-C reaches the supervisor alone and the order of leaving
is ours: the gate first, then the recorder with what the gate still wrote, then the API.
"""

import errno
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import structlog

from schoolgate import watching

log = structlog.get_logger()

LONGEST_BACKOFF = 30.0
SETTLED = 60.0  # a child that lived this long starts anew without waiting
START_LIMIT = 90.0
STDERR = 2
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StartError(Exception):
    """A child ended, or said nothing, before it was ready."""

    def __init__(self, service: str, says: str) -> None:
        super().__init__(f"{service}: {says}")
        self.service = service


@dataclass(frozen=True, slots=True)
class Service:
    """One child. `port`: what it is to listen on, given as `--port`; None when it listens on nothing.

    `probe`: whether it does its work, asked every so many seconds once it had so many to begin (watching.py);
    None: nobody asks.
    """

    name: str
    command: tuple[str, ...]
    port: int | None = None
    drain: float = 10.0  # seconds it may take to leave
    probe: watching.Probe | None = None
    every: float = watching.EVERY
    grace: float = watching.GRACE


@dataclass(slots=True)
class _Child:
    service: Service
    process: subprocess.Popen[bytes]
    ready: int  # the pipe it says its port on
    started: float = field(default_factory=time.monotonic)

    def go(self) -> None:
        """All is prepared. A child that has died meanwhile is found out by whoever waits for it."""
        if self.process.stdin:
            with suppress(BrokenPipeError):
                self.process.stdin.write(b"\n")
                self.process.stdin.flush()


class Supervisor:
    def __init__(self, services: Sequence[Service], environ: Mapping[str, str] = os.environ) -> None:
        """`services` in the order of leaving."""
        self._services = services
        self._environ = dict(environ)
        self._children: dict[str, _Child] = {}
        self._ports: dict[str, int] = {}
        self._failures: dict[str, int] = {}
        self._stop = threading.Event()

    def run(self, prepare: Callable[[], None], on_ready: Callable[[Mapping[str, int]], None]) -> int:
        """Until SIGTERM or Ctrl-C; `on_ready` gets the port of each service. Raises StartError.

        `prepare` makes what the children need, while they load; whatever it raises ends them.
        """
        with _signals(self._on_signal):
            try:
                for service in self._services:
                    self._start(service)
                prepare()
                self._let_go()
                if not self._stop.is_set():
                    on_ready(dict(self._ports))
                    self._watch()
                while not self._stop.wait(0.1):
                    self._revive()
            finally:
                self._drain()
        return 0

    def _watch(self) -> None:
        for service in self._services:
            if service.probe is not None:
                child_of = partial(self._child_of, service.name)
                times = (service.every, service.grace)
                watching.begin(service.name, service.probe, child_of, self._stop, *times)

    def _child_of(self, name: str) -> tuple[subprocess.Popen[bytes], float] | None:
        child = self._children.get(name)
        return None if child is None else (child.process, child.started)

    def _on_signal(self) -> None:
        if self._stop.is_set():  # asked twice: at once
            for child in self._children.values():
                child.process.kill()
        self._stop.set()

    def _let_go(self) -> None:
        for child in self._children.values():
            child.go()
        deadline = time.monotonic() + START_LIMIT
        for service in self._services:
            self._ports[service.name] = self._await_ready(service.name, deadline)

    def _start(self, service: Service) -> None:
        reading, writing = os.pipe()
        command = [*service.command, "--ready-fd", str(writing)]
        if service.port is not None:
            command += ["--port", str(self._ports.get(service.name, service.port))]
        process = subprocess.Popen(  # noqa: S603  # our own program, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=STDERR,  # stdout is for data, and that is ours
            pass_fds=(writing,),
            env=self._environ,
            start_new_session=True,
        )
        os.close(writing)
        self._children[service.name] = _Child(service, process, reading)

    def _await_ready(self, name: str, deadline: float) -> int:
        child = self._children[name]
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(child.ready, selectors.EVENT_READ)
            while not said.endswith(b"\n") and not self._stop.is_set():
                if time.monotonic() > deadline:
                    raise StartError(name, f"not ready after {START_LIMIT:.0f} seconds")
                if not selector.select(0.2):
                    continue
                if not (piece := os.read(child.ready, 64)):
                    raise StartError(
                        name, f"ended with {child.process.wait()} before it was ready; see above"
                    )
                said += piece
        return int(said or b"0")

    def _revive(self) -> None:
        for child in list(self._children.values()):
            if child.process.poll() is None:
                continue
            name = child.service.name
            lived = time.monotonic() - child.started
            failures = 0 if lived > SETTLED else self._failures.get(name, 0)
            wait = min(LONGEST_BACKOFF, 0.2 * 2**failures)
            if failures and lived < wait:
                continue  # `started` counts the waiting too
            log.error("service.died", name=name, status=child.process.returncode, failures=failures)
            self._failures[name] = failures + 1
            self._forget(child)
            self._start(child.service)
            self._children[name].go()

    def _forget(self, child: _Child) -> None:
        os.close(child.ready)
        if child.process.stdin:
            with suppress(BrokenPipeError):
                child.process.stdin.close()

    def _drain(self) -> None:
        for service in self._services:
            if child := self._children.get(service.name):
                _end(child)
                self._forget(child)
        self._children.clear()


def _end(child: _Child) -> None:
    if child.process.poll() is None:
        child.process.terminate()
    try:
        child.process.wait(child.service.drain)
    except subprocess.TimeoutExpired:
        log.error("service.killed", name=child.service.name, after_seconds=child.service.drain)
        child.process.kill()
        child.process.wait()


def _nohup() -> bool:
    """Whether whoever started us wants us to outlive the terminal."""
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@contextmanager
def _signals(handle: Callable[[], None]) -> Iterator[None]:
    def handler(_signal: int, _frame: FrameType | None) -> None:
        handle()

    heard = [number for number in ENDINGS if number != signal.SIGHUP or not _nohup()]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def cannot_listen(host: str, port: int) -> str | None:
    """Why this program could not listen there, or None. Port 0, any free one, is always to be had."""
    try:
        reserve(host, port).close()
    except OSError as error:
        return why_not(error)
    return None


def why_not(error: OSError) -> str:
    taken = error.errno == errno.EADDRINUSE
    return "another program listens there" if taken else str(error.strerror or error)


def reserve(host: str, port: int) -> socket.socket:
    """Bound and not listening: nobody else gets this port, and a child that names it can listen there."""
    holder = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((host, port))
    except OSError:
        holder.close()
        raise
    return holder

"""What a program used, from its start to its end, as the kernel counted it."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds; `peak` is in MB, of the program and of all that it started, at one time."""

    wall: float
    cpu: float
    peak: float


class Failed(Exception):
    """A program that ended otherwise than well."""


def run(command: Sequence[str], stdin: Path | None = None, stdout: Path | None = None) -> Used:
    """Raises Failed."""
    begun = time.perf_counter()
    with Path(stdin or os.devnull).open("rb") as asked, Path(stdout or os.devnull).open("wb") as told:
        process = subprocess.Popen(command, stdin=asked, stdout=told, stderr=subprocess.DEVNULL)
        watch = _Watch(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = max(watch.stop(), usage.ru_maxrss / 1024)
    if process.returncode:
        raise Failed(f"{command[0]} ended with {process.returncode}")
    return Used(wall, usage.ru_utime + usage.ru_stime, peak)


class _Watch:
    """Adds up the memory of a program and of its children, ten times a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            try:
                top = psutil.Process(self._pid)
                each = [top, *top.children(recursive=True)]
                self._peak = max(self._peak, sum(one.memory_info().rss for one in each) / 1e6)
            except psutil.Error:  # one of them has just ended
                continue

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        return self._peak

"""A disk for the journal that can be filled to the brim and emptied again.

A small file system of its own where the machine lets us mount one; else a limit on how long the gate's files
may grow, which fails in the same place.
"""

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crashes.gates import HONEST, kill, start_again
from tests.harness import Gate

SIZE = "64m"
BLOCK = b"\0" * 65536


@dataclass(frozen=True, slots=True)
class Mounted:
    """A file system in memory; a file of ours takes what the gate has left."""

    folder: Path
    is_real: bool = True

    def fill(self) -> None:
        fd = os.open(self.folder / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        size = len(BLOCK)
        while size:
            try:
                os.write(fd, BLOCK[:size])
            except OSError:
                size //= 2
        os.close(fd)

    def free(self) -> None:
        (self.folder / "filler").unlink()


@dataclass(frozen=True, slots=True)
class Limited:
    """No file of the gate may grow."""

    gate: Gate
    is_real: bool = False

    def fill(self) -> None:
        resource.prlimit(self.gate.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def free(self) -> None:
        both = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.gate.process.pid, resource.RLIMIT_FSIZE, both)


@contextlib.contextmanager
def a_small_disk(gate: Gate, program: str = HONEST) -> Iterator[Mounted | Limited]:
    """The gate is started again on it, and is dead at the end."""
    folder = gate.state / "journal"
    kill(gate)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(folder)]
    can = shutil.which("mount") is not None
    is_mounted = can and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        start_again(gate, program)
        yield Mounted(folder) if is_mounted else Limited(gate)
    finally:
        if gate.is_alive:
            kill(gate)
        if is_mounted:
            subprocess.run(["umount", str(folder)], check=True)

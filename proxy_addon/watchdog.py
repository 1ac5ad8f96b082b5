"""Ends the process when its event loop is stuck: a gate that hangs holds every browser of the school.

A thread asks the loop for a sign of life and looks again and again. Only its own looks count, not the clock:
while the machine sleeps, or the process is stopped, it does not look either, and nothing is held against the
loop. Where the loop's thread keeps the interpreter to itself no other thread gets a turn; then the kernel,
which counts the processor time that we use without looking, ends the process.

What is written of it names functions and lines, never what was in them. The supervisor starts another gate.
"""

import asyncio
import faulthandler
import os
import select
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress

from proxy_addon.patience import LOOK_SECONDS, STUCK_CPU_SECONDS, STUCK_LOOKS

STUCK = 75  # exit code (docs/technician.md): the event loop did nothing for four seconds
AT_A_TIME = 4096  # a pipe that can take anything takes as much


class Watchdog:
    """`end` is called, once, from a thread of its own."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        end: Callable[[], None] | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._loop = loop
        self._end = end or end_process
        self._look_seconds = look_seconds
        self._lives = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        faulthandler.register(signal.SIGPROF, all_threads=True, chain=True)
        signal.setitimer(signal.ITIMER_PROF, STUCK_CPU_SECONDS)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._thread.join(2 * self._look_seconds)
        signal.setitimer(signal.ITIMER_PROF, 0)  # it may have looked once more
        faulthandler.unregister(signal.SIGPROF)

    def _watch(self) -> None:
        looks = 0
        self._ask()
        while not self._stopped.wait(self._look_seconds):
            signal.setitimer(signal.ITIMER_PROF, STUCK_CPU_SECONDS)
            if self._lives:
                looks = 0
                self._ask()
                continue
            looks += 1
            if looks >= STUCK_LOOKS:
                self._end()
                return

    def _ask(self) -> None:
        self._lives = False
        with suppress(RuntimeError):  # the loop is closed: this thread is told next
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._lives = True


def end_process() -> None:
    with suppress(Exception):
        tell(sys.stderr.fileno())
    os._exit(STUCK)


def tell(descriptor: int) -> None:
    """All stacks. Whoever reads us may have stopped to: that must not hold us up as well."""
    with tempfile.TemporaryFile() as kept:
        kept.write(b"The event loop is stuck. The gate ends; this is where each of its threads is:\n")
        kept.flush()
        faulthandler.dump_traceback(kept, all_threads=True)
        kept.seek(0)
        while piece := kept.read(AT_A_TIME):
            if not select.select((), (descriptor,), (), 0.1)[1]:
                return
            os.write(descriptor, piece)

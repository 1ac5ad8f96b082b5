"""`python -m filter_lists.worker`: an update in a process of its own, which can use much memory and be ended.

An order comes in as one line of JSON; progress and the outcome go out the same way. Whoever gave the order
keeps the other end of stdin open: when it closes, he is gone, and so are we.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import TextIO

from filter_lists.orders import Order, Progress
from filter_lists.updating import run

DONE, NO_ORDER, BROKEN = 0, 2, 3
NICE = 10
SELDOM = 0.2  # seconds between two lines of one stage


def main() -> int:
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what is to be sealed is in this memory
    try:
        order = Order.from_json(json.loads(sys.stdin.buffer.readline()))
    except (ValueError, KeyError, TypeError):
        sys.stderr.write("not an order\n")
        return NO_ORDER
    threading.Thread(target=_leave_with_the_other_end, daemon=True).start()
    with _own_stdout() as out:
        try:
            outcome = run(order, _seldom(lambda progress: _say(out, "progress", asdict(progress))))
        except Exception as error:  # noqa: BLE001  # the last guard: a message might hold an entry of a sealed list
            sys.stderr.write("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__ + "\n")
            return BROKEN
        _say(out, "outcome", outcome.to_json())
    return DONE


def _own_stdout() -> TextIO:
    """No child of ours inherits it: it closes when we end, whatever becomes of them."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return out


def _say(out: TextIO, what: str, value: object) -> None:
    out.write(json.dumps({what: value}) + "\n")
    out.flush()


def _seldom(tell: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Each stage when it begins, and then not more than a few times a second."""
    stage, told = "", 0.0

    def seldom(progress: Progress) -> None:
        nonlocal stage, told
        now = time.monotonic()
        if progress.stage != stage or now - told >= SELDOM:
            stage, told = progress.stage, now
            tell(progress)

    return seldom


def _leave_with_the_other_end() -> None:
    """With all that we started: the processes that read lists would otherwise wait for work for ever."""
    while os.read(0, 1):
        pass
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(BROKEN)


if __name__ == "__main__":
    raise SystemExit(main())

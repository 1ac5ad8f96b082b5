"""Looks after a child that lives and does not do its work: one that is unwell three times running is killed,
and the supervisor starts another.

A gate that answers, but not with what it must, is worse than none: pages would go by that nobody judged.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import structlog

log = structlog.get_logger()

EVERY = 10.0  # seconds
FAILURES = 3
GRACE = 30.0  # seconds in which a child need not be well yet
Probe = Callable[[], str | None]  # what is wrong; None: nothing
ChildOf = Callable[[], "tuple[Popen[bytes], float] | None"]  # the process, and when it began (monotonic)


def gate_fault(state: Path) -> str | None:
    """What a new start may mend. A gate that is shut, without a policy or unable to record, says so itself:
    another would be just as shut. One that closes our connection lives and has no place for it: to kill it
    is what whoever floods it wants. And where it is the school's CA, no other would start.
    """
    from proxy_addon.probe import probe

    health = probe(state)
    if health.turned_away:
        log.warning("service.turned_us_away", name="gate", why=health.says)
    if health.lasting:
        log.error("service.not_trusted", name="gate", why=health.says)
        return None
    return None if health.well or health.shut or health.turned_away else health.says


def watch(  # noqa: PLR0917  # what a thread is begun with
    name: str,
    probe: Probe,
    child_of: ChildOf,
    stop: threading.Event,
    every: float = EVERY,
    grace: float = GRACE,
) -> None:
    """Until `stop`; a probe that raises is one that failed."""
    unwell: tuple[int, int] = (0, 0)  # process id, how often running
    while not stop.wait(every):
        child = child_of()
        if child is None or time.monotonic() - child[1] < grace or child[0].poll() is not None:
            continue
        process = child[0]
        why = _asked(probe)
        if why is None:
            unwell = (process.pid, 0)
            continue
        times = 1 + (unwell[1] if unwell[0] == process.pid else 0)
        log.warning("service.unwell", name=name, why=why, times=times)
        unwell = (process.pid, times)
        if times >= FAILURES and not stop.is_set():  # else it leaves by itself
            log.error("service.killed", name=name, why=why, goes_on="in a new process")
            process.kill()


def _asked(probe: Probe) -> str | None:
    try:
        return probe()
    except Exception as fault:  # noqa: BLE001  # whatever it is, the watch goes on
        return type(fault).__name__


def begin(  # noqa: PLR0917  # as `watch`
    name: str, probe: Probe, child_of: ChildOf, stop: threading.Event, every: float, grace: float
) -> None:
    given = (name, probe, child_of, stop, every, grace)
    threading.Thread(target=watch, args=given, name=f"watch_{name}", daemon=True).start()

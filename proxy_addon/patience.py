"""How long the gate waits for anything, in one place; and the one limit on what its hooks await.

A hook that waits is answered without: a stage that never comes back must not leave a browser hanging, nor
hold its connection for ever. HOOK_SECONDS is for one hook with all its stages. Two wait for something
that is rightly slower, say so with `longer`, and have a bound of their own: passwords that wait for their
turn to be checked (how many may is another bound, identify.py), and the school's name server.

Only time in which the event loop turned counts (live_time.py): a busy machine is no stage that stalls.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from proxy_addon.live_time import Limit

HOOK_SECONDS = 0.9
RECORD_SECONDS = 0.7  # below HOOK_SECONDS: the journal itself then says that the disk does not answer
PASSWORD_SECONDS = 20.0  # a class of thirty that signs in at once: thirty checks, two at a time
RESOLVE_SECONDS = 10.0
CONNECT_SECONDS = 20.0
AFTERWARDS_SECONDS = 10.0  # for the record of what was answered without one
LOOK_SECONDS = 0.5  # between two looks of the watchdog
STUCK_LOOKS = 8  # the event loop did nothing for so many of them
STUCK_CPU_SECONDS = 4.5  # where not even the watchdog gets a turn

_current: ContextVar[Limit | None] = ContextVar("limit", default=None)
_afterwards: set[asyncio.Task[None]] = set()


async def limited(pending: Awaitable[None]) -> None:
    """Raises TimeoutError when it waits for longer than it may."""
    with Limit(HOOK_SECONDS) as limit:
        before = _current.set(limit)
        try:
            await pending
        finally:
            _current.reset(before)


def is_over() -> bool:
    """Whether the hook that runs now has used up its time: then it is cancelled, and nothing else is."""
    limit = _current.get()
    return limit is not None and limit.is_over


@contextmanager
def longer(seconds: float) -> Iterator[None]:
    """What is awaited inside may take this long; what comes after it, as long as any hook."""
    _from_now(seconds)
    try:
        yield
    finally:
        _from_now(HOOK_SECONDS)


def _from_now(seconds: float) -> None:
    if (limit := _current.get()) is not None:
        limit.move(seconds)


def afterwards(work: Awaitable[None]) -> None:
    """What need not be waited for. What it raises is dropped: whoever begins it has said what is wrong."""
    task = asyncio.get_running_loop().create_task(_quietly(work))
    _afterwards.add(task)
    task.add_done_callback(_afterwards.discard)


async def _quietly(work: Awaitable[None]) -> None:
    _current.set(None)
    with suppress(Exception, SystemExit, KeyboardInterrupt, GeneratorExit):
        async with asyncio.timeout(AFTERWARDS_SECONDS):
            await work

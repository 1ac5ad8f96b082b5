"""One event loop for all clients of a window in this process: starting one takes longer than most answers."""

from contextlib import ExitStack
from functools import cache

from anyio.from_thread import BlockingPortal, start_blocking_portal

_OPEN = ExitStack()


@cache
def a_loop() -> BlockingPortal:
    return _OPEN.enter_context(start_blocking_portal())


def end_loop() -> None:
    """Its threads would keep the process alive."""
    a_loop.cache_clear()
    _OPEN.close()

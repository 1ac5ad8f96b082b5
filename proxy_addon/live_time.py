"""Time in which the event loop turned, and limits in it.

A loop that gets no processor for a while, or has very much to do, comes late to everything: to what a hook
waits for, and to the end of its time. So the two cannot be told apart by the clock, and a second of a busy
machine would end everything that was under way at once. Here a late turn counts for little, and ends nothing
by itself: what has come meanwhile is heard first.

One timer for all that waits, and none while nothing does: a hook that does not wait for long costs no timer.
"""

import asyncio
from types import TracebackType
from typing import Self

BEAT_SECONDS = 0.05
LATE_SECONDS = 2 * BEAT_SECONDS  # the most that one beat counts for


class Heart:
    """Beats while somebody waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: set[Limit] = set()
        self._counted = 0.0  # live seconds at the last beat
        self._last = 0.0
        self._beats: asyncio.TimerHandle | None = None

    def now(self) -> float:
        if self._beats is None:
            return self._counted
        return self._counted + min(self.loop.time() - self._last, LATE_SECONDS)

    def add(self, limit: "Limit") -> None:
        self._waiting.add(limit)
        if self._beats is None:
            self._next_beat()

    def drop(self, limit: "Limit") -> None:
        self._waiting.discard(limit)

    def _next_beat(self) -> None:
        self._last = self.loop.time()
        self._beats = self.loop.call_later(BEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        before, passed = self._counted, self.loop.time() - self._last
        self._counted += min(passed, LATE_SECONDS)
        over = before if passed > LATE_SECONDS else self._counted
        for limit in [each for each in self._waiting if each.due <= over]:
            limit.expire()
        self._beats = None
        if self._waiting:
            self._next_beat()


class Limit:
    """`with Limit(seconds):` is `asyncio.timeout` by live time. What was cancelled raises TimeoutError, which
    knows where it waited."""

    __slots__ = ("_cancelled_before", "_heart", "_task", "due", "is_over")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a limit outside of any task")
        self._task = task
        self._cancelled_before = task.cancelling()
        self._heart = heart = _heart_of(task.get_loop())
        self.is_over = False
        self.due = heart.now() + seconds
        heart.add(self)

    def move(self, seconds: float) -> None:
        """To so long from now; nothing, when it is over."""
        if not self.is_over:
            self.due = self._heart.now() + seconds

    def expire(self) -> None:
        self._heart.drop(self)
        self.is_over = True
        self._task.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._heart.drop(self)
        if self.is_over:
            alone = self._task.uncancel() <= self._cancelled_before  # else somebody else cancelled it too
            if alone and isinstance(fault, asyncio.CancelledError):
                raise TimeoutError().with_traceback(fault.__traceback__) from fault


_hearts: list[Heart] = []  # of the loop that runs now: a process has one, tests have one after the other


def _heart_of(loop: asyncio.AbstractEventLoop) -> Heart:
    if not _hearts or _hearts[0].loop is not loop:
        _hearts[:] = [Heart(loop)]
    return _hearts[0]

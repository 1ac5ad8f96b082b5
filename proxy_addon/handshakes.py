"""How many TLS handshakes with the proxy itself an address may have that led to nobody.

One costs milliseconds, and whoever asks for one has not said who they are. What turned out to be somebody's
connection does not count: a class behind one address, with thirty connections each, waits for nothing.
"""

import time
from collections import Counter
from collections.abc import Callable

MOST = 200  # at once: a browser opens 32, and says who asks on the first request of each
A_SECOND = 10.0
MOST_ADDRESSES = 4096


class Handshakes:
    """`clock` in seconds, never going back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[str, tuple[float, float]] = {}  # how many still count, and at what time they did
        self.refused: Counter[str] = Counter()  # by address, since somebody last took them

    def may_begin(self, address: str) -> bool:
        now = self._clock()
        count = self._count(address, now) + 1
        if count > MOST:
            self.refused[address] += 1
            return False
        self._counts.pop(address, None)  # the one that rested longest gives way first
        if len(self._counts) >= MOST_ADDRESSES:
            del self._counts[next(iter(self._counts))]
        self._counts[address] = (count, now)
        return True

    def was_of_somebody(self, address: str) -> None:
        if address in self._counts:
            now = self._clock()
            self._counts[address] = (max(self._count(address, now) - 1, 0.0), now)

    def _count(self, address: str, now: float) -> float:
        count, at = self._counts.get(address, (0.0, now))
        return max(count - (now - at) * A_SECOND, 0.0)

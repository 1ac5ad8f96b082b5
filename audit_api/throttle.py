"""Guessing slowed: after five wrong passwords for one account from one address, each more costs longer.

Kept in memory: a restart forgets, and a pupil who guesses at a teacher's account from one device does
not lock the teacher out on another.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

FREE_ATTEMPTS = 5
LONGEST = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)
MOST_KEYS = 10_000

Key = tuple[str, str]  # account, address


@dataclass(slots=True)
class _Failures:
    count: int
    until: datetime
    last: datetime


class Throttle:
    """Ask `attempt` before checking a password, tell `succeeded` after a right one."""

    def __init__(self) -> None:
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()
        self._lock = Lock()

    def attempt(self, key: Key, now: datetime) -> int:
        """Seconds to wait, 0 to go on. The attempt counts as failed until `succeeded` says otherwise.

        Counting first keeps a hundred guesses sent at once from all being the first.
        """
        with self._lock:
            known = self._failures.get(key)
            if known is not None and now - known.last > FORGET_AFTER:
                known = None
            if known is not None and now < known.until:
                return max(1, int((known.until - now).total_seconds() + 0.999))
            count = 1 if known is None else known.count + 1
            self._remember(key, _Failures(count, now + _delay(count), now))
            return 0

    def not_made(self, key: Key) -> None:
        """The attempt that was counted last came to no check: we were too busy, or the database was away."""
        with self._lock:
            known = self._failures.get(key)
            if known is not None:
                known.count -= 1
                known.until = known.last  # it could be made now, so whatever it followed was over
                if not known.count:
                    del self._failures[key]

    def succeeded(self, key: Key) -> None:
        with self._lock:
            self._failures.pop(key, None)

    def _remember(self, key: Key, failures: _Failures) -> None:
        self._failures[key] = failures
        self._failures.move_to_end(key)
        while len(self._failures) > MOST_KEYS:
            del self._failures[self._least(failures.last)]

    def _least(self, now: datetime) -> Key:
        """Whom to forget: of those who need not wait, whoever failed least, then longest ago.

        A flood of fresh names so pushes out its own, and nobody's count starts anew because of it.
        """

        def worth(key: Key) -> tuple[bool, int]:
            return now < self._failures[key].until, self._failures[key].count

        return min(self._failures, key=worth)


def spoken(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"


def _delay(count: int) -> timedelta:
    if count < FREE_ATTEMPTS:
        return timedelta()
    doublings = min(count - FREE_ATTEMPTS, 12)
    return min(timedelta(seconds=2**doublings), LONGEST)

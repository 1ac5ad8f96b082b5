"""Guessing slowed: after five wrong passwords for one account from one device, each more costs longer.

Kept in memory: a restart forgets, and a pupil who guesses at a teacher's account from one device does
not lock the teacher out on another. Whoever has many addresses is slowed too: all wrong passwords of an
account are counted together; half a minute at most, and nothing where it signed in before.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

FREE_ATTEMPTS = 5
LONGEST = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)
MOST_KEYS = 10_000
EVERYWHERE = "*"  # in place of a device: all of them together
FREE_EVERYWHERE = 20
LONGEST_EVERYWHERE = timedelta(seconds=30)

Key = tuple[str, str]  # account, device


@dataclass(slots=True)
class _Failures:
    count: int
    until: datetime
    last: datetime


class Throttle:
    """Ask `attempt` before checking a password, tell `succeeded` after a right one."""

    def __init__(self) -> None:
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()
        self._everywhere: OrderedDict[Key, _Failures] = OrderedDict()
        self._at_home: OrderedDict[Key, None] = OrderedDict()  # where an account signed in well
        self._lock = Lock()

    def attempt(self, key: Key, now: datetime) -> int:
        """Seconds to wait, 0 to go on. The attempt counts as failed until `succeeded` says otherwise.

        Counting first keeps a hundred guesses sent at once from all being the first.
        """
        with self._lock:
            counted = self._counted(key)
            if wait := max(_wait(kept, each, now) for kept, each in counted):
                return wait
            for kept, each in counted:
                count = kept[each].count + 1 if each in kept else 1
                failures = _Failures(count, now + _delay(count, each), now)
                if kept is self._failures:
                    self._remember(each, failures)
                else:
                    _put_last(kept, each, failures)
            return 0

    def not_made(self, key: Key) -> None:
        """The attempt that was counted last came to no check: we were too busy, or the database was away."""
        with self._lock:
            for kept, each in self._counted(key):
                known = kept.get(each)
                if known is not None:
                    known.count -= 1
                    known.until = known.last  # it could be made now, so whatever it followed was over
                    if not known.count:
                        del kept[each]

    def succeeded(self, key: Key) -> None:
        with self._lock:
            self._failures.pop(key, None)
            self._everywhere.pop((key[0], EVERYWHERE), None)
            _put_last(self._at_home, key, None)

    def _counted(self, key: Key) -> list[tuple[OrderedDict[Key, _Failures], Key]]:
        here = [(self._failures, key)]
        return here if key in self._at_home else [*here, (self._everywhere, (key[0], EVERYWHERE))]

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


def _wait(kept: OrderedDict[Key, _Failures], key: Key, now: datetime) -> int:
    known = kept.get(key)
    if known is not None and now - known.last > FORGET_AFTER:
        del kept[key]
        return 0
    if known is None or now >= known.until:
        return 0
    return max(1, int((known.until - now).total_seconds() + 0.999))


def _put_last[T](kept: OrderedDict[Key, T], key: Key, value: T) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > MOST_KEYS:
        kept.popitem(last=False)


def _delay(count: int, key: Key) -> timedelta:
    everywhere = key[1] == EVERYWHERE
    free, longest = (FREE_EVERYWHERE, LONGEST_EVERYWHERE) if everywhere else (FREE_ATTEMPTS, LONGEST)
    if count < free:
        return timedelta()
    return min(timedelta(seconds=2 ** min(count - free, 12)), longest)

"""How many at once: of what takes long, so that nobody has it all."""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock

from audit_api.problems import Problem

RETRY_SECONDS = 30


@dataclass(slots=True)
class Turns:
    """So many at once, of each kind and for each key."""

    _taken: Counter[Hashable] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def taken(self, key: Hashable) -> int:
        return self._taken[key]

    def take(self, key: Hashable, most: int, says: str) -> Callable[[], None]:
        """What gives it back; only its first call does. Raises Problem."""
        with self._lock:
            if self._taken[key] >= most:
                raise Problem("too-many-at-once", says, headers={"Retry-After": str(RETRY_SECONDS)})
            self._taken[key] += 1
        back = [key]

        def give_back() -> None:
            with self._lock:
                for each in back:
                    self._taken[each] -= 1
                back.clear()

        return give_back

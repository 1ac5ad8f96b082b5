"""The newest half minute of which each person has used a code, as this process knows it.

The database has it too; whoever puts it back there makes no used code work again.
"""

from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class UsedSteps:
    _newest: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def use(self, person_id: str, step: int) -> bool:
        """Whether it is newer than all before. Of two at once, one is right."""
        with self._lock:
            is_new = step > self._newest.get(person_id, -1)
            if is_new:
                self._newest[person_id] = step
            return is_new

    def begin(self, person_id: str, step: int) -> None:
        """With another secret: its first code."""
        with self._lock:
            self._newest[person_id] = step

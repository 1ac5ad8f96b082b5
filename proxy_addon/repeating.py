"""One person who asks again and again for what is not open (S31): noticed, and nothing else.

Only what a person surely opened is counted, so that what a page or an app loads by itself makes nobody look
bad; and only where it was the site that was not open: not where somebody may not browse at all, or where the
school has said nothing of them. What is illegal is a matter of its own. The policy says how many within how
long; once it was told, counting begins anew after that time. Each gate counts by itself, from its start.
"""

from collections import deque
from dataclasses import dataclass, field

from filter_policy.model import Reason, RepeatedBlocks

MOST_PEOPLE = 20_000
OF_ANOTHER_KIND = frozenset(
    {
        Reason.ILLEGAL,
        Reason.ISOLATED,
        Reason.PASSWORD_MUST_CHANGE,
        Reason.SUSPENDED,
        Reason.ENDED,
        Reason.NOT_YET_ALLOWED,
        Reason.NO_RULE,
    }
)


@dataclass(slots=True)
class _Tries:
    at: deque[float] = field(default_factory=deque)
    told: float | None = None


class Repeating:
    """One for the life of the process; knows only people who signed in."""

    def __init__(self) -> None:
        self._tries: dict[str, _Tries] = {}

    def blocked(self, person: str, reason: Reason, now: float, limit: RepeatedBlocks) -> str:
        """What a row should say of it ("blocks: 20 in 10 minutes"); mostly nothing. `now` in seconds, never
        going back."""
        if not person or reason in OF_ANOTHER_KIND:
            return ""
        window = limit.minutes * 60.0
        tries = self._of(person)
        if tries.told is not None and now - tries.told < window:
            return ""
        tries.at.append(now)
        while now - tries.at[0] >= window:
            tries.at.popleft()
        if len(tries.at) < limit.times:
            return ""
        tries.at.clear()
        tries.told = now
        return f"blocks: {limit.times} in {limit.minutes} minutes"

    def _of(self, person: str) -> _Tries:
        """Whoever rested longest gives way first."""
        tries = self._tries.pop(person, None)
        if tries is None and len(self._tries) >= MOST_PEOPLE:
            del self._tries[next(iter(self._tries))]
        self._tries[person] = tries = tries or _Tries()
        return tries

"""How many connections a client may have. One too many closes the oldest of theirs that waits for nothing;
where there is none, it is turned away.

Nobody has said who they are when they connect. So those who have not are counted together at each address,
and everybody else for themselves: a class behind one address does not share one number, and whoever keeps
connections open without a word keeps them from nobody. A few places are kept for whoever watches the gate:
else a flood would make it look dead.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from proxy_addon.limits import Limits
from proxy_addon.paces import BODY, EVICTABLE, Pace

KEPT = 4  # the supervisor, the health check of a container, the canaries, a technician
LOOKS = 256  # how many are looked at, oldest first, for one that may go: a flood must not make us count


class Admission:
    """`close` closes one connection at once."""

    def __init__(self, limits: Limits, most: int, close: Callable[[Pace], None]) -> None:
        self._limits = limits
        self._most = most
        self._close = close
        self._unknown: dict[str, dict[str, Pace]] = {}
        self._all: dict[str, Pace] = {}
        self._kept: set[str] = set()  # connections in kept places: these make room for nobody
        self.refused: Counter[str] = Counter()  # by address, since somebody last took them

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Pace]:
        """Over a copy: looking at them may close some."""
        return iter(list(self._all.values()))

    def admit(self, pace: Pace) -> bool:
        """Whether it may stay."""
        unknown = self._unknown.get(pace.address, {})
        if self.has_kept_place(pace):
            self._kept.add(pace.client.id)
            self._all[pace.client.id] = pace
            return True
        if len(unknown) >= self._limits.connections:
            self._forget_known(unknown)
        full = len(unknown) >= self._limits.connections and not self._make_room(unknown)
        if full or (len(self._all) >= self._most and not self._make_room(self._all)):
            self.refused[pace.address] += 1
            return False
        self._unknown.setdefault(pace.address, {})[pace.client.id] = pace
        self._all[pace.client.id] = pace
        return True

    def has_kept_place(self, pace: Pace) -> bool:
        return pace.watches and len(self._kept) < KEPT

    @staticmethod
    def _forget_known(unknown: dict[str, Pace]) -> None:
        for connection_id in [each for each, pace in unknown.items() if pace.person]:
            del unknown[connection_id]

    def _make_room(self, among: dict[str, Pace]) -> bool:
        looked_at = islice(among.values(), LOOKS)
        may_go = (pace for pace in looked_at if pace.client.id not in self._kept and _may_go(pace))
        oldest = next(may_go, None)
        if oldest is None:
            return False
        self.refused[oldest.address] += 1
        self.end(oldest.client.id)
        self._close(oldest)
        return True

    def end(self, connection_id: str) -> Pace | None:
        pace = self._all.pop(connection_id, None)
        self._kept.discard(connection_id)
        if pace is not None and (unknown := self._unknown.get(pace.address)) is not None:
            unknown.pop(connection_id, None)
            if not unknown:
                del self._unknown[pace.address]
        return pace

    def find(self, connection_id: str) -> Pace | None:
        return self._all.get(connection_id)

    def trim(self) -> None:
        """Those whom their own person has too many of: the quiet ones first, then the newest."""
        held: dict[tuple[str, str], list[Pace]] = {}
        for pace in self._all.values():
            if person := pace.person:
                held.setdefault((pace.address, person), []).append(pace)
        for (address, _), paces in held.items():
            if (over := len(paces) - self._limits.connections) > 0:
                paces.reverse()
                paces.sort(key=lambda pace: pace.now_waits_for()[0] not in EVICTABLE)
                for pace in paces[:over]:
                    self.refused[address] += 1
                    self._close(pace)


def _may_go(pace: Pace) -> bool:
    """What somebody whom nobody knows still sends was refused, or waits to be: little is lost with it."""
    what = pace.now_waits_for()[0]
    return what in EVICTABLE or (what == BODY and not pace.person)

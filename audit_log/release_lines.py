"""What the change log says of damage in the journal that a person let the recorder go on after.

`journal:release`: segment, offset, resume. The table `journal_release` only repeats it: whoever writes a row
there by hand lets nothing be skipped, and `verify` names it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.as_written import as_written, encodable
from audit_log.heartbeat import Stopped
from audit_log.seal import GENESIS, leaf_of

RELEASE = "journal:release"
LINES = text(
    "SELECT c.seq, c.entry, c.prev, c.leaf, b.leaf AS before FROM change_log c"
    " LEFT JOIN change_log b ON b.seq = c.seq - 1 WHERE c.entry LIKE :like ORDER BY c.seq"
)
Place = tuple[str, int]  # a segment, and where in it


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    place: Stopped
    actor: str


class Releases:
    """Which bytes of which segment may be left out."""

    def __init__(self, places: Iterable[Stopped]) -> None:
        self._starts: dict[Place, set[int]] = {}
        for place in places:
            self._starts.setdefault((place.segment, place.resume), set()).add(place.offset)

    def lead(self, segment: str, start: int, end: int) -> bool:
        """Whether all from `start` to `end` was let go, in one piece or in several."""
        return start in self.before(segment, end)

    def before(self, segment: str, end: int) -> set[int]:
        """From where on all up to here was let go; `end` among them."""
        reached, todo = {end}, [end]
        while todo:
            for offset in self._starts.get((segment, todo.pop()), set()) - reached:
                reached.add(offset)
                todo.append(offset)
        return reached


def release_lines(conn: Connection) -> list[ReleaseLine]:
    """Oldest first. A line that is not linked to the one before it, as a line of ours is, counts as none."""
    return list(_read(conn))


def _read(conn: Connection) -> Iterator[ReleaseLine]:
    with as_written(conn):
        rows = conn.execute(LINES, {"like": f'%"event":"{RELEASE}"%'}).all()
    for row in rows:
        entry = _entry(row)
        if entry is None or entry.get("event") != RELEASE:
            continue
        place = place_of(entry)
        if place is not None:
            yield ReleaseLine(place, str(entry.get("actor")))


def _entry(row: Row[Any]) -> Mapping[str, Any] | None:
    sound = isinstance(row.prev, bytes) and isinstance(row.entry, str) and encodable(row.entry)
    before = GENESIS if row.seq == 1 else row.before
    if not sound or row.prev != before or row.leaf != leaf_of(row.prev, row.entry):
        return None
    try:
        entry = json.loads(row.entry)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def place_of(entry: Mapping[str, Any]) -> Stopped | None:
    """Which bytes such an entry lets go."""
    try:
        told = entry["detail"]
        place = Stopped(told["segment"], told["offset"], told["resume"])
    except (KeyError, TypeError):
        return None
    sound = isinstance(place.segment, str) and type(place.offset) is type(place.resume) is int
    return place if sound else None

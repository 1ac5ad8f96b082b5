"""How far the recorder is in each segment of the journal, and where it waits."""

from dataclasses import dataclass

import structlog
from sqlalchemy import Engine, select

from audit_log.db import reading
from audit_log.heartbeat import Stopped
from audit_log.intake_batch import Place
from audit_log.journal_ranges import is_earlier, is_told, told_since
from audit_log.release_lines import Releases, release_lines
from audit_log.segments import Segment
from audit_log.tables import journal_position, journal_release

log = structlog.get_logger()


@dataclass(slots=True)
class Position:
    offset: int = 0
    torn: int = 0
    damaged: int = 0
    read: bool = False  # whole, and nothing more can come
    stopped: Stopped | None = None  # at damage, until a person lets us go on
    unreadable: bool = False  # the disk says so

    def place(self, segment: str) -> Place:
        return Place(segment, self.offset, self.torn, self.damaged)


class Positions:
    """As SQL has them, read once; `moved` and the rest follow what was committed."""

    def __init__(self, engine: Engine) -> None:
        with reading(engine) as conn:
            rows = conn.execute(select(journal_position)).all()
        self._all = {r.segment: Position(r.offset, r.torn_bytes, r.damaged_bytes) for r in rows}

    def of(self, segment: Segment) -> Position:
        return self._all.setdefault(segment.name, Position())

    def moved(self, place: Place) -> None:
        position = self._all[place.segment]
        position.offset, position.torn, position.damaged = place.offset, place.torn, place.damaged

    def forget(self, segments: list[Segment]) -> None:
        for segment in segments:
            self._all.pop(segment.name, None)

    @property
    def stopped(self) -> list[Stopped]:
        return sorted(p.stopped for p in self._all.values() if p.stopped is not None)

    @property
    def damaged(self) -> int:
        return sum(position.damaged for position in self._all.values())


def behind(found: list[Segment], positions: Positions | None) -> int:
    """Bytes on disk that are not in SQL yet, as far as is known."""
    where = {each: positions.of(each) if positions else Position() for each in found}
    unread = [(each, position) for each, position in where.items() if not position.read]
    return sum(max(0, each.path.stat().st_size - at.offset - at.torn) for each, at in unread)


def released(engine: Engine, waiting: list[Stopped]) -> list[Stopped]:
    """Those of these places after which a person let the recorder go on, with a line in the change log. One
    that names another end is none: sound records would be skipped."""
    with reading(engine) as conn:
        rows = conn.execute(select(journal_release)).all()
        agreed = {Stopped(row.segment, row.offset, row.resume) for row in rows}.intersection(waiting)
        sealed = {line.place for line in release_lines(conn)} if agreed else set()
    for place in sorted(agreed - sealed):
        log.error("journal.release_without_a_line", segment=place.segment, offset=place.offset)
    return [place for place in waiting if place in agreed & sealed]


def told_of(engine: Engine, segment: str, offset: int) -> bool:
    """Whether the seals tell of all of it up to here. If not, somebody else said that we had read it."""
    with reading(engine) as conn:
        if offset == 0 or is_earlier(segment, told_since(conn)):
            return True
        starts = Releases(line.place for line in release_lines(conn)).before(segment, offset)
        return any(start == 0 or is_told(conn, segment, start) for start in starts)

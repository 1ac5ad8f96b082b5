"""Reading the journal of one gate: its segments in their order, each as far as it is sound."""

from collections import deque

import structlog

from audit_log.intake_batch import Piece, read_piece
from audit_log.positions import Position, Positions
from audit_log.segments import JournalDamage, Segment, begins_anew

log = structlog.get_logger()


class Lane:
    """For one look at the journal: what is written meanwhile waits for the next. Asks SQL nothing."""

    def __init__(self, segments: list[Segment], positions: Positions, *, dead: bool) -> None:
        self.ended: list[Segment] = []  # read to their end, and nothing more will come
        self._all = segments
        self._positions = positions
        self._dead = dead
        self._todo = deque(segment for segment in segments if not positions.of(segment).read)
        self._sizes = {segment: segment.path.stat().st_size for segment in self._todo}

    def next(self, lines: int) -> Piece | None:
        """The next lines, of whichever segment comes next; None when there are no more."""
        while self._todo:
            segment = self._todo[0]
            position = self._positions.of(segment)
            if position.stopped is None and (piece := self._read(segment, position, lines)):
                return piece
            self._todo.popleft()
        return None

    def size(self, segment: Segment) -> int:
        return self._sizes[segment]

    def _read(self, segment: Segment, position: Position, lines: int) -> Piece | None:
        left = self._sizes[segment] - position.offset
        try:
            piece = read_piece(segment, position.offset, lines) if left > 0 else None
            if piece and (piece.lines or piece.damage):
                return piece
            if left > 0 and (later := self._later(segment)):
                anew = begins_anew(later[0].path)
                if anew is False:  # the same process went on there: all of this one was on disk
                    return _lost_its_end(segment, position, self._sizes[segment])
                if anew is None and len(later) == 1 and not self._dead:
                    return None  # what this end is will be known when its next line is there
        except OSError as fault:
            if not position.unreadable:
                log.error("journal.unreadable", segment=segment.name, at=position.offset, fault=str(fault))
            position.unreadable = True
            return None
        position.unreadable = False
        if self._dead or segment != self._all[-1]:
            self.ended.append(segment)
        return None

    def _later(self, segment: Segment) -> list[Segment]:
        return self._all[self._all.index(segment) + 1 :]


def _lost_its_end(segment: Segment, position: Position, size: int) -> Piece:
    damage = JournalDamage(segment.path, position.offset, size)
    return Piece(segment, position.offset, position.offset, damage=damage)

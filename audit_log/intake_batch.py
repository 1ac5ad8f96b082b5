"""What the recorder reads in one go: some lines of one segment of each gate, sorted by what they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from audit_log.rows import Record
from audit_log.segments import CONTINUED, STARTED, JournalDamage, Segment, read_segment

BATCH = 4000  # lines in one transaction
UNKNOWN = "no record that we know"
ANOTHER = "another record has this id"


@dataclass(slots=True)
class Piece:
    """Some lines of one segment, from `start` to `end`."""

    segment: Segment
    start: int
    end: int
    lines: int = 0
    opens: dict[str, Record] = field(default_factory=dict)
    closes: dict[str, Record] = field(default_factory=dict)
    odd: dict[str, tuple[str, Record]] = field(default_factory=dict)  # by place: why no row is made of it
    new_process: bool = False  # whatever the gate had open before this, it is not any more
    damage: JournalDamage | None = None  # right after `end`


@dataclass(frozen=True, slots=True)
class Place:
    """How far a segment is read, as it is kept beside the rows."""

    segment: str
    offset: int
    torn: int
    damaged: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One piece of each gate at most, stored in one transaction, with the places to go on from."""

    pieces: list[Piece]
    places: list[Place]

    @property
    def gates(self) -> list[str]:
        return [piece.segment.gate for piece in self.pieces]

    @property
    def gates_begun(self) -> list[str]:
        return [piece.segment.gate for piece in self.pieces if piece.new_process]

    @property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """Which bytes of which segments these are."""
        return {each.segment.name: (each.start, each.end) for each in self.pieces if each.end > each.start}

    def opens(self) -> Iterator[tuple[str, str, Record]]:
        """(event id, gate, record)"""
        for piece in self.pieces:
            for event_id, record in piece.opens.items():
                yield event_id, piece.segment.gate, record

    def closes(self) -> dict[str, Record]:
        return {event_id: record for piece in self.pieces for event_id, record in piece.closes.items()}

    def odd(self) -> list[tuple[str, str, Record]]:
        """(place, why, record)"""
        return [(key, why, record) for piece in self.pieces for key, (why, record) in piece.odd.items()]


def read_piece(segment: Segment, offset: int, lines: int = BATCH) -> Piece:
    """The next so many lines, or as far as there are any, or as far as they are sound."""
    piece = Piece(segment, offset, offset)
    try:
        for end, record in read_segment(segment.path, offset):
            _sort_in(piece, record)
            piece.end = end
            piece.lines += 1
            if piece.lines == lines:
                break
    except JournalDamage as damage:
        piece.damage = damage
    return piece


def _sort_in(piece: Piece, record: Record) -> None:
    what, event_id = record.get("t"), record.get("id")
    if not isinstance(event_id, str):
        if what == STARTED:
            piece.new_process = True
        elif what != CONTINUED:
            _keep_aside(piece, UNKNOWN, record)
        return
    if what not in ("open", "close", "whole"):
        _keep_aside(piece, UNKNOWN, record)
        return
    first = record if what == "close" else piece.opens.setdefault(event_id, record)
    last = record if what == "open" else piece.closes.setdefault(event_id, record)
    if first != record or (last != record and what == "close"):
        _keep_aside(piece, ANOTHER, record)


def _keep_aside(piece: Piece, why: str, record: Record) -> None:
    piece.odd[f"{piece.segment.name}:{piece.end}"] = (why, record)

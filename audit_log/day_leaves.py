"""The leaves of one day's seals: each row of that day is looked up in them, in whatever order rows come."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, text

from audit_log.row_seal import HALF_BYTES, ID_BYTES, root_over, split
from audit_log.seal_chain import Seal, parsed
from audit_log.streaming import streaming

OPENED, CLOSED = 0, 1
# What became of a half that was looked up.
FITS, EDITED, UNKNOWN, TWICE = "fits", "edited", "unknown", "twice"
KEPT_BYTES = 64_000_000  # of leaves in memory at once
OF_PARTS = text(
    "SELECT s.seq, s.entry, l.opened, l.closed FROM filtering_seal AS s"
    " LEFT JOIN filtering_leaf AS l ON l.seq = s.seq WHERE s.part IN :parts ORDER BY s.seq"
).bindparams(bindparam("parts", expanding=True))
OF_ONE = text("SELECT opened, closed FROM filtering_leaf WHERE seq = :seq")
Pair = tuple[bytes, bytes]


@dataclass(slots=True)
class SealState:
    """A seal, and which of its halves have been seen among the rows."""

    seal: Seal
    is_sound: bool  # its leaves hash to its roots
    is_there: bool  # it has leaves
    seen: tuple[bytearray, bytearray]
    next: list[int] = field(default_factory=lambda: [0, 0])  # where the next half is, as a rule
    gathered: tuple[list[bytes], list[bytes]] = field(default_factory=lambda: ([], []))

    @property
    def rows_fit(self) -> bool:
        """Where the leaves were changed the rows can still be held against the roots, all together."""
        sealed = (self.seal.opened_root, self.seal.closed_root)
        return sealed == tuple(root_over(sorted(each)).hex() for each in self.gathered)


class DayLeaves:
    def __init__(self, conn: Connection, parts: Iterable[str]) -> None:
        self._conn = conn
        self._kept: OrderedDict[int, Pair] = OrderedDict()
        self._size = 0
        self.seals: dict[int, SealState] = {}
        wanted = sorted(parts)
        if wanted:
            with streaming(conn, OF_PARTS, {"parts": wanted}, at_once=500) as rows:
                for row in rows:
                    self.seals[row.seq] = _state(parsed(row.entry, row.seq), row.opened, row.closed)

    def look_up(self, state: SealState, which: int, half: bytes) -> str:
        """Tick off this half."""
        if not state.is_sound:
            state.gathered[which].append(half)
            return FITS
        data, place = self._of(state.seal.seq)[which], state.next[which]
        if data[place : place + HALF_BYTES] != half:
            found = _find(data, half[:ID_BYTES])
            if found is None:
                return UNKNOWN
            place = found
        number = place // HALF_BYTES
        if state.seen[which][number]:
            return TWICE
        state.seen[which][number] = 1
        state.next[which] = place + HALF_BYTES
        return FITS if data[place : place + HALF_BYTES] == half else EDITED

    def has(self, state: SealState, event_id: str) -> bool:
        return state.is_sound and _find(self._of(state.seal.seq)[OPENED], event_id.encode()) is not None

    def unseen(self, state: SealState, which: int) -> list[str]:
        """The events whose half nobody showed."""
        if all(state.seen[which]):
            return []
        halves = split(self._of(state.seal.seq)[which])
        return [
            each[:ID_BYTES].decode("ascii", "replace")
            for each, seen in zip(halves, state.seen[which], strict=True)
            if not seen
        ]

    def _of(self, seq: int) -> Pair:
        """A few at a time."""
        pair = self._kept.get(seq)
        if pair is None:
            row = self._conn.execute(OF_ONE, {"seq": seq}).one()
            pair = self._kept[seq] = (bytes(row.opened), bytes(row.closed))
            self._size += len(pair[0]) + len(pair[1])
            while self._size > KEPT_BYTES and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone[0]) + len(gone[1])
        else:
            self._kept.move_to_end(seq)
        return pair


def _state(seal: Seal, opened: object, closed: object) -> SealState:
    sound = _is_sound(opened, seal.opened, seal.opened_root) and _is_sound(
        closed, seal.closed, seal.closed_root
    )
    seen = (bytearray(seal.opened), bytearray(seal.closed)) if sound else (bytearray(), bytearray())
    return SealState(seal, sound, opened is not None or closed is not None, seen)


def _is_sound(leaves: object, count: int, root: str) -> bool:
    if not isinstance(leaves, bytes) or len(leaves) != count * HALF_BYTES:
        return False
    return root_over(split(leaves)).hex() == root


def _find(data: bytes, event_id: bytes) -> int | None:
    """Leaves lie in the order of their ids."""
    low, high = 0, len(data) // HALF_BYTES
    while low < high:
        middle = (low + high) // 2
        if data[middle * HALF_BYTES : middle * HALF_BYTES + ID_BYTES] < event_id:
            low = middle + 1
        else:
            high = middle
    place = low * HALF_BYTES
    return place if data[place : place + ID_BYTES] == event_id else None

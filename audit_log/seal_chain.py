"""The chain of the filtering log's seals, link by link: each follows the one before, nothing is missing, and
what was signed and what the change log says of each hour agrees with it.

It reads no row: it is short work even where the log is long.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from audit_log.as_written import encodable
from audit_log.fault import Fault
from audit_log.journal_ranges import Range, Ranges, ranges_in
from audit_log.merkle import Frontier
from audit_log.row_seal import EMPTY_ROOT, INCIDENTS
from audit_log.seal import GENESIS, leaf_of
from audit_log.sealed_lines import HourLine
from audit_log.streaming import streaming

SEALS = text("SELECT seq, entry, prev, leaf, part FROM filtering_seal WHERE seq > :after ORDER BY seq")
BEFORE_ALL = -(2**31)
STRAY = text(
    "SELECT seq FROM filtering_leaf WHERE NOT EXISTS (SELECT 1 FROM filtering_seal"
    " WHERE filtering_seal.seq = filtering_leaf.seq AND part IS NOT NULL) ORDER BY seq LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Seal:
    """What one says. `part` None: of the first format, and the roots are plain hashes."""

    seq: int
    at: str
    part: str | None
    opened: int
    opened_root: str
    closed: int
    closed_root: str
    ranges: Mapping[str, Range] = field(default_factory=dict)  # what was read of the journal for it
    incidents: int = 1  # row_seal.INCIDENTS of whoever stored it


class Chain:
    """Goes on from where it stopped, so that a long check may be done in several short looks."""

    def __init__(self, heads: Mapping[int, bytes], hours: Sequence[HourLine] = ()) -> None:
        self.seq = 0
        self.first_format = 0  # the last seal of the first format
        self.sightings_from: dict[int, int] = {}  # by row_seal.INCIDENTS: the first seal of who knew so many
        self.parts: set[str] = set()
        self.ranges = Ranges()
        self._prev = GENESIS
        self._heads = heads
        self._hours = _Hours(hours)

    def follow(self, conn: Connection) -> None:
        """Up to the last seal there is. Raises Fault."""
        after = {"after": self.seq or BEFORE_ALL}
        with streaming(conn, SEALS, after) as rows:
            for row in rows:
                self._link(row)
        if (longest := max(self._heads, default=0)) > self.seq:
            raise Fault(
                self.seq + 1,
                f"The end of the filtering log is missing: it was signed up to seal {longest},"
                f" and only {self.seq} are there.",
            )
        self._hours.finish(self.seq)
        if (stray := conn.scalar(STRAY)) is not None:
            raise Fault(stray, f"There are leaves of seal {stray} of the filtering log, and no such seal.")

    def _link(self, row: Row[Any]) -> None:
        seq = self.seq + 1
        if row.seq != seq:
            raise Fault(seq, f"Seal {seq} of the filtering log is missing.")
        sound = isinstance(row.prev, bytes) and isinstance(row.entry, str) and encodable(row.entry)
        if not sound or row.prev != self._prev or row.leaf != leaf_of(row.prev, row.entry):
            raise Fault(seq, f"Seal {seq} of the filtering log was changed.")
        if self._heads.get(seq, row.leaf) != row.leaf:
            raise Fault(seq, f"Seal {seq} of the filtering log, or one before it, is not what was signed.")
        seal = parsed(row.entry, seq)
        if seal.part != row.part or (seal.part is None and self.first_format != seq - 1):
            raise Fault(seq, f"Seal {seq} of the filtering log was moved to another part.")
        if seal.part is None:
            self.first_format = seq
        else:
            self.parts.add(seal.part)
        for known in range(1, min(seal.incidents, INCIDENTS) + 1):
            self.sightings_from.setdefault(known, seq)
        self._hours.add(seal, row.leaf)
        self.ranges.add(seq, seal.at, seal.ranges)
        self.seq, self._prev = seq, row.leaf


def parsed(entry: str, seq: int) -> Seal:
    """Raises Fault."""
    try:
        said = json.loads(entry)
        part, hashed = (said["part"], "root") if "part" in said else (None, "sha256")
        opened, closed = said[f"opened_{hashed}"], said[f"closed_{hashed}"]
        ranges = ranges_in(said.get("from"))
        known = said.get("incidents", 1)
        seal = Seal(
            said["seq"], said["at"], part, said["opened"], opened, said["closed"], closed, ranges, known
        )
        sound = (
            type(known) is int
            and type(seal.opened) is type(seal.closed) is int
            and (part is None or isinstance(part, str))
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise Fault(seq, f"Seal {seq} of the filtering log is not a seal.")
    if seal.seq != seq:
        raise Fault(seq, f"Seal {seq} of the filtering log was sealed as {seal.seq}.")
    return seal


class _Hours:
    """Holds what the change log says of each hour against the seals as they pass."""

    def __init__(self, lines: Sequence[HourLine]) -> None:
        _without_gaps(lines)
        self._lines = iter([line for line in lines if line.last is not None])
        self._line = next(self._lines, None)
        self._begin()

    def _begin(self) -> None:
        self._tree = Frontier()
        self._rows = self._closed = 0

    def add(self, seal: Seal, leaf: bytes) -> None:
        line = self._line
        if line is None:
            return
        self._tree.add(leaf)
        self._rows += seal.opened
        self._closed += seal.closed
        if seal.seq != line.last:
            return
        if (self._tree.root().hex(), self._rows, self._closed) != (line.root, line.rows, line.closed):
            raise Fault(seal.seq, f"{_name(line)} is not what seals {line.first} to {line.last} hold.")
        self._line = next(self._lines, None)
        self._begin()

    def finish(self, last: int) -> None:
        if self._line is not None:
            raise Fault(
                last + 1,
                f"{_name(self._line)} tells of seals up to {self._line.last}, and only {last} are there.",
            )


def _without_gaps(lines: Sequence[HourLine]) -> None:
    """Each begins where the one before it ended (or earlier, if a clock was put back), with the next seal."""
    expected, end = 1, None
    for line in lines:
        if end is not None and line.start > end:
            raise Fault(
                expected,
                f"{_name(line)} does not follow: nothing tells of the time from {end:%d %B %Y %H:%M}.",
            )
        if line.last is None:
            empty = (line.first, line.rows, line.closed, line.root) == (None, 0, 0, EMPTY_ROOT)
            if not empty:
                raise Fault(expected, f"{_name(line)} contradicts itself.")
        elif line.first != expected or line.last < expected:
            raise Fault(expected, f"{_name(line)} begins with seal {line.first}, and not with {expected}.")
        else:
            expected = line.last + 1
        end = line.end


def _name(line: HourLine) -> str:
    return f"Entry {line.seq} of the change log, of {line.start:%d %B %Y %H:%M} to {line.end:%d %B %Y %H:%M},"

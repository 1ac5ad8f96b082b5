"""Which bytes of the journal are in the filtering log, as its seals say: none was skipped.

The first seal of each batch says from where to where it read each segment. So the ranges of a segment must
follow each other from its first byte on, but for damage that a person let the recorder leave out; and where
the recorder says that it is must be where the last range ends. A segment of before seals said so may begin
anywhere.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from audit_log.as_written import as_written, shown
from audit_log.findings import Findings
from audit_log.release_lines import Releases, release_lines
from audit_log.segments import NAME

POSITIONS = text('SELECT segment, "offset" AS reached FROM journal_position ORDER BY segment')
FIRST = text("SELECT seq, entry FROM filtering_seal WHERE entry LIKE :like ORDER BY seq LIMIT 1")
LAST = text("SELECT 1 FROM filtering_seal WHERE entry LIKE :like ORDER BY seq DESC LIMIT 1")
FROM = '%"from":{%'
NANOSECONDS = 1_000_000_000
Range = tuple[int, int]


class Ranges:
    """Gathers what the seals say, in their order."""

    def __init__(self) -> None:
        self.ends: dict[str, int] = {}
        self.skips: list[tuple[int, str, int, int]] = []  # the seal, and what no seal tells of
        self._since: int | None = None  # segments that were begun from then on are told of whole

    def add(self, seq: int, at: str, ranges: Mapping[str, Range]) -> None:
        if ranges and self._since is None:
            self._since = 0 if seq == 1 else _nanoseconds(at)
        for segment, (start, end) in ranges.items():
            before = self.ends.get(segment, start if self._is_earlier(segment) else 0)
            if start > before:
                self.skips.append((seq, segment, before, start))
            self.ends[segment] = max(end, before)  # what is read again is not stored again

    def check(self, conn: Connection, found: Findings) -> None:
        """What was skipped, and positions that are not where the recorder was."""
        releases = Releases(line.place for line in release_lines(conn))
        for seq, segment, start, end in self.skips:
            if not releases.lead(segment, start, end):
                found.add(
                    f"Before seal {seq}, the bytes {start} to {end} of {shown(segment)} of the journal were"
                    " skipped, and nobody said so.",
                    seq,
                )
        with as_written(conn):
            rows = conn.execute(POSITIONS).all()
        for row in rows:
            self._hold(row.segment, row.reached, releases, found)

    def _hold(self, segment: object, reached: object, releases: Releases, found: Findings) -> None:
        if not isinstance(segment, str) or type(reached) is not int:
            found.add(f"Where the recorder is in {shown(segment)} was changed: it is no place.", None)
            return
        end = self.ends.get(segment, 0)
        if segment not in self.ends and self._is_earlier(segment):
            return
        if not releases.lead(segment, end, reached):
            found.add(
                f"Where the recorder is in {shown(segment)} was changed: it says {reached}, and the seals"
                f" tell of {end} bytes.",
                None,
            )

    def _is_earlier(self, segment: str) -> bool:
        return is_earlier(segment, self._since)


def is_earlier(segment: str, since: int | None) -> bool:
    """Whether it was begun before seals told of the journal; `since` None: none does yet."""
    if since is None:
        return True
    named = NAME.fullmatch(segment)
    return named is not None and int(named["ns"]) < since


def told_since(conn: Connection) -> int | None:
    """Since when seals tell of the journal, as the names of segments count: 0 is from the first seal on."""
    first = conn.execute(FIRST, {"like": FROM}).one_or_none()
    if first is None:
        return None
    return 0 if first.seq == 1 else _nanoseconds(json.loads(first.entry)["at"])


def is_told(conn: Connection, segment: str, end: int) -> bool:
    """Whether a seal says that it was read up to there. Looked for from the newest on."""
    return conn.execute(LAST, {"like": f'%"{segment}":[%,{end}]%'}).first() is not None


def ranges_in(said: object) -> dict[str, Range]:
    """Of a seal's `from`. Raises ValueError."""
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise ValueError("not ranges")
    return {segment: _range(each) for segment, each in said.items()}


def _range(said: object) -> Range:
    if isinstance(said, list) and [type(each) for each in said] == [int, int]:
        start, end = said
        if 0 <= start <= end:
            return start, end
    raise ValueError("not a range")


def _nanoseconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp()) * NANOSECONDS

"""The journal's files: lines that carry their own checksum, in segments named by gate and time.

A line is `crc32 (8 hex) + space + JSON + newline`. Bytes at the end of a segment that make no whole line were
never acknowledged to anybody (a crash cut them off) and end the reading; a bad line with good ones after it
is damage, and is said so. Standard library only: the gate imports this.
"""

import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHUNK = 1 << 18
TAIL = 1 << 18
NAME = re.compile(r"(?P<gate>.+)-(?P<ns>\d{20})\.journal")
STARTED, CONTINUED = "start", "continued"  # the first line of a segment: a new process, or the next file

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_decode = json.JSONDecoder().raw_decode


class JournalDamage(Exception):
    """A line in the middle of a segment is not what was written; reading can go on at `resume`."""

    def __init__(self, path: Path, offset: int, resume: int) -> None:
        super().__init__(f"{path.name}: damaged from byte {offset} to {resume}")
        self.path = path
        self.offset = offset
        self.resume = resume


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One file of the journal; sorts by gate, then by time."""

    gate: str
    ns: int
    path: Path

    @property
    def name(self) -> str:
        return self.path.name


def segment_path(folder: Path, gate: str, ns: int) -> Path:
    return folder / f"{gate}-{ns:020d}.journal"


def lock_path(folder: Path, gate: str) -> Path:
    """Locked (flock) by the gate while it lives, so that others can tell that it is dead."""
    return folder / f"{gate}.lock"


def segments(folder: Path) -> list[Segment]:
    found = []
    for name in os.listdir(folder):
        if match := NAME.fullmatch(name):
            found.append(Segment(match["gate"], int(match["ns"]), folder / name))
    return sorted(found)


def encode_line(record: dict[str, object]) -> bytes:
    """One line. Raises ValueError or TypeError for what JSON cannot hold."""
    body = _encode(record).encode("ascii")
    return b"%08x %b\n" % (zlib.crc32(body), body)


def decode_line(line: bytes) -> dict[str, Any] | None:
    """The record of a line without its newline; None when the line is not what was written."""
    body = line[9:]
    try:
        if line[8:9] != b" " or int(line[:8], 16) != zlib.crc32(body):
            return None
        record, end = _decode(body.decode("ascii"))
    except ValueError:
        return None
    return record if isinstance(record, dict) and end == len(body) else None


def read_segment(path: Path, offset: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """(offset after the record, record) from `offset` on; ends at a torn tail. Raises JournalDamage."""
    for start, end, line in _lines(path, offset):
        record = decode_line(line)
        if record is None:
            resume = _next_good(path, end)
            if resume is None:
                return
            raise JournalDamage(path, start, resume)
        yield end, record


def _lines(path: Path, offset: int) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, line without newline) of every line that has its newline."""
    rest = b""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        while chunk := file.read(CHUNK):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                end = offset + len(line) + 1
                yield offset, end, line
                offset = end


def _next_good(path: Path, offset: int) -> int | None:
    return next((start for start, _, line in _lines(path, offset) if decode_line(line) is not None), None)


def begins_anew(path: Path) -> bool | None:
    """Whether a process of the gate begins here; None while its first line is not there yet."""
    first = next(_lines(path, 0), None)
    if first is None:
        return None
    record = decode_line(first[2])
    return record is None or record.get("t") != CONTINUED  # lost with the line, it is taken for a beginning


def opened_in(path: Path) -> set[str]:
    """The ids of all events that were opened in this segment, as far as it can be read."""
    records = (decode_line(line) for _, _, line in _lines(path, 0))
    opens = (record for record in records if record and record.get("t") == "open")
    return {event_id for record in opens if isinstance(event_id := record.get("id"), str)}


def last_time(folder: Path) -> str | None:
    """The latest `at` near the end of each gate's newest segment that has one."""
    return max((at for at in _last_times(segments(folder)).values() if at), default=None)


def newest_with_times(found: list[Segment]) -> set[Segment]:
    """The segments that `last_time` looks at; they must not be deleted."""
    return set(_last_times(found))


def _last_times(found: list[Segment]) -> dict[Segment, str | None]:
    """For each gate its newest segments, back to the first that has a time."""
    times: dict[Segment, str | None] = {}
    known: set[str] = set()
    for segment in sorted(found, reverse=True):
        if segment.gate not in known:
            times[segment] = at = _last_at(segment.path)
            if at:
                known.add(segment.gate)
    return times


def _last_at(path: Path) -> str | None:
    start = max(0, path.stat().st_size - TAIL)  # the first line there may be half a line: it is skipped
    records = (decode_line(line) for _, _, line in _lines(path, start))
    return max((at for record in records if record and isinstance(at := record.get("at"), str)), default=None)

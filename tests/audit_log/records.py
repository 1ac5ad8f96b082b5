"""Journal records and segments for tests: small, named, and different only in what the test is about."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from audit_log.journal import Journal
from audit_log.seal import stamp
from audit_log.segments import STARTED, encode_line, segment_path
from tests.builders import NOON

Record = dict[str, Any]


def event_id(number: int) -> str:
    return f"{number:026d}"


def an_open(number: int = 1, at: datetime | None = None, **changes: Any) -> Record:
    """Request number `number`, so many seconds after NOON, by a pupil of 6B."""
    return {
        "t": "open",
        "id": event_id(number),
        "at": stamp(at or NOON + timedelta(seconds=number)),
        "kind": "request",
        "gate": "gate-1",
        "person": "p_anna",
        "role": "pupil",
        "groups": ["upper-ks2"],
        "classes": ["6B"],
        "address": "127.0.0.9",
        "method": "GET",
        "url": "https://news.bbc.example/world/rivers",
        "host": "news.bbc.example",
        "category": "education",
        "list": "starter-education",
        "entry": "bbc.example",
        "verdict": "allow",
        "reason": "category-allowed",
        "rule": "access.education.everyone",
        "unblock": None,
        "revision": "r" * 64,
    } | changes


def a_close(number: int = 1, **changes: Any) -> Record:
    return {
        "t": "close",
        "id": event_id(number),
        "at": stamp(NOON + timedelta(seconds=number + 1)),
        "status": 200,
        "up": 512,
        "down": 20_480,
        "ms": 98,
        "outcome": "done",
    } | changes


def a_whole(number: int = 1, **changes: Any) -> Record:
    """Answered at once, by a block page."""
    blocked = {"verdict": "block", "reason": "category-not-allowed", "status": 403, "category": "gambling"}
    return (
        an_open(number) | a_close(number) | {"at": an_open(number)["at"]} | blocked | {"t": "whole"} | changes
    )


def lines(*records: Record) -> bytes:
    return b"".join(encode_line(record) for record in records)


def a_segment(
    folder: Path, records: Iterable[Record], *, ns: int = 1, gate: str = "gate-1", how: str = STARTED
) -> Path:
    """A segment as a gate leaves it; nobody holds the gate's lock."""
    path = segment_path(folder, gate, ns)
    path.write_bytes(lines({"t": how, "gate": gate}, *records))
    return path


def add_to(path: Path, *records: Record) -> None:
    with path.open("ab") as file:
        file.write(lines(*records))


@contextmanager
def a_live_gate(folder: Path, gate: str = "gate-1") -> Iterator[Callable[..., None]]:
    """A gate that holds its lock; what it is given is in its journal when the call returns."""
    journal = Journal(folder, gate, segment_bytes=2000)

    def write(*records: Record) -> None:
        for record in records:
            journal._file.append(lines(record))

    yield write
    journal.close()

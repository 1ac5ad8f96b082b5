"""A gate as the recorder sees it: a program that writes all kinds of events to a journal until it is killed.

python -m tests.crashes.journal_load FOLDER GATE EVENTS_A_SECOND
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from audit_log.journal import Journal, new_event_id
from audit_log.seal import stamp
from tests.audit_log.records import Record, a_close, a_whole, an_open

WORKERS = 20
SEGMENT = 300_000  # bytes: many segments
GROUPS = (["upper-ks2"], ["reception-ks1"], ["staff", "upper-ks2"])
HOSTS = ("www.bbc.co.uk", "bet.test", "a.b.school-books.test", "10.0.0.9")
# How the events of a school differ, in turn. None: it is never closed.
SHAPES: tuple[tuple[str, str | None], ...] = (
    ("request", "done"),
    ("request", "done"),
    ("whole", None),
    ("connect", "decrypted"),
    ("connect", "not decrypted"),
    ("request", "cut"),
    ("websocket", "done"),
    ("request", None),
    ("connect", None),
    ("whole connect", None),
    ("request", "failed"),
)


def opening(number: int, kind: str) -> Record:
    """Of today or yesterday, so that it is of more than one part of the log."""
    at = datetime.now(UTC) - timedelta(days=number % 2)
    event_id = new_event_id(int(at.timestamp() * 1e6) * 1000)
    make = a_whole if kind.startswith("whole") else an_open
    host = HOSTS[number % len(HOSTS)]
    return make(number) | {
        "id": event_id,
        "at": stamp(at),
        "kind": kind.removeprefix("whole").strip() or "request",
        "groups": GROUPS[number % len(GROUPS)],
        "host": host,
        "url": f"https://{host}/{number}",
        "category": "education" if number % 3 else None,
        "list": "starter-education" if number % 3 else None,
        "page": number % 4 == 0,
        "keep": "pupils" if number % 3 < 2 else "adults",
        "terms": f"rivers {number}" if number % 7 == 0 else None,
    }


def closing(number: int, event_id: str, how: str) -> Record:
    outcome = how if how in ("done", "cut", "failed") else "done"
    record = a_close(id=event_id, at=stamp(datetime.now(UTC)), outcome=outcome, down=number)
    return record | ({"decrypted": how == "decrypted"} if "decrypted" in how else {})


async def work(journal: Journal, numbers: "count[int]", pause: float) -> None:
    while True:
        number = next(numbers)
        kind, how = SHAPES[number % len(SHAPES)]
        record = opening(number, kind)
        await journal.append(record)
        await asyncio.sleep(pause)
        if how is not None:
            journal.note(closing(number, record["id"], how))


async def main(folder: Path, gate: str, rate: float) -> None:
    journal = Journal(folder, gate, segment_bytes=SEGMENT)
    numbers = count(time.time_ns() % 1000)
    await asyncio.gather(*(work(journal, numbers, WORKERS / rate) for _ in range(WORKERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))

"""A program that writes to a journal under load and says on stdout what was acknowledged, until it is killed.

    python -m tests.audit_log.journal_writer FOLDER WORKERS WAY

WAY: `honest` says it after the append; `early` says it before, as a careless gate would; `limit` may write
no file longer than 20,000 bytes, as on a full disk.
"""

import asyncio
import os
import resource
import sys
import time
from pathlib import Path

from audit_log.journal import Journal, JournalError, new_event_id
from tests.audit_log.records import a_close, an_open


async def work(journal: Journal, way: str) -> None:
    while True:
        event_id = new_event_id(time.time_ns())
        record = an_open(id=event_id, url="x" * 300)
        if way == "early":
            os.write(1, f"{event_id}\n".encode())
        try:
            await journal.append(record)
        except JournalError:
            os.write(1, f"refused {event_id}\n".encode())
            await asyncio.sleep(0.005)
            continue
        if way != "early":
            os.write(1, f"{event_id}\n".encode())
        if not event_id.endswith("0"):  # now and then one stays open
            journal.note(a_close(id=event_id))


async def main(folder: Path, workers: int, way: str) -> None:
    if way == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    journal = Journal(folder, "gate-1", segment_bytes=200_000)
    await asyncio.gather(*(work(journal, way) for _ in range(workers)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))

"""The change log as one file, to be checked by somebody who does not trust us (A54).

It is written in one view of the database to a file that nobody else can open and that has no name, and sent
from there: a slow reader holds up no change, and nothing is held in memory. Taking it leaves no line: it
holds nobody's browsing, and nothing that the pages of the change log do not show to the same reader.
"""

import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import IO

from starlette.concurrency import run_in_threadpool

from audit_api.changes import hidden_texts
from audit_api.marks import HEADER, mark_of
from audit_api.streams import Stream
from audit_api.window import Visit
from audit_log.change_export import export_lines
from audit_log.db import reading

AT_ONCE = 1  # for each person
PART = 1 << 16


def export_of(visit: Visit) -> Stream:
    """Raises Problem."""
    says = "You have an export under way."
    give_back = visit.window.turns.take(("change-export", visit.reader.person_id), AT_ONCE, says)
    try:
        mark = str(mark_of(visit))
        file, entries = _written(visit, mark)
    except BaseException:
        give_back()
        raise

    def end() -> None:
        file.close()
        give_back()

    headers = {HEADER: mark, "Content-Disposition": f'attachment; filename="change-log-{entries}.jsonl"'}
    return Stream(_in_threads(_parts(file)), end, "application/x-ndjson", headers)


def _written(visit: Visit, mark: str) -> tuple[IO[bytes], int]:
    """From its beginning, and how many entries it has."""
    file = tempfile.TemporaryFile(dir=visit.desk.state)  # noqa: SIM115  # closed when all of it is sent
    try:
        entries = 0
        with reading(visit.desk.engine) as conn:
            key = visit.desk.key.public_key()
            for line in export_lines(conn, key, visit.now, hidden_texts(visit), mark):
                entries += line.startswith('{"entry"')
                file.write(line.encode())
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, entries


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(PART):
        yield part


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The event loop waits for no disk."""
    while (part := await run_in_threadpool(next, parts, None)) is not None:
        yield part

"""Everything that a filter finds in the filtering log, as one file (S17, S101).

It is recorded before its first byte, with the number of rows; the number of that line is in the name of the
file and on each of its rows, so that a copy that turns up anywhere tells who took it and why.

Rows are read some at a time, each time in a short transaction, so that a slow reader holds up neither the
recorder nor retention. What is stored after the export began is left out, and whose rows are whose is told as
it was agreed then. How a request ended may be learnt meanwhile, and rows whose time is over may go: they are
as they were when they were read.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.concurrency import run_in_threadpool

from audit_api.answers import LogRowOut
from audit_api.filtering_log import Look, look_at_all
from audit_api.log_wanted import ToExport
from audit_api.marks import COLUMN as MARK
from audit_api.marks import HEADER, mark_of
from audit_api.rows import as_csv
from audit_api.streams import BrokenOff, Stream, is_still_here
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.filtering_log import counted, last_seal, search
from audit_log.search_filter import Sought, sought
from change_control.looks import record_export

AT_ONCE = 1  # for each person
ROWS = 1000  # read at a time
MEDIA_TYPES: Mapping[str, str] = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
EVENT = "export_event"
COLUMNS = (*LogRowOut.model_fields, EVENT, MARK)


def export_of(visit: Visit, asked: ToExport) -> Stream:
    """Raises Problem."""
    says = "You have an export under way."
    give_back = visit.window.turns.take(("export", visit.reader.person_id), AT_ONCE, says)
    try:
        export = _begin(visit, asked)
    except BaseException:
        give_back()
        raise
    headers = {
        "Export-Event": str(export.event),
        HEADER: export.mark,
        "Export-Rows": str(export.rows),
        "Export-Names": "yes" if export.look.by_name else "no",
        "Content-Disposition": f'attachment; filename="filtering-log-{export.event}.{asked.format}"',
    }
    return Stream(_in_threads(export.parts()), give_back, MEDIA_TYPES[asked.format], headers)


@dataclass(frozen=True, slots=True)
class Export:
    visit: Visit
    look: Look
    of: Sought
    form: str
    rows: int
    event: int
    mark: str

    def parts(self) -> Iterator[bytes]:
        """Raises BrokenOff when whoever asked is no longer who may."""
        if self.form == "csv":
            yield as_csv([], COLUMNS).encode()
        cursor = None
        while True:
            if not is_still_here(self.visit):
                raise BrokenOff
            with reading(self.visit.desk.engine) as conn:
                found = search(conn, self.of, ROWS, cursor)
                shown = list(self.look.view.shown(conn, found.rows))
            yield self._written(shown)
            cursor = found.next
            if cursor is None:
                return

    def _written(self, shown: Sequence[LogRowOut]) -> bytes:
        rows: list[dict[str, Any]] = [
            {**row.model_dump(mode="json"), EVENT: self.event, MARK: self.mark} for row in shown
        ]
        if self.form == "csv":
            return as_csv(rows, COLUMNS, header=False).encode()
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def _begin(visit: Visit, asked: ToExport) -> Export:
    engine = visit.desk.engine
    with reading(engine) as conn:
        look = look_at_all(conn, visit, asked)
        of = sought(conn, replace(look.what, upto_seal=last_seal(conn)))
    rows = counted(engine, of)
    with reading(engine) as conn:
        look = replace(look, what=of.what)
        told = look.recorded(asked, look.shown_to(conn))
    event = record_export(visit.desk, visit.reader.actor, told, rows, visit.now, form=asked.format)
    return Export(visit, look, of, asked.format, rows, event, str(mark_of(visit, event)))


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The event loop waits for no database; a part is made when the one before has been sent."""
    while (part := await run_in_threadpool(next, parts, None)) is not None:
        yield part

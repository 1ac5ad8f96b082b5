"""Whatever leaves here as a file says whose it is: in the file where its form has room, and in a header."""

from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from audit_api.problems import Problem
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.export_mark import Mark, marked
from audit_log.tables import change_log

HEADER = "Schoolgate-Export"
COLUMN = "export_mark"
FILES = ("text/csv", "application/x-ndjson", "application/zip")


def mark_of(visit: Visit, entry: int | None = None) -> Mark:
    """`entry`: the line that this left; without one, the newest there is."""
    try:
        policy = visit.window.bundle().revision
    except Problem:  # nothing is in force: what is kept may be taken out all the same
        policy = None
    number = _newest(visit) if entry is None else entry
    return marked(visit.desk.key, number, visit.reader.username, visit.now, policy)


async def with_mark(visit: Visit, response: Response) -> Response:
    """A file that does not carry one of its own."""
    kind = response.headers.get("content-type", "").partition(";")[0]
    is_file = kind in FILES or "content-disposition" in response.headers
    if is_file and response.status_code == 200 and HEADER not in response.headers:
        response.headers[HEADER] = mark = str(await run_in_threadpool(mark_of, visit))
        if kind == "text/csv" and isinstance(whole := getattr(response, "body", None), bytes):
            response.body = await run_in_threadpool(in_each_row, whole, mark)
            response.headers["Content-Length"] = str(len(response.body))
    return response


def in_each_row(sheet: bytes, mark: str) -> bytes:
    """A sheet with one more column, since a header is lost as soon as a file is saved."""
    written, inside, cell = [], False, COLUMN
    for line in sheet.decode().split("\r\n"):
        inside ^= line.count('"') % 2 == 1  # a cell goes on in the next line
        if inside or not line:
            written.append(line)
        else:
            written.append(f'{line},"{cell}"')
            cell = mark
    return "\r\n".join(written).encode()


def _newest(visit: Visit) -> int:
    with reading(visit.desk.engine) as conn:
        return conn.scalar(select(func.max(change_log.c.seq))) or 0

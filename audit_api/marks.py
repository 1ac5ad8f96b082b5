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
        response.headers[HEADER] = str(await run_in_threadpool(mark_of, visit))
    return response


def _newest(visit: Visit) -> int:
    with reading(visit.desk.engine) as conn:
        return conn.scalar(select(func.max(change_log.c.seq))) or 0

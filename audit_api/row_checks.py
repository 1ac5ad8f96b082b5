"""Reading the whole filtering log again, for somebody who asked: a line for each day, then the verdict.

Each day is read in a transaction of its own, so that the recorder never waits for long, and whoever goes away
ends it. The change log is verified with it, since it says what was removed lawfully.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from functools import partial

from sqlalchemy import Connection, Engine
from starlette.concurrency import run_in_threadpool

from audit_api.problems import Problem
from audit_api.streams import Stream
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.whole import WholeCheck

AT_ONCE = 2  # it reads every row: more would only take turns at the disk


def check_of(visit: Visit, day: str | None) -> Stream:
    """Raises Problem."""
    only = None if day is None else [_day(day)]
    give_back = visit.window.turns.take("verify", AT_ONCE, f"{AT_ONCE} people verify the log already.")
    check = WholeCheck(visit.desk.key.public_key(), only)
    return Stream(lines(visit.desk.engine, check), give_back, "application/x-ndjson")


async def lines(engine: Engine, check: WholeCheck) -> AsyncIterator[bytes]:
    """`{"day", "done", "days"}` for each day that was read, and at the end what came of it."""
    await _step(engine, check.begin)
    for number, day in enumerate(check.days, start=1):
        yield _line({"day": str(day), "done": number - 1, "days": len(check.days)})
        await _step(engine, partial(_one_day, check, day))
    both, rows = await _step(engine, check.finish)
    yield _line(
        {
            "whole": both.whole,
            "rows": rows.entries,
            "entries": both.entries,
            "first_bad": both.first_bad,
            "says": both.says,
            "faults": list(rows.named),
        }
    )


def _one_day(check: WholeCheck, day: date, conn: Connection) -> None:
    check.one_day(conn, day)


async def _step[T](engine: Engine, step: Callable[[Connection], T]) -> T:
    def run() -> T:
        with reading(engine) as conn:
            return step(conn)

    return await run_in_threadpool(run)


def _line(said: Mapping[str, object]) -> bytes:
    return f"{json.dumps(said, ensure_ascii=False)}\n".encode()


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Problem("bad-input", errors={"day": "a day like 2026-11-24 is needed"}) from None

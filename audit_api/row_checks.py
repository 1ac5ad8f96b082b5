"""Reading the whole filtering log again, for somebody who asked: a line for each day, and more of
them while one takes long, then the verdict.

Each day is read in a transaction of its own, so that the recorder never waits for long, and whoever goes away
ends it. The change log is verified with it, since it says what was removed lawfully.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from anyio import CancelScope
from sqlalchemy import Connection, Engine
from starlette.concurrency import run_in_threadpool

from audit_api.problems import Problem
from audit_api.streams import Stream
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.verification import Verification
from audit_log.whole import WholeCheck

SAY_SECONDS = 15.0
STARTS = {"day": None, "done": 0, "days": 0}  # the seals are read first
AT_ONCE = 2  # it reads every row: more would only take turns at the disk


def check_of(visit: Visit, day: str | None) -> Stream:
    """Raises Problem."""
    only = None if day is None else [_day(day)]
    give_back = visit.window.turns.take("verify", AT_ONCE, f"{AT_ONCE} people verify the log already.")
    check = WholeCheck(visit.desk.key.public_key(), only)
    return Stream(lines(visit.desk.engine, check), give_back, "application/x-ndjson")


async def lines(engine: Engine, check: WholeCheck) -> AsyncIterator[bytes]:
    """`{"day", "done", "days"}` for each day that was read, and at the end what came of it."""
    step: asyncio.Task[Any] = _step(engine, check.begin)
    try:
        while not await _is_done(step):
            yield _line(STARTS)
        step.result()
        for number, day in enumerate(check.days, start=1):
            at, begun = {"day": str(day), "done": number - 1, "days": len(check.days)}, time.monotonic()
            yield _line(at)
            step = _step(engine, partial(_one_day, check, day))
            while not await _is_done(step):
                yield _line(at | {"seconds": int(time.monotonic() - begun)})
            step.result()
        step = _step(engine, check.finish)
        while not await _is_done(step):
            yield _line({"day": None, "done": len(check.days), "days": len(check.days)})
        yield _line(_verdict(*step.result()))
    finally:
        with CancelScope(shield=True):  # a thread cannot be stopped; its turn is given back when it is done
            await asyncio.wait({step})


def _verdict(both: Verification, rows: Verification) -> Mapping[str, object]:
    return {
        "whole": both.whole,
        "rows": rows.entries,
        "entries": both.entries,
        "first_bad": both.first_bad,
        "says": both.says,
        "faults": list(rows.named),
    }


def _one_day(check: WholeCheck, day: date, conn: Connection) -> None:
    check.one_day(conn, day)


def _step[T](engine: Engine, step: Callable[[Connection], T]) -> asyncio.Task[T]:
    def run() -> T:
        with reading(engine) as conn:
            return step(conn)

    return asyncio.create_task(run_in_threadpool(run))


async def _is_done(step: asyncio.Task[Any]) -> bool:
    """Waits for it, but not so long that somebody takes us for dead."""
    done, _ = await asyncio.wait({step}, timeout=SAY_SECONDS)
    return bool(done)


def _line(said: Mapping[str, object]) -> bytes:
    return f"{json.dumps(said, ensure_ascii=False)}\n".encode()


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Problem("bad-input", errors={"day": "a day like 2026-11-24 is needed"}) from None

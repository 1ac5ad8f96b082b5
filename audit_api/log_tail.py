"""The filtering log as it grows: each row as it is stored, for a quarter of an hour at most (S17, S101).

A line in the change log tells that somebody began to watch, and one at the end how many rows they saw.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

import structlog
from pydantic import Field
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from audit_api.few import FEW
from audit_api.filtering_log import Look, look_at_all
from audit_api.log_wanted import Sought
from audit_api.looked_at import few_of, people_of
from audit_api.problems import Problem
from audit_api.streams import Stream, is_still_here
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.filtering_log import last_seal, newer
from audit_log.tables import filtering_seal
from change_control.looks import Ending, record_tail, record_tail_end
from filter_policy.bundle import Bundle

AT_ONCE = 8
EACH = 3  # of one person: a page that is loaded again, before the old one is known to be gone
LONGEST = timedelta(minutes=15)
EVERY = 1.0  # seconds
SILENT_FOR = 10  # looks without a row; then an empty line says that somebody is there
ROWS = 1000  # at a look
OLDEST = timedelta(minutes=10)
LARGEST = 2**63 - 1

log = structlog.get_logger()


class ToWatch(Sought):
    after: Annotated[
        int | None,
        Field(ge=0, le=LARGEST, description="the last seal that was shown; ten minutes old at most"),
    ] = None


def tail_of(visit: Visit, asked: ToWatch) -> Stream:
    """Raises Problem."""
    turns = visit.window.turns
    own = turns.take(("tail", visit.reader.person_id), EACH, f"You watch {EACH} times already.")
    try:
        of_all = turns.take("tail", AT_ONCE, f"{AT_ONCE} people watch already.")
    except Problem:
        own()
        raise

    def give_back() -> None:
        own()
        of_all()

    try:
        tail = _begin(visit, asked)
    except BaseException:
        give_back()
        raise

    def end() -> None:
        give_back()
        tail.record_end()

    return Stream(lines(tail), end, "application/x-ndjson")


@dataclass(slots=True)
class Tail:
    """One watching. `ended` is None as long as it goes on; it stays so when the client just goes."""

    visit: Visit
    asked: ToWatch
    look: Look
    bundle: Bundle  # that `look` was made by
    seal: int  # shown up to here
    began: int  # the line of the change log
    seen: int = 0
    ended: Ending | None = None
    people: set[str] = field(default_factory=set)  # whose rows were shown by name; of many, not all

    def look_again(self) -> bytes:
        """What came since, as lines of JSON; the last one says how it ended."""
        try:
            self.ended = self._is_over()
            if self.ended:
                return f"{json.dumps({'ended': self.ended})}\n".encode()
            return self._newer()
        except (SQLAlchemyError, Problem) as error:
            refused = isinstance(error, Problem) and error.slug != "no-policy"
            self.ended = "right" if refused else "fault"
            return f"{json.dumps({'ended': self.ended})}\n".encode()

    def _is_over(self) -> Ending | None:
        if self.visit.window.clock() - self.visit.now >= LONGEST:
            return "time"
        return None if is_still_here(self.visit) else "right"

    def _newer(self) -> bytes:
        """Raises Problem when the register has changed so that the filter now leads to few."""
        with reading(self.visit.desk.engine) as conn:
            bundle = self.visit.window.bundle()
            if bundle is not self.bundle:
                self.look, self.bundle = self._look_by(conn), bundle
            found = newer(conn, self.look.what, self.seal, ROWS)
            shown = list(self.look.view.shown(conn, found.rows))
        self.seal = found.seal
        self.seen += len(shown)
        if self.look.by_name and len(self.people) <= FEW:
            self.people = self.people.union(*map(people_of, found.rows))
        return "".join(f"{row.model_dump_json()}\n" for row in shown).encode()

    def _look_by(self, conn: Connection) -> Look:
        """By the register as it is now. Raises Problem where the filter leads to few now."""
        look = look_at_all(conn, self.visit, self.asked)
        if look.by_name != self.look.by_name:  # it was not recorded so
            raise Problem("wrong-role")
        return look

    def record_end(self) -> None:
        how, now = self.ended or "left", self.visit.window.clock()
        try:
            people = few_of(self.people)
            record_tail_end(self.visit.desk, self.began, self.seen, how, now, people=people)
        except SQLAlchemyError as error:
            log.error("tail.end_not_recorded", began=self.began, rows=self.seen, error=type(error).__name__)


async def lines(tail: Tail) -> AsyncIterator[bytes]:
    """The event loop waits for no database. An empty line at first, and whenever nothing came for a while."""
    yield b"\n"
    silent = 0
    while True:
        part = await run_in_threadpool(tail.look_again)
        silent = 0 if part else silent + 1
        if part or silent % SILENT_FOR == 0:
            yield part or b"\n"
        if tail.ended:
            return
        await asyncio.sleep(EVERY)


def _begin(visit: Visit, asked: ToWatch) -> Tail:
    bundle = visit.window.bundle()
    with reading(visit.desk.engine) as conn:
        look, seal = look_at_all(conn, visit, asked), _seal(conn, visit, asked.after)
    filters = asked.model_copy(update={"after": None})  # it says nothing of what is read
    began = record_tail(visit.desk, visit.reader.actor, look.recorded(filters), visit.now)
    return Tail(visit, asked, look, bundle, seal, began)


def _seal(conn: Connection, visit: Visit, after: int | None) -> int:
    """From where on rows are shown. Raises Problem: this is no seal, or what came after it is too old."""
    newest = last_seal(conn)
    if after is None or after == newest:
        return newest
    entry = conn.scalar(select(filtering_seal.c.entry).where(filtering_seal.c.seq == after + 1))
    if after > newest or entry is None or not _is_young(entry, visit.now):
        says = "is no seal of the last ten minutes; load the page again, or leave it out"
        raise Problem("bad-input", errors={"after": says})
    return after


def _is_young(entry: str, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(json.loads(entry)["at"]) <= OLDEST
    except (ValueError, KeyError, TypeError):
        return False  # somebody changed it: that is for `verify` to say

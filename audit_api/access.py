"""Subject access (S105): all that is kept about one person, for that person, with everybody else taken out.

The coordinator or the headteacher takes it out and hands it over. It is recorded before its first byte, with
how many rows of browsing there are; the number of that line is in every form of it. Rows are read some at a
time, and what is stored after it began is left out, so that all its forms say the same.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, func, select
from starlette.concurrency import run_in_threadpool

from audit_api.access_forms import MEDIA_TYPES, Letter, written
from audit_api.access_parts import About, parts_of
from audit_api.access_redaction import Redactor
from audit_api.marks import HEADER, mark_of
from audit_api.problems import Problem
from audit_api.staff_rows import require_readable
from audit_api.streams import BrokenOff, Stream, is_still_here
from audit_api.times import when
from audit_api.window import Visit
from audit_log.corrections import corrections, taken_from
from audit_log.db import reading
from audit_log.filtering_log import last_seal
from audit_log.people import people, person_by_id
from audit_log.tables import change_log, filtering_log
from change_control.access import answer_by, record_access
from change_control.erasing import is_erased

AT_ONCE = 1  # for each person
Format = Literal["zip", "html", "json", "csv"]
TAKEN_OUT = (
    'Other people are taken out: their names, user names and ids. Where one was, it says "another person";'
    " who did something for the school is told by their role. A program cannot find names that are not on the"
    " register: whoever hands this over has looked for them.",
    "What you typed yourself, addresses and searches, is given as you typed it.",
    "What others wrote is given where it is about you alone. Of what is about several people it is told"
    " only that it was done.",
    "What is kept for an enquiry that is not over is not told here. Of illegal content no address is kept.",
    "Passwords are not kept, only what they are checked against; that is given to nobody.",
)


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: Annotated[str, Field(max_length=2000, description="why; it is kept")] = ""
    format: Annotated[Format, Field(description="zip: all three, with a letter")] = "zip"
    asked_on: Annotated[date | None, Field(description="the day on which the person asked: 2026-11-24")] = (
        None
    )


def access_of(visit: Visit, person_id: str, asked: Wanted) -> Stream:
    """Raises Problem."""
    says = "You are taking one out already."
    give_back = visit.window.turns.take(("access", visit.reader.person_id), AT_ONCE, says)
    try:
        number, parts = _begin(visit, person_id, asked)
    except BaseException:
        give_back()
        raise
    name = f"access-{number}.{asked.format}"
    headers = {
        "Export-Event": str(number),
        HEADER: str(mark_of(visit, number)),
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Stream(_in_threads(visit, parts), give_back, MEDIA_TYPES[asked.format], headers)


def _begin(visit: Visit, person_id: str, asked: Wanted) -> tuple[int, Iterator[bytes]]:
    with reading(visit.desk.engine) as conn:
        about = _about(conn, visit, person_id)
        _check(visit, asked)
        rows, left_out = _count(conn, about)
    due = answer_by(asked.asked_on) if asked.asked_on else None
    facts = {
        "format": asked.format,
        "rows": rows,
        "left_out": left_out,
        "asked_on": asked.asked_on.isoformat() if asked.asked_on else None,
        "answer_by": due.isoformat() if due else None,
    }
    number = record_access(visit.desk, visit.reader.actor, person_id, facts, asked.purpose, visit.now)
    letter = _letter(visit, about, number, rows, left_out, asked.asked_on, due)
    return number, written(asked.format, letter, parts_of(about))


def _about(conn: Connection, visit: Visit, person_id: str) -> About:
    found = person_by_id(conn, person_id)
    if found is None:
        raise Problem("not-found")
    if is_erased(found):
        raise Problem("wrong-state", "This person was erased: nothing here can be told to be theirs.")
    require_readable(conn, visit.reader, found.id)
    policy = visit.window.bundle().policy
    return About(
        visit.desk.engine,
        found,
        corrections(conn),
        Redactor.of(found, people(conn)),
        frozenset(name for name, row in policy.access.items() if row.illegal),
        last_seal(conn),
        conn.scalar(select(func.max(change_log.c.seq))) or 0,
        visit.zone,
    )


def _check(visit: Visit, asked: Wanted) -> None:
    wrong = {}
    if not asked.purpose.strip():
        wrong["purpose"] = "is needed, and is kept: who asked, and how you know that it was them"
    if asked.asked_on and asked.asked_on > visit.now.astimezone(visit.zone).date():
        wrong["asked_on"] = "is still to come"
    if wrong:
        raise Problem("bad-input", errors=wrong)


def _count(conn: Connection, about: About) -> tuple[int, int]:
    """Of this person, and of those that were recorded as this person and are somebody else's."""
    counted = select(func.count()).select_from(filtering_log)
    others = taken_from(about.person.id, about.agreed)
    stored = filtering_log.c.opened_in <= about.up_to_seal
    theirs = conn.scalar(counted.where(about.theirs)) or 0
    return theirs, conn.scalar(counted.where(others, stored)) or 0


def _letter(  # noqa: PLR0917  # what is known of this one taking out
    visit: Visit, about: About, number: int, rows: int, left_out: int, asked_on: date | None, due: date | None
) -> Letter:
    facts = {
        "Person": f"{about.person.name} ({about.person.username})",
        "School": visit.window.bundle().policy.school,
        "Made": when(visit.now, visit.zone),
        "Number": f"entry {number} of the change log tells who took this out, when and why",
        "Mark": f"{mark_of(visit, number)} (it stands on every copy)",
        "Browsing": f"{rows} rows; times are UTC",
    }
    if asked_on and due:
        facts["Asked for"] = f"{asked_on:%A} {asked_on.day} {asked_on:%B %Y}"
        facts["To be answered by"] = f"{due:%A} {due.day} {due:%B %Y}"
    says = list(TAKEN_OUT)
    if left_out:
        told = "row was" if left_out == 1 else "rows were"
        says.insert(
            0, f"{left_out} {told} recorded as you and found to be another person's; they are left out."
        )
    return Letter(f"What {facts['School']} keeps about {about.person.name}", facts, says)


async def _in_threads(visit: Visit, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The event loop waits for no database; it breaks off when whoever asked is no longer who may."""
    while (part := await run_in_threadpool(next, parts, None)) is not None:
        yield part
        if not await run_in_threadpool(is_still_here, visit):
            raise BrokenOff

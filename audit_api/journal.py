"""The journal as people may see it: where the recorder waits, what could not become a row, who let it go on.

Counts tell of nobody and are for everybody who reads. A record itself may be somebody's browsing, so reading
those is a reading by name: with a purpose, and seen (invariant 9).
"""

from collections.abc import Collection, Sequence
from typing import Annotated, Any

from pydantic import Field

from audit_api.answers import Instant, SomebodyOut, _Out
from audit_api.looked_at import About, abouts
from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.shapes import Paging, Reason, _In
from audit_api.staff_rows import SAYS as STAFF_SAYS
from audit_api.staff_rows import reads_staff, staff_among
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.heartbeat import Stopped, read_heartbeat
from audit_log.set_aside import AsideRecord, records_aside, set_aside, time_of
from change_control.errors import ChangeError
from change_control.journal_releases import Release, hash_of_copy, release, releases
from change_control.looks import record_look

LARGEST = 2**63 - 1
WHAT = "records that could not become rows"


class ReleaseIn(_In):
    """One of the places that `GET /api/v1/journal` says the recorder waits at, exactly."""

    segment: Annotated[str, Field(min_length=1, max_length=128)]
    offset: Annotated[int, Field(ge=0, le=LARGEST, description="where the damage begins")]
    resume: Annotated[int, Field(ge=1, le=LARGEST, description="where the next sound record begins")]
    reason: Reason


class Asked(Paging):
    purpose: Annotated[
        str | None, Field(max_length=2000, description="needed, and kept: why they are read")
    ] = None


class StoppedOut(_Out):
    segment: str
    offset: int
    resume: int
    bytes: int
    sha256: Annotated[str | None, Field(description="of the damaged bytes; null: they are not put aside yet")]


class AsideOut(_Out):
    why: str
    records: int
    first_at: Instant | None
    waits: Annotated[bool, Field(description="ends whose beginnings have not come yet: no fault")]


class ReleaseOut(_Out):
    segment: str
    offset: int
    resume: int
    bytes: int
    released_by: SomebodyOut
    released_at: Instant


class JournalOut(_Out):
    seen_at: Annotated[Instant | None, Field(description="when the recorder last said anything")]
    behind_bytes: int | None
    damaged_bytes: int | None
    stopped: Annotated[list[StoppedOut], Field(description="where the recorder waits for a person")]
    aside: list[AsideOut]
    releases: Annotated[list[ReleaseOut], Field(description="newest first, a hundred at most")]


class AsideRecordOut(_Out):
    key: str
    at: Instant | None
    why: str
    record: Annotated[Any, Field(description="as the gate wrote it")]


def state_of(visit: Visit) -> JournalOut:
    told = read_heartbeat(visit.desk.state)
    with reading(visit.desk.engine) as conn:
        aside = [
            AsideOut(
                why=each.why, records=each.records, first_at=iso_or_none(each.first_at), waits=each.waits
            )
            for each in set_aside(conn)
        ]
        done = releases(conn)
        names = Names.of(conn, (each.released_by for each in done), pupils=False)
    return JournalOut(
        seen_at=iso(told.at) if told else None,
        behind_bytes=told.behind_bytes if told else None,
        damaged_bytes=told.damaged_bytes if told else None,
        stopped=[_stopped(visit, each) for each in told.stopped] if told else [],
        aside=aside,
        releases=[_released(each, names) for each in done],
    )


def let_go_on(visit: Visit, asked: ReleaseIn) -> ReleaseOut:
    place = Stopped(asked.segment, asked.offset, asked.resume)
    made = release(visit.desk, visit.reader.actor, place, asked.reason, visit.now)
    with reading(visit.desk.engine) as conn:
        return _released(made, Names.of(conn, [made.released_by], pupils=False))


def records_of(visit: Visit, asked: Asked) -> tuple[list[AsideRecordOut], str | None]:
    """In the order of their keys. The reading is written down before anything is shown. Raises Problem."""
    if not (asked.purpose or "").strip():
        raise Problem(
            "bad-input", errors={"purpose": "is needed to read what may be somebody's, and is kept"}
        )
    with reading(visit.desk.engine) as conn:
        found = records_aside(conn, asked.limit + 1, asked.cursor or "")
        people = frozenset[str]().union(*(each.people for each in found))
        hidden = frozenset() if reads_staff(visit.reader) else staff_among(conn, people)
    shown, more = found[: asked.limit], len(found) > asked.limit
    actor, purpose = visit.reader.actor, asked.purpose or ""
    for about, theirs in _abouts(shown):
        record_look(visit.desk, actor, about, WHAT, purpose, visit.now, rows=theirs)
    return [_record(each, hidden) for each in shown], shown[-1].key if more else None


def _abouts(records: Sequence[AsideRecord]) -> Sequence[About]:
    """Whom the change log says was looked at. What cannot be an id of the register's is not sealed."""
    whose = [each.people for each in records]
    told = all(
        len(person) <= 32 and person.isascii() and person.isprintable() for person in set().union(*whose)
    )
    return abouts(whose) if told else [(None, len(records))]


def _stopped(visit: Visit, place: Stopped) -> StoppedOut:
    try:
        digest = hash_of_copy(visit.desk.state, place)
    except ChangeError:
        digest = None
    return StoppedOut(
        segment=place.segment, offset=place.offset, resume=place.resume, bytes=place.bytes, sha256=digest
    )


def _released(made: Release, names: Names) -> ReleaseOut:
    return ReleaseOut(
        segment=made.place.segment,
        offset=made.place.offset,
        resume=made.place.resume,
        bytes=made.place.bytes,
        released_by=names.somebody(made.released_by),
        released_at=iso(made.released_at),
    )


def _record(each: AsideRecord, hidden: Collection[str]) -> AsideRecordOut:
    """What a member of staff did is for the headteacher (S190)."""
    record = each.record if each.people.isdisjoint(hidden) else STAFF_SAYS
    return AsideRecordOut(key=each.key, at=iso_or_none(time_of(each.key)), why=each.why, record=record)

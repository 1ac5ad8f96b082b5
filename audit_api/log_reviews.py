"""Who saw and who reviewed the change log, as a reader may see it: those who may are adults, so named."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from audit_api.answers import Instant, SomebodyOut, _Out
from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.shapes import _In
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.change_log import Entry, entries_at
from audit_log.db import reading
from change_control.in_force import parsed_policy
from change_control.log_reviews import SEEN, LogReview, log_reviews, review_due, sign_review, sign_seen

LARGEST = 2**31 - 1
Size = Annotated[int, Field(strict=True, ge=1, le=LARGEST, description="how many entries it covers")]


class SeenIn(_In):
    size: Size
    root: Annotated[
        str | None,
        Field(max_length=64, description="the third line of the note that you hold; it is compared"),
    ] = None


class ReviewIn(_In):
    size: Size
    note: Annotated[str, Field(min_length=1, max_length=2000, description="What you found. Kept in the log.")]


class LogReviewOut(_Out):
    seq: Annotated[int, Field(description="the line of the change log that says so")]
    by: SomebodyOut
    role: str
    at: Instant
    size: int
    root: str | None
    note: Annotated[str | None, Field(description="null where there is none, or it was erased by law")]


class DueOut(_Out):
    last: Annotated[LogReviewOut | None, Field(description="the last review by a governor")]
    entries_since: Annotated[int, Field(description="that no governor has read")]
    due_at: Annotated[Instant, Field(description="counted from the first entry that no governor has read")]
    overdue: bool


def page_of(visit: Visit, kind: str, before: int | None, limit: int) -> tuple[list[LogReviewOut], int | None]:
    """Newest first, and where the next page begins. Raises Problem not-whole where a row cannot be read."""
    with reading(visit.desk.engine) as conn, readable_rows():
        found = log_reviews(conn, kind, before=before, limit=limit + 1)
        shown = shown_reviews(conn, found[:limit])
    return shown, shown[-1].seq if len(found) > limit else None


@contextmanager
def readable_rows() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, AttributeError) as error:
        raise Problem("not-whole") from error


def due(visit: Visit) -> DueOut:
    with reading(visit.desk.engine) as conn:
        found = review_due(conn, parsed_policy(conn))
        last = shown_reviews(conn, [found.last]) if found.last is not None else [None]
    return DueOut(
        last=last[0], entries_since=found.since, due_at=iso(found.at), overdue=found.is_overdue(visit.now)
    )


def sign(visit: Visit, body: SeenIn | ReviewIn) -> LogReviewOut:
    """Raises ChangeError."""
    actor, now = visit.reader.actor, visit.now
    if isinstance(body, SeenIn):
        made = sign_seen(visit.desk, actor, body.size, body.root or "", now)
    else:
        made = sign_review(visit.desk, actor, body.size, body.note, now)
    with reading(visit.desk.engine) as conn:
        return shown_reviews(conn, [made])[0]


def newest(visit: Visit, kind: str = SEEN) -> LogReviewOut | None:
    return next(iter(page_of(visit, kind, None, 1)[0]), None)


def shown_reviews(conn: Connection, found: Sequence[LogReview]) -> list[LogReviewOut]:
    lines = {line.seq: line for line in entries_at(conn, [each.seq for each in found])}
    names = Names.of(conn, (each.person_id for each in found), pupils=False)
    return [_one(each, lines.get(each.seq), names) for each in found]


def _one(each: LogReview, line: Entry | None, names: Names) -> LogReviewOut:
    root = line.detail.get("root") if line is not None else None
    return LogReviewOut(
        seq=each.seq,
        by=names.somebody(each.person_id),
        role=line.role if line is not None else "",
        at=iso(each.at),
        size=each.size,
        root=root if isinstance(root, str) else None,
        note=line.texts.get("note") if line is not None else None,
    )

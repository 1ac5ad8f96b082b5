"""What the filtering log has of an unblock: whether it was used, by how many, and what else they opened.

Counted by the database along the indexes of an unblock and of a person, a window at a time, so that a request
for lessons over weeks reads the rows of those lessons and no others.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, not_, or_, select, text

from audit_log.filtering_log import Filter, search
from audit_log.search_filter import COLUMNS as COL
from audit_log.search_filter import NO_REQUEST
from audit_log.tables import SHOWN, filtering_log

WITH_ITS_PAGE = timedelta(seconds=10)  # what is asked for this soon after a page counts as part of it
MOST_PAGES = 100  # openings of a page that are looked at
MOST_PARTS = 300  # for one of them
Window = tuple[datetime, datetime]


class Used(NamedTuple):
    """So many requests by one person to one host; None: nobody known."""

    person_id: str | None
    host: str | None
    requests: int
    pages: int


class Opened(NamedTuple):
    """So many pages that one person opened on one host, as one kind of site."""

    person_id: str
    host: str | None
    category: str | None
    pages: int


class Part(NamedTuple):
    """A host of which something was asked for just after a page was opened, by whom, and when."""

    host: str
    person_id: str
    at: datetime


def was_used(conn: Connection, unblock_id: str, window: Window) -> bool:
    found = select(literal(1)).select_from(filtering_log).where(*_let_by(unblock_id, window)).limit(1)
    return conn.execute(found).first() is not None


def used(conn: Connection, unblock_id: str, window: Window) -> list[Used]:
    """What this unblock let by."""
    by, pages = (COL["person_id"], COL["host"]), func.sum(case((COL["page"], 1), else_=0))
    query = select(*by, func.count(), pages).select_from(filtering_log).where(*_let_by(unblock_id, window))
    return [
        Used(who, host, int(all_), int(some)) for who, host, all_, some in conn.execute(query.group_by(*by))
    ]


def opened_besides(conn: Connection, unblock_id: str, people: Sequence[str], window: Window) -> list[Opened]:
    """The pages that these people opened in the window and that another rule let by."""
    by = COL["person_id"], COL["host"], COL["category"]
    query = (
        select(*by, func.count())
        .select_from(filtering_log)
        .where(
            COL["person_id"].in_(sorted(people)),
            *_within(window),
            text(f"({SHOWN})"),  # as its index says it
            COL["page"],
            COL["verdict"] == "allow",
            COL["kind"] != "event",  # noticed beside any request
            or_(COL["unblock_id"].is_(None), COL["unblock_id"] != unblock_id),
        )
        .group_by(*by)
    )
    return [Opened(who, host, category, int(count)) for who, host, category, count in conn.execute(query)]


def parts_of(conn: Connection, host: str, since: datetime) -> list[Part]:
    """What was asked for just after pages of `host`, or below it, were opened; of the newest of them."""
    pages = search(conn, Filter(host=host, kind="request", pages_only=True, from_at=since), MOST_PAGES)
    opened = {(row.recorded_as or row.person_id, row.at) for row in pages.rows if row.page}
    return [
        Part(part, person_id, at)
        for person_id, at in sorted((who, at) for who, at in opened if who is not None)
        for part in _parts_after(conn, person_id, at)
    ]


def _parts_after(conn: Connection, person_id: str, at: datetime) -> Sequence[str]:
    asked = (
        select(COL["host"])
        .select_from(filtering_log)
        .where(
            COL["person_id"] == person_id,
            *_within((at, at + WITH_ITS_PAGE)),
            COL["kind"] == "request",
            not_(COL["page"]),
            COL["host"].is_not(None),
        )
        .limit(MOST_PARTS)
    )
    return sorted(set(conn.execute(asked).scalars()))


def _let_by(unblock_id: str, window: Window) -> tuple[ColumnElement[bool], ...]:
    by_it = and_(COL["unblock_id"] == unblock_id, COL["verdict"] == "allow")
    return by_it, not_(NO_REQUEST), *_within(window)


def _within(window: Window) -> tuple[ColumnElement[bool], ...]:
    return COL["at"] >= window[0], COL["at"] < window[1]

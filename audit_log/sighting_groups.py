"""Sightings as people read them: what one person did of one kind in one hour is told once, with how often.

A browser that looks names up past the filter does so thousands of times a day. Each sighting stays, with its
id; only illegal content is never put together, for each address of it is looked at. An hour is one of UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, func, or_, select, true

from audit_log.sightings import ILLEGAL_CONTENT, Sighting, of_rows
from audit_log.tables import filtering_log, sighting

HOUR = timedelta(hours=1)
MOST_TOLD = 10_000  # of what was told in the log: then it begins anew
_CONNECT_OF_A_REQUEST = (
    select(filtering_log.c.event_id)
    .where(filtering_log.c.event_id == sighting.c.id, filtering_log.c.at == sighting.c.at)
    .where(filtering_log.c.decrypted == true())
    .exists()
)


@dataclass(frozen=True, slots=True)
class Group:
    """`first` is the earliest of them."""

    first: Sighting
    times: int
    last_at: datetime


class ToldOnce:
    """Which lines stand in the log: one for each person, entry and hour, and all of illegal content."""

    def __init__(self) -> None:
        self._told: set[tuple[object, ...]] = set()

    def is_new(self, alike: tuple[object, ...]) -> bool:
        """`alike`: as `sightings.alike` has it, the kind first."""
        if alike[0] == ILLEGAL_CONTENT:
            return True
        if alike in self._told:
            return False
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        self._told.add(alike)
        return True


def groups(
    conn: Connection,
    limit: int,
    after: tuple[datetime, str] | None = None,
    between: tuple[datetime | None, datetime | None] = (None, None),
    kind: str | None = None,
) -> list[Group]:
    """Newest first, by the first of each, from the one after `after` on; `between` is half-open."""
    oldest, newest = conn.execute(select(func.min(sighting.c.at), func.max(sighting.c.at))).one()
    if oldest is None:
        return []
    begin = max(oldest, between[0] or oldest)
    end = min(each for each in (newest + HOUR, between[1], after[0] + HOUR if after else None) if each)
    if between[1] is None or end < between[1]:
        end = _whole(end + HOUR)
    looked = timedelta(days=1)
    while True:  # a little further back each time: there may be a year of them
        start = max(begin, _whole(end - looked))
        found = _groups(conn, limit, after, (start, min(end, between[1] or end)), kind)
        if len(found) >= limit or start <= begin:
            return found
        looked *= 4


def _whole(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _groups(
    conn: Connection,
    limit: int,
    after: tuple[datetime, str] | None,
    between: tuple[datetime, datetime],
    kind: str | None,
) -> list[Group]:
    table = sighting.c
    sqlite = conn.dialect.name == "sqlite"
    hour = func.substr(table.at, 1, 13) if sqlite else func.date_trunc("hour", table.at)
    alone = case((table.kind == ILLEGAL_CONTENT, table.id), else_="")
    first, at = func.min(table.id), func.min(table.at)
    query = (
        select(first, at, func.count(), func.max(table.at))
        .where(table.at >= between[0], table.at < between[1], ~_CONNECT_OF_A_REQUEST)
        .group_by(table.person_id, table.kind, hour, alone)
        .order_by(at.desc(), first.desc())
        .limit(limit)
    )
    if kind is not None:
        query = query.where(table.kind == kind)
    if after is not None:
        query = query.having(or_(at < after[0], and_(at == after[0], first < after[1])))
    rows = conn.execute(query).all()
    known = {each.id: each for each in of_rows(conn, [row[0] for row in rows])}
    return [Group(known[id_], times, last) for id_, _, times, last in rows]


def tried_since(conn: Connection, since: datetime) -> dict[str, int]:
    """By kind, how many people; what nobody was signed in for is told of no one."""
    table = sighting.c
    query = (
        select(table.kind, func.count(table.person_id.distinct()))
        .where(table.at >= since, table.person_id.is_not(None))
        .group_by(table.kind)
    )
    counted: Sequence[tuple[str, int]] = [(kind, people) for kind, people in conn.execute(query)]
    return dict(counted)

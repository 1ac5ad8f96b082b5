"""What the hours (UTC) of the totals know: in which of them anything was recorded, and of what kinds."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from audit_log.reports import BLOCK, Counts
from audit_log.tables import rollup_hour


def recorded_hours(conn: Connection, since: datetime, until: datetime) -> frozenset[datetime]:
    """The beginnings of hours; `until` is not included."""
    table = rollup_hour.c
    return frozenset(
        conn.scalars(select(table.hour).where(table.hour >= since, table.hour < until).distinct())
    )


def first_recorded_hour(conn: Connection) -> datetime | None:
    """Of what is still kept."""
    found: datetime | None = conn.scalar(select(func.min(rollup_hour.c.hour)))
    return found


def kinds_between(conn: Connection, since: datetime, until: datetime) -> dict[str, Counts]:
    """By category, "" for none: what a month is compared with needs no more of the one before."""
    table = rollup_hour.c
    sums = (func.sum(table.requests), func.sum(table.pages))
    query = select(table.category, table.verdict, *sums).where(table.hour >= since, table.hour < until)
    found: dict[str, Counts] = {}
    for category, verdict, requests, pages in conn.execute(query.group_by(table.category, table.verdict)):
        counts = Counts(int(requests), int(pages), int(requests) if verdict == BLOCK else 0)
        found[category] = found.get(category, Counts()) + counts
    return found

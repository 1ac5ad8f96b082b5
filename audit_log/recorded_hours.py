"""In which hours (UTC) anything was recorded at all, as the totals know it."""

from datetime import datetime

from sqlalchemy import Connection, func, select

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

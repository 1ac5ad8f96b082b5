"""What was asked for in a month, from the totals alone: no row of the filtering log is read.

A set of groups is counted, not a group: a person in two groups is one person in every sum. Days are the
school's own, by the clock on its wall; the sites of a day are counted by UTC days.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, case, desc, func, select, text

from audit_log.tables import rollup_day, rollup_hour

BLOCK = "block"
SITES = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """`pages` of the requests are what people opened; `blocked` are requests too."""

    requests: int = 0
    pages: int = 0
    blocked: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.requests + other.requests, self.pages + other.pages, self.blocked + other.blocked)


@dataclass(frozen=True, slots=True)
class DayCounts:
    day: date
    counts: Counts


@dataclass(frozen=True, slots=True)
class CategoryCounts:
    category: str | None  # None: in none
    verdict: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class ListCounts:
    list_id: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """All groups of a person together."""

    filter_groups: tuple[str, ...]
    counts: Counts


@dataclass(frozen=True, slots=True)
class SiteCounts:
    site: str
    blocked: int


@dataclass(frozen=True, slots=True)
class Report:
    """Days in order, each of them; everything else the most asked for first."""

    first: date
    last: date
    total: Counts
    days: tuple[DayCounts, ...]
    categories: tuple[CategoryCounts, ...]
    lists: tuple[ListCounts, ...]
    groups: tuple[GroupCounts, ...]
    blocked_sites: tuple[SiteCounts, ...]


def month(conn: Connection, first: date, last: date, zone: tzinfo = UTC, sites: int = SITES) -> Report:
    """From the first day to the last, both included. `sites`: how many of the blocked ones at most."""
    table = rollup_hour.c
    starts_at = datetime.combine(first, time(), zone)
    ends_at = datetime.combine(last + timedelta(days=1), time(), zone)
    sums = (func.sum(table.requests), func.sum(table.pages))
    within = (table.hour >= starts_at, table.hour < ends_at)
    kinds = (table.filter_groups, table.category, table.verdict, table.list_id)
    what = conn.execute(select(*kinds, *sums).where(*within).group_by(*kinds)).all()
    blocked = func.sum(case((table.verdict == BLOCK, table.requests), else_=0))
    # By what the table is in the order of, and nothing more: then nothing has to be sorted.
    when = conn.execute(select(table.hour, *sums, blocked).where(*within).group_by(table.hour)).all()
    listed = [row for row in what if row[3]]
    return Report(
        first=first,
        last=last,
        total=sum((_counts(row) for row in what), Counts()),
        days=_days(when, first, last, zone),
        categories=tuple(
            CategoryCounts(*key, n) for key, n in _by(what, lambda row: (row[1] or None, row[2]))
        ),
        lists=tuple(ListCounts(key, n) for key, n in _by(listed, lambda row: row[3])),
        groups=tuple(GroupCounts(key, n) for key, n in _by(what, lambda row: row[0])),
        blocked_sites=_blocked_sites(conn, first, last, sites),
    )


def _days(rows: Iterable[Any], first: date, last: date, zone: tzinfo) -> tuple[DayCounts, ...]:
    there: dict[date, Counts] = {}
    for hour, *sums in rows:
        day = hour.astimezone(zone).date()
        there[day] = there.get(day, Counts()) + Counts(*map(int, sums))
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(DayCounts(day, there.get(day, Counts())) for day in every)


def _blocked_sites(conn: Connection, first: date, last: date, most: int) -> tuple[SiteCounts, ...]:
    table = rollup_day.c
    asked = func.sum(table.requests).label("asked")
    rows = conn.execute(
        select(table.site, asked)
        .where(table.day >= first.isoformat(), table.day <= last.isoformat())
        .where(text("verdict = 'block'"), table.site != "")  # as the index of these rows says it
        .group_by(table.site)
        .order_by(desc(asked), table.site)
        .limit(most)
    )
    return tuple(SiteCounts(row.site, int(row.asked)) for row in rows)


def _by[Key: Hashable](rows: Iterable[Any], key_of: Callable[[Any], Key]) -> list[tuple[Key, Counts]]:
    """The counts of the rows that share a key, the most first."""
    found: dict[Key, Counts] = {}
    for row in rows:
        key = key_of(row)
        found[key] = found.get(key, Counts()) + _counts(row)
    return sorted(found.items(), key=lambda each: (-each[1].requests, str(each[0])))


def _counts(row: Any) -> Counts:
    """Of a row that ends in its sums, with its verdict somewhere before."""
    requests, pages = int(row[-2]), int(row[-1])
    return Counts(requests, pages, requests if row.verdict == BLOCK else 0)

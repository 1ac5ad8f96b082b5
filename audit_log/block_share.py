"""Is less blocked than usual? A filter that went blind lets by what it cannot see, and says nothing (E1).

Held against the same hour of the same weekday, in the weeks before, as the school's clock has it. Pure, from
totals; where too little is known it says so and never guesses.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, case, func, select

from audit_log.tables import rollup_hour

REQUESTS = 200  # in an hour, at least: with fewer a share says nothing
BLOCKED = 20  # that would usually be blocked of so many requests
WEEKS = 8  # that are looked back
KNOWN = 3  # hours of them with enough requests
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Total:
    requests: int
    blocked: int

    @property
    def share(self) -> float:
        return self.blocked / self.requests if self.requests else 0.0


class Finding(StrEnum):
    USUAL = "usual"
    FALLEN = "fallen"
    TOO_FEW = "too-few"  # requests in this hour
    NOT_KNOWN = "not-known-yet"  # what is usual


@dataclass(frozen=True, slots=True)
class Share:
    """Shares from 0 to 1; `usual` None: not known yet."""

    finding: Finding
    now: float
    usual: float | None


def judged(hour: Total, before: Sequence[Total], fall_percent: int) -> Share:
    """Fallen: less than `fall_percent` per cent of the usual share, which is the median of those `before`."""
    known = [each.share for each in before if each.requests >= REQUESTS]
    if len(known) < KNOWN:
        return Share(Finding.NOT_KNOWN, hour.share, None)
    usual = median(known)
    if hour.requests < REQUESTS or usual * hour.requests < BLOCKED:
        return Share(Finding.TOO_FEW, hour.share, usual)
    fallen = hour.share * 100 < usual * fall_percent
    return Share(Finding.FALLEN if fallen else Finding.USUAL, hour.share, usual)


def weeks_before(hour: datetime, zone: ZoneInfo) -> list[datetime]:
    """The same hour by the school's clock, so many weeks back, in UTC."""
    local = hour.astimezone(zone)
    return [(local - n * WEEK).astimezone(UTC) for n in range(1, WEEKS + 1)]


def share_of(
    totals: Mapping[datetime, Total],
    hour: datetime,
    lessons: Collection[datetime],
    zone: ZoneInfo,
    percent: int,
) -> Share:
    """`lessons`: hours of lessons in term; of others nothing is usual."""
    before = [totals[at] for at in weeks_before(hour, zone) if at in lessons and at in totals]
    return judged(totals.get(hour, Total(0, 0)), before, percent)


def totals_of(conn: Connection, hours: Collection[datetime]) -> dict[datetime, Total]:
    """Of these hours (their beginnings), as far as anything was recorded in them."""
    table = rollup_hour.c
    blocked = func.sum(case((table.verdict == "block", table.requests), else_=0))
    query = select(table.hour, func.sum(table.requests), blocked).where(table.hour.in_(sorted(hours)))
    found = conn.execute(query.group_by(table.hour))
    return {hour: Total(int(asked), int(shut)) for hour, asked, shut in found}

"""Hours of lessons without any record: nobody was there, or the filter was off, or devices went round it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from audit_api.months import Month
from filter_policy.model import Timetable
from filter_policy.timetable import Span, open_spans

LESSONS = "lessons"  # the period of that name; in a timetable without it, every period
HOUR = timedelta(hours=1)
ENOUGH = timedelta(minutes=30)  # of an hour in lessons, so that silence says something
STORED_AFTER = timedelta(hours=1)  # what happened is in the totals long before


def hours_with_records_due(
    timetable: Timetable, month: Month, since: datetime | None, now: datetime
) -> list[datetime]:
    """The beginnings of hours of lessons whose records must have come. `since`: the first record there is;
    what was before it, nobody knows."""
    if since is None:
        return []
    over = now - STORED_AFTER - HOUR
    return [at for at in lesson_hours(timetable, month) if since <= at <= over]


def lesson_hours(timetable: Timetable, month: Month) -> list[datetime]:
    """Whole hours (UTC, as the totals have them) of which at least half is lesson time."""
    names = (LESSONS,) if LESSONS in timetable.periods else tuple(sorted(timetable.periods))
    lasting: Counter[datetime] = Counter()
    for day in _days(month):
        for span in open_spans(timetable, names, day):
            for hour, seconds in _by_hour(span):
                lasting[hour] += seconds
    return sorted(hour for hour, seconds in lasting.items() if seconds >= ENOUGH.total_seconds())


def _days(month: Month) -> Iterator[date]:
    day = month.first
    while day < month.next.first:
        yield day
        day += timedelta(days=1)


def _by_hour(span: Span) -> Iterator[tuple[datetime, int]]:
    """Each hour that the span touches, and for how many seconds."""
    at, ends = span
    while at < ends:
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        until = min(ends, hour + HOUR)
        yield hour, int((until - at).total_seconds())
        at = until

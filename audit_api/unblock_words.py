"""When an unblock is open, in plain English: `Tuesdays, 10:00 to 11:00: 24 November, 1 and 8 December`."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from audit_api import times
from audit_api.answers import UnblockOut

Window = tuple[datetime, datetime]
MOST_DAYS = 12  # in a sentence


def open_in_words(windows: Sequence[Window], zone: ZoneInfo) -> str:
    if len(windows) == 1:
        return times.stretch(*windows[0], zone)
    told: dict[str, list[datetime]] = {}
    for starts, ends in windows:
        hours = f"{times.clock(starts, zone)} to {times.clock(ends, zone)}"
        told.setdefault(hours, []).append(starts.astimezone(zone))
    return "; ".join(f"{hours} on {_days(days)}" for hours, days in told.items())


def _days(days: Sequence[datetime]) -> str:
    """`Tuesdays 24 November 2026, 1 and 8 December 2026`: with the day's name where it is always the same."""
    names = {f"{day:%A}" for day in days}
    which = f"{names.pop()}{'s' if len(days) > 1 else ''} " if len(names) == 1 else ""
    by_month = groupby(days[:MOST_DAYS], lambda day: f"{day:%B %Y}")
    told = [f"{and_(str(day.day) for day in some)} {month}" for month, some in by_month]
    more = f" and {len(days) - MOST_DAYS} more days" if len(days) > MOST_DAYS else ""
    return f"{which}{', '.join(told)}{more}"


def windows_in(view: UnblockOut) -> list[Window]:
    """As they are shown; the whole stretch where there are none."""
    told = [(each.starts_at, each.ends_at) for each in view.windows] or [(view.starts_at, view.ends_at)]
    return [(datetime.fromisoformat(starts), datetime.fromisoformat(ends)) for starts, ends in told]


def is_open(view: UnblockOut, now: datetime) -> bool:
    """Whether now is one of its times, if it was agreed to."""
    return any(starts <= now < ends for starts, ends in windows_in(view))


def lapses_at(asked_at: datetime, ends_at: datetime, hours: int) -> datetime:
    """When nobody has answered by then, the request is over."""
    return min(asked_at + timedelta(hours=hours), ends_at)


def and_(words: Iterable[str]) -> str:
    *some, last = list(words) or [""]
    return f"{', '.join(some)} and {last}" if some else last

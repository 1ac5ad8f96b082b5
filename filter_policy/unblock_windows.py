"""When an unblock is open: lesson slots over weeks, spelt out as windows (S72, S74).

A slot is told by the clock on the classroom wall and exists in term only, so that what is asked for "on
Tuesdays at ten" is that on both sides of a change of the clocks, and never in the holidays.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from filter_policy.model import Timetable, Window
from filter_policy.timetable import in_term, open_spans

MOST_WINDOWS = 60
MOST_WEEKS = 53
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
FIELDS = ("days", "from", "to", "weeks", "starts_on")
SAYS = (
    'a list of {"starts_at", "ends_at"}, or {"every": {"days", "from", "to", "weeks"}}, '
    'or {"period", "days", "weeks"} is needed'
)
Faults = dict[str, str]


@dataclass(frozen=True, slots=True)
class Slots:
    """Which days: those of `days` (Monday is 0) in so many weeks from `first` on."""

    days: frozenset[int]
    weeks: int
    first: date

    def dates(self, timetable: Timetable) -> Iterator[date]:
        """Those that are in term."""
        every = (self.first + timedelta(days=ahead) for ahead in range(7 * self.weeks))
        return (day for day in every if day.weekday() in self.days and in_term(timetable, day))


def by_the_clock(slots: Slots, starts: time, ends: time, timetable: Timetable) -> Iterator[Window]:
    """The same hours on each day. What the clock leaps over in spring is no window."""
    for day in slots.dates(timetable):
        window = _utc(day, starts, timetable), _utc(day, ends, timetable)
        if window[0] < window[1]:
            yield window


def by_period(slots: Slots, name: str, timetable: Timetable) -> Iterator[Window]:
    """A period of the timetable, without what is cut out of it: lessons are not open in the break."""
    for day in slots.dates(timetable):
        yield from open_spans(timetable, (name,), day)


def parse_windows(value: object, timetable: Timetable, now: datetime, faults: Faults) -> tuple[Window, ...]:
    """In order and apart from each other; none of them longer than its day. Faults are told by field."""
    found = _windows_of(value, timetable, now, faults)
    if any(field.startswith("windows") for field in faults):
        return ()
    joined = _joined(found)
    if not joined:
        faults["windows"] = "there is no such time in term any more"
    if len(joined) > MOST_WINDOWS:
        faults["windows"] = f"{len(joined)} windows; one request may have {MOST_WINDOWS}"
    return () if "windows" in faults else joined


def parse_instant(value: object, field: str, timetable: Timetable, faults: Faults) -> datetime | None:
    """ISO 8601; without a zone it is school time."""
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value or ""))
    except ValueError:
        faults[field] = "a time like 2026-11-24T10:00:00Z is needed"
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=timetable.zone)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        faults[field] = "this time is out of range"
        return None


def _windows_of(value: object, timetable: Timetable, now: datetime, faults: Faults) -> list[Window]:
    if isinstance(value, list):
        return _named(value, timetable, faults)
    if isinstance(value, Mapping):
        rest = set(value)
        if rest == {"every"} and isinstance(value["every"], Mapping):
            return _every(value["every"], timetable, now, faults)
        if "period" in rest and rest <= {"period", "days", "weeks", "starts_on"}:
            return _period(value, timetable, now, faults)
    faults["windows"] = SAYS
    return []


def _named(value: list[object], timetable: Timetable, faults: Faults) -> list[Window]:
    if not value or len(value) > MOST_WINDOWS:
        faults["windows"] = f"between 1 and {MOST_WINDOWS} windows are needed, and not {len(value)}"
        return []
    found = []
    for number, each in enumerate(value):
        if not isinstance(each, Mapping) or set(each) != {"starts_at", "ends_at"}:
            faults[f"windows.{number}"] = "starts_at and ends_at are needed, and nothing else"
            continue
        if window := _window(each, f"windows.{number}", timetable, faults):
            found.append(window)
    return found


def _window(each: Mapping[str, object], at: str, timetable: Timetable, faults: Faults) -> Window | None:
    starts = parse_instant(each["starts_at"], f"{at}.starts_at", timetable, faults)
    ends = parse_instant(each["ends_at"], f"{at}.ends_at", timetable, faults)
    if starts is None or ends is None:
        return None
    if ends <= starts:
        faults[f"{at}.ends_at"] = "must be after starts_at"
    elif not _is_of_one_day(starts, ends, timetable):
        faults[f"{at}.ends_at"] = "a window ends on the day it begins; give each day its own"
    return starts, ends


def _is_of_one_day(starts: datetime, ends: datetime, timetable: Timetable) -> bool:
    last = ends - timedelta(microseconds=1)
    try:
        return starts.astimezone(timetable.zone).date() == last.astimezone(timetable.zone).date()
    except OverflowError:
        return False


def _every(raw: Mapping[str, object], timetable: Timetable, now: datetime, faults: Faults) -> list[Window]:
    if set(raw) - set(FIELDS):
        faults["windows.every"] = f"the words allowed here are {', '.join(FIELDS)}"
    slots = _slots(raw, None, timetable, now, faults)
    starts, ends = (_clock(raw.get(field), f"windows.{field}", faults) for field in ("from", "to"))
    if starts is None or ends is None or slots is None:
        return []
    if ends <= starts:
        faults["windows.to"] = "must be later in the day than from"
        return []
    return _still_ahead(by_the_clock(slots, starts, ends, timetable), now)


def _period(raw: Mapping[str, object], timetable: Timetable, now: datetime, faults: Faults) -> list[Window]:
    name = raw.get("period")
    period = timetable.periods.get(name) if isinstance(name, str) else None
    if period is None:
        there = ", ".join(timetable.periods) or "none"
        faults["windows.period"] = f"no such period in the policy; there are: {there}"
    slots = _slots(raw, period.days if period else frozenset(range(7)), timetable, now, faults)
    if period is None or slots is None:
        return []
    return _still_ahead(by_period(slots, period.name, timetable), now)


def _slots(
    raw: Mapping[str, object],
    usual: frozenset[int] | None,
    timetable: Timetable,
    now: datetime,
    faults: Faults,
) -> Slots | None:
    """`usual`: the days where none are named."""
    days, weeks = raw.get("days"), raw.get("weeks", 1)
    first = _first(raw.get("starts_on"), timetable, now, faults)
    if days is None and usual is not None:
        chosen = usual
    elif isinstance(days, list) and days and all(day in DAYS for day in days):
        chosen = frozenset(DAYS.index(day) for day in days)
    else:
        faults["windows.days"] = f"a list of days is needed, of {', '.join(DAYS)}"
        chosen = frozenset()
    if type(weeks) is not int or not 1 <= weeks <= MOST_WEEKS:
        faults["windows.weeks"] = f"a number from 1 to {MOST_WEEKS} is needed"
        return None
    return Slots(chosen, weeks, first) if first and chosen else None


def _first(value: object, timetable: Timetable, now: datetime, faults: Faults) -> date | None:
    """Today, where nothing is said."""
    if value is None:
        return now.astimezone(timetable.zone).date()
    try:
        found = date.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or not 1970 < found.year < 9000:
        faults["windows.starts_on"] = "a day like 2026-11-24 is needed"
        return None
    if found < now.astimezone(timetable.zone).date():
        faults["windows.starts_on"] = "this day is over; begin today or later"
        return None
    return found


def _clock(value: object, field: str, faults: Faults) -> time | None:
    found = CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        faults[field] = "a time of day like 10:00 is needed"
        return None
    return time(int(found[1]), int(found[2]))


def _still_ahead(windows: Iterator[Window], now: datetime) -> list[Window]:
    return [window for window in windows if window[1] > now]


def _joined(windows: list[Window]) -> tuple[Window, ...]:
    """What overlaps is one window; days stay apart."""
    joined: list[Window] = []
    for starts, ends in sorted(windows):
        if joined and starts < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ends, joined[-1][1]))
        else:
            joined.append((starts, ends))
    return tuple(joined)


def _utc(day: date, at: time, timetable: Timetable) -> datetime:
    return datetime.combine(day, at, timetable.zone).astimezone(UTC)

"""Terms and periods: the hours in which a site may be open at certain times (S151)."""

import re
from collections.abc import Mapping
from datetime import date, time
from itertools import pairwise
from zoneinfo import ZoneInfo

from filter_policy.model import Period, Timetable
from filter_policy.reading import Reader
from filter_policy.yaml_lines import Path

CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_timetable(value: object, zone: object, read: Reader) -> Timetable:
    """Without a term there are no periods: nothing is ever open at certain times."""
    raw = read.mapping(value, ("timetable",), ("terms", "periods"), needed=False)
    return Timetable(_zone(zone, read), _terms(raw.get("terms"), read), _periods(raw.get("periods"), read))


def _zone(value: object, read: Reader) -> ZoneInfo:
    path = ("school", "timezone")
    try:
        return ZoneInfo(read.text(value, path) or "UTC")
    except (KeyError, ValueError, OSError):
        read.fault(path, f"no such time zone: {value!r}; write one like Europe/London")
        return ZoneInfo("UTC")


def _terms(value: object, read: Reader) -> tuple[tuple[date, date], ...]:
    found: list[tuple[date, date]] = []
    for i, term in enumerate(read.items(value, ("timetable", "terms"))):
        path = ("timetable", "terms", i)
        match term:
            case [first, last] if type(first) is type(last) is date and first <= last:
                found.append((first, last))
            case [first, last] if type(first) is type(last) is date:  # a time of day is a date to Python
                read.fault(path, "the last day is before the first")
            case _:
                read.fault(path, f"needs the first and last day, like [2026-09-02, 2026-10-23], not {term!r}")
    for (_, last), (first, _) in pairwise(sorted(found)):
        if first <= last:
            read.fault(("timetable", "terms"), f"two terms share the day {first.isoformat()}")
    return tuple(found)


def _periods(value: object, read: Reader) -> dict[str, Period]:
    raw = read.mapping(value, ("timetable", "periods"), None, needed=False)
    found = {name: _period(name, row, read) for name, row in raw.items()}
    for name, period in found.items():
        for other in period.except_:
            if other not in found or other == name:
                there = ", ".join(sorted(set(found) - {name})) or "none"
                read.fault(
                    ("timetable", "periods", name, "except"), f"no other period {other!r}; there are: {there}"
                )
    return found


def _period(name: str, value: object, read: Reader) -> Period:
    path: Path = ("timetable", "periods", name)
    raw: Mapping[str, object] = read.mapping(value, path, ("days", "from", "to", "except"))
    days = read.items(raw.get("days"), (*path, "days"))
    numbers = frozenset(DAYS.index(read.one_of(day, (*path, "days", i), DAYS)) for i, day in enumerate(days))
    if not numbers:
        read.fault((*path, "days"), f"at least one day; allowed: {', '.join(DAYS)}")
    starts, ends = (_clock(raw.get(word), (*path, word), read) for word in ("from", "to"))
    if starts is not None and ends is not None and ends <= starts:
        read.fault((*path, "to"), "must be later than from, on the same day")
    excepted = tuple(read.texts(raw.get("except"), (*path, "except")))
    return Period(name, numbers, starts or time(0), ends or time(23, 59), excepted)


def _clock(value: object, path: Path, read: Reader) -> time | None:
    """Quoted, since YAML reads a bare 12:00 as the number 720."""
    match = CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        read.fault(path, f'needs a time in quotes like "12:00", not {value!r}')
        return None
    return time(int(match[1]), int(match[2]))

"""The totals of one day, counted again from its rows and held against those that the reports read."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from audit_log.as_written import shown
from audit_log.rollups import DAYS, HOURS, Counted

Stored = Counter[tuple[Any, ...]]  # (requests, pages) apart, so that counts can be taken from each other
HOUR_TEXT = "substr({0}, 1, 13)", "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"

NUMBERS = "requests, pages"
OF_HOURS = "WHERE hour >= :first AND hour < :end"


class DayTotals:
    """What rows add up to."""

    def __init__(self) -> None:
        self.counts: Stored = Counter()

    def add(self, counted: Counted) -> None:
        for table, key in (("hour", counted.hour), ("day", counted.day)):
            self.counts[table, *key, "requests"] += 1
            if counted.page:
                self.counts[table, *key, "pages"] += 1


def stored_totals(conn: Connection, day: date) -> Stored:
    """As they are in the tables; a count of nothing is left out."""
    found: Stored = Counter()
    sqlite = conn.dialect.name == "sqlite"
    hour = HOUR_TEXT[0 if sqlite else 1].format("hour")
    queries = (
        ("hour", f"SELECT {hour}, {', '.join(HOURS[1:])}, {NUMBERS} FROM rollup_hour {OF_HOURS}"),  # noqa: S608  # our own names
        ("day", f"SELECT {', '.join(DAYS)}, {NUMBERS} FROM rollup_day WHERE day = :day"),  # noqa: S608  # our own names
    )
    bounds = day_bounds(conn, day) | {"day": day.isoformat()}
    for table, query in queries:
        for *key, requests, pages in conn.execute(text(query), bounds):
            for name, number in (("requests", requests), ("pages", pages)):
                if number:
                    found[table, *key, name] = number
    return found


def day_bounds(conn: Connection, day: date) -> dict[str, str]:
    """`first` and `end` of a UTC day, as this database compares times in plain SQL."""
    zone = "" if conn.dialect.name == "sqlite" else "+00"
    ends = {"first": day, "end": day + timedelta(days=1)}
    return {name: f"{each.isoformat()} 00:00:00.000000{zone}" for name, each in ends.items()}


def totals_hash(stored: Stored) -> str:
    """What a purge line says of the totals that stay behind."""
    rows = sorted([*map(str, key), number] for key, number in stored.items() if number)
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


def less(stored: Stored, late: Stored) -> Stored:
    """Without what came afterwards."""
    left = Counter(stored)
    left.subtract(late)
    return Counter({key: number for key, number in left.items() if number})


def difference(stored: Stored, counted: Stored) -> str | None:
    """In words, the first of what does not agree."""
    wrong = [key for key in stored.keys() | counted.keys() if stored[key] != counted[key]]
    if not wrong:
        return None
    key = min(wrong, key=lambda each: [each[0] != "day", *map(str, each)])
    names = DAYS if key[0] == "day" else HOURS
    said = ", ".join(f"{name} {shown(value)}" for name, value in zip(names, key[1:-1], strict=True))
    return f"{shown(stored[key])} {key[-1]} are counted for {said}, and the rows have {counted[key]}"


def days_with_totals(conn: Connection) -> Iterable[date]:
    """Every day that any total is of. What is no day is none: it is looked for apart."""
    found = set(conn.scalars(text("SELECT DISTINCT day FROM rollup_day")))
    hour = HOUR_TEXT[0 if conn.dialect.name == "sqlite" else 1].format("hour")
    found |= {str(each)[:10] for each in conn.scalars(text(f"SELECT DISTINCT {hour} FROM rollup_hour"))}  # noqa: S608  # our own names
    return sorted(day for each in found if (day := as_day(each)) is not None)


def as_day(said: object) -> date | None:
    try:
        return date.fromisoformat(str(said))
    except ValueError:
        return None

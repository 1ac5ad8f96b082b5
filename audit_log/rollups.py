"""Totals of the filtering log, counted as rows are stored and in their transaction: what reports read.

A row counts when it is opened; what the gate noticed or asked itself is no request and never counts. A
CONNECT counts when it closes and was not decrypted, in the hour in which it
was opened: one that was decrypted became requests, and one that never closed may have.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from audit_log.rows import AT, GROUPS, HOST, OPENING, PAGE, Values, site_of

KIND, CATEGORY, LIST, VERDICT = (OPENING.index(name) for name in ("kind", "category", "list_id", "verdict"))
CONNECT = "connect"
EVENT, CANARY = "event", "canary"  # rows about no request: something noticed, and the gate asking itself
NO_REQUESTS = frozenset((EVENT, CANARY))
HOUR, DAY = len("2026-11-22 10"), len("2026-11-22")
HOURS = ("hour", "filter_groups", "category", "verdict", "list_id")
DAYS = ("day", "site", "filter_groups", "verdict")
COUNTS = ("requests", "pages")

Key = tuple[str, ...]


class Counted(NamedTuple):
    """Where a row is counted."""

    hour: Key  # in the order of HOURS; the hour as 2026-11-22 10
    day: Key  # in the order of DAYS
    page: bool


class Totals:
    """What one batch adds."""

    def __init__(self) -> None:
        self._hours: dict[Key, list[int]] = {}
        self._days: dict[Key, list[int]] = {}

    def add(self, counted: Counted) -> None:
        for totals, key in ((self._hours, counted.hour), (self._days, counted.day)):
            total = totals.get(key)
            if total is None:
                total = totals[key] = [0, 0]
            total[0] += 1
            total[1] += counted.page

    def hours(self) -> list[Values]:
        """(*HOURS, *COUNTS), in the order of the key, so that two who write never wait for each other."""
        return [(*key, *total) for key, total in sorted(self._hours.items())]

    def days(self) -> list[Values]:
        return [(*key, *total) for key, total in sorted(self._days.items())]


def counted_as(values: Values) -> Counted:
    """Of a row's opening."""
    return Counted(
        hour_key(values[AT], values[GROUPS], values[CATEGORY], values[VERDICT], values[LIST]),
        day_key(values[AT], values[HOST], values[GROUPS], values[VERDICT]),
        values[PAGE],
    )


def hour_key(at: str, groups: str, category: str | None, verdict: str, list_id: str | None) -> Key:
    return at[:HOUR], groups, category or "", verdict, list_id or ""


def day_key(at: str, host: str | None, groups: str, verdict: str) -> Key:
    return at[:DAY], site_of(host), groups, verdict


def counts_at_once(values: Values) -> bool:
    return values[KIND] != CONNECT and values[KIND] not in NO_REQUESTS


def upsert(table: str, key: Sequence[str], source: str) -> str:
    """Add these counts to what is there."""
    columns = ", ".join((*key, *COUNTS))
    added = ", ".join(f"{count} = {table}.{count} + excluded.{count}" for count in COUNTS)
    return f"INSERT INTO {table} ({columns}) {source} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}"


def named(names: Sequence[str], rows: Iterable[Values]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]

"""What the clock did to the filtering log, in plain English: hours that were sealed, and what went."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit_api import times


def hour_stated(detail: Mapping[str, Any], zone: ZoneInfo) -> str:
    start, end = (datetime.fromisoformat(detail[name]) for name in ("from", "to"))
    when = times.stretch(start, end, zone)
    if detail["last"] is None:
        return f"nothing was recorded in the filtering log, {when}."
    first, last = detail["first"], detail["last"]
    seals = f"seal {first:,}" if first == last else f"seals {first:,} to {last:,}"
    rows = _many(detail["rows"], "request was", "requests were")
    closed = _many(detail["closed"], "request", "requests")
    return f"the filtering log, {when}: {rows} recorded, and how {closed} ended. This is under {seals}."


def _many(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def part_removed(detail: Mapping[str, Any]) -> str:
    day, which = detail["day"], "of before"
    if day is not None:
        which = f"of {date.fromisoformat(day):%-d %B %Y}, kept as {detail['keep']},"
    rows, days = detail["rows"], _many(detail["days"], "day is", "days are")
    said = f"{_many(rows, 'request', 'requests')} {which} {_were(rows)} removed, since their {days} over."
    kept = detail["kept_back"]
    stay = "stays" if kept == 1 else "stay"
    return said if not kept else f"{said} {kept:,} {stay}, for a legal hold or an incident."


def totals_removed(detail: Mapping[str, Any]) -> str:
    return f"the totals of the days before {_day(detail)} were removed, since their time is over."


def incidents_removed(detail: Mapping[str, Any]) -> str:
    number = detail["incidents"]
    what = "incident" if number == 1 else "incidents"
    return f"{number:,} {what} of before {_day(detail)} were removed, since their time is over."


def cases_removed(detail: Mapping[str, Any]) -> str:
    number = len(detail["cases"])
    what = "incident that was" if number == 1 else "incidents that were"
    return f"what was said in {number:,} {what} closed before {_day(detail)} was removed: its time is over."


def aside_removed(detail: Mapping[str, Any]) -> str:
    records, files = detail["records"], detail["files"]
    told = [
        f"{number:,} {one if number == 1 else many}"
        for number, one, many in (
            (records, "record that could not become a row", "records that could not become rows"),
            (files, "copy of damaged bytes of the journal", "copies of damaged bytes of the journal"),
        )
        if number
    ]
    were = "was" if records + files == 1 else "were"
    return f"{' and '.join(told) or 'nothing'} {were} removed, since their time is over."


def _day(detail: Mapping[str, Any]) -> str:
    return f"{date.fromisoformat(detail['before']):%-d %B %Y}"

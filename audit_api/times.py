"""Time at the edges: ISO 8601 UTC in the API, the school's own zone and plain English on a page."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def iso(at: datetime) -> str:
    """`2026-11-24T10:00:00Z`; with microseconds only where there are some."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def iso_or_none(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """ISO 8601; without a zone it is school time. Raises ValueError."""
    at = datetime.fromisoformat(text)
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None


def day(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def when(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov 2026, 10:00`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}"


def when_exactly(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b} {local:%H:%M:%S}"


def stretch(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """`Tuesday 24 November 2026, 10:00 to 11:00`, or both days when they differ."""
    if starts_at.astimezone(zone).date() == ends_at.astimezone(zone).date():
        return f"{day(starts_at, zone)}, {clock(starts_at, zone)} to {clock(ends_at, zone)}"
    return f"{when(starts_at, zone)} to {when(ends_at, zone)}"


def school_time(on: date, at: time, zone: ZoneInfo) -> datetime:
    """What a form field means: a day and a time as the clock on the classroom wall shows them."""
    return datetime.combine(on, at, tzinfo=zone).astimezone(UTC)

"""Time at the edges: ISO 8601 UTC in the API, the school's own zone and plain English on a page."""

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # beyond it some zones and databases have no words for a time


def iso(at: datetime) -> str:
    """`2026-11-24T10:00:00Z`; with microseconds only where there are some."""
    return _at(at, UTC).isoformat().replace("+00:00", "Z")


def iso_or_none(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """ISO 8601; without a zone it is school time. Raises ValueError, also for a time that is none of ours."""
    return within(with_zone(datetime.fromisoformat(text), zone))


def with_zone(at: datetime, zone: ZoneInfo) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=zone)


def within(at: datetime) -> datetime:
    """The same in UTC. Raises ValueError for a time out of bounds."""
    if not EARLIEST.year - 1 <= at.year <= LATEST.year:
        raise ValueError("out of range")
    instant = at.astimezone(UTC)
    if not EARLIEST <= instant <= LATEST:
        raise ValueError("out of range")
    return instant


def _at(at: datetime, zone: tzinfo) -> datetime:
    """In that zone; as it is where that zone's calendar does not reach so far. What is shown never fails."""
    try:
        return at.astimezone(zone)
    except (OverflowError, ValueError):
        return at


def day(at: datetime, zone: ZoneInfo) -> str:
    local = _at(at, zone)
    return f"{local:%A} {local.day} {local:%B %Y}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{_at(at, zone):%H:%M}"


def when(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov 2026, 10:00`."""
    local = _at(at, zone)
    return f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}"


def when_exactly(at: datetime, zone: ZoneInfo) -> str:
    local = _at(at, zone)
    return f"{local.day} {local:%b} {local:%H:%M:%S}"


def stretch(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """`Tuesday 24 November 2026, 10:00 to 11:00`, or both days when they differ."""
    if _at(starts_at, zone).date() == _at(ends_at, zone).date():
        return f"{day(starts_at, zone)}, {clock(starts_at, zone)} to {clock(ends_at, zone)}"
    return f"{when(starts_at, zone)} to {when(ends_at, zone)}"


def school_time(on: date, at: time, zone: ZoneInfo) -> datetime:
    """What a form field means: a day and a time by the clock on the classroom wall. Raises ValueError."""
    return within(datetime.combine(on, at, tzinfo=zone))

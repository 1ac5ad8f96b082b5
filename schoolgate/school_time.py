"""Times as people at a school type and mean them."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

if TYPE_CHECKING:
    from filter_policy.model import Timetable

A_LESSON = time(11, 0)
SATURDAY = 5
FURTHEST_DAY = 400


def instant(text: str | None, zone: ZoneInfo) -> datetime:
    """ISO 8601; school time if no zone is given; now, if nothing is. Raises BadParameter."""
    if text is None:
        return datetime.now(UTC)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time like 2026-11-24T12:30", param_hint="--at") from None
    return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)


def next_lesson(timetable: "Timetable", now: datetime) -> datetime:
    """Eleven o'clock on the first school day from today on; on a weekday where no term is left."""
    from filter_policy.timetable import in_term

    today = now.astimezone(timetable.zone).date()
    days = [today + timedelta(days=ahead) for ahead in range(FURTHEST_DAY)]
    weekdays = [day for day in days if day.weekday() < SATURDAY]
    found = next((day for day in weekdays if in_term(timetable, day)), weekdays[0])
    return datetime.combine(found, A_LESSON, timetable.zone).astimezone(UTC)

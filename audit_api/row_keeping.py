"""What the clock does to the filtering log: hours are stated as they end, and each night what is over goes.

Both in a thread of their own, since a night's work may take minutes, and neither opens nor shuts anything.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import structlog

from audit_log.db import overwrite_removed, reading
from change_control.aside_keeping import purge_aside
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.retention import purge
from change_control.row_seals import ONE_HOUR, SETTLED, state_hours

NIGHT = time(3)  # school time
AGAIN = timedelta(minutes=10)  # after a failure, or where somebody kept us out

log = structlog.get_logger()


class RowKeeping:
    """Asked every few seconds, and it does something once an hour and once a night; and at the start."""

    def __init__(self, desk: Desk, stop: Callable[[], bool] = lambda: False) -> None:
        self._desk = desk
        self._stop = stop
        self._next_hour: datetime | None = None
        self._next_night: datetime | None = None

    def look(self, now: datetime) -> None:
        if _is_over(self._next_hour, now, ONE_HOUR * 2):
            self._next_hour = self._try(self._state, now)
        if _is_over(self._next_night, now, ONE_HOUR * 48):
            self._next_night = self._try(self._purge, now)

    def _try(self, work: Callable[[datetime], datetime], now: datetime) -> datetime:
        """When to look again."""
        try:
            return work(now)
        except ChangeError as error:
            log.info("row_keeping.nothing_to_do", why=error.says)
        except Exception as error:  # noqa: BLE001  # the next look may succeed; verify tells meanwhile
            log.error(
                "row_keeping.failed", error=type(error).__name__
            )  # no traceback: its locals name people
        return now + AGAIN

    def _state(self, now: datetime) -> datetime:
        if not state_hours(self._desk, now):
            return now
        return (now - SETTLED).astimezone(UTC).replace(minute=0, second=0, microsecond=0) + ONE_HOUR + SETTLED

    def _purge(self, now: datetime) -> datetime:
        with reading(self._desk.engine) as conn:
            zone = parsed_policy(conn).timetable.zone
        if purge(self._desk, now, stop=self._stop).busy:
            return now + AGAIN
        purge_aside(self._desk, now)
        if not overwrite_removed(self._desk.engine):
            log.info("row_keeping.overwritten_later", why="somebody reads")
        local = now.astimezone(zone)
        night = datetime.combine(local.date(), NIGHT, zone)
        return night if night > now else datetime.combine(local.date() + timedelta(days=1), NIGHT, zone)


def _is_over(due: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Also when the clock was put back so far that it would take too long."""
    return due is None or now >= due or due - now > longest

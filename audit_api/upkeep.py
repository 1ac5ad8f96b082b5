"""What the clock does, written down; and the gates told again where telling them failed.

Nothing opens or shuts here: `decide` goes by the time itself (invariant 7).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from threading import Event, Thread

import structlog
from sqlalchemy.exc import SQLAlchemyError

from audit_api.checkpoint_delivery import Delivering
from audit_api.incident_intake import EVERY_SECONDS as INTAKE_SECONDS
from audit_api.incident_intake import take_in_all
from audit_api.list_schedule import ListSchedule
from audit_api.row_keeping import RowKeeping
from audit_api.watch_alarms import look as look_at_blocks
from audit_api.webhook import Calling
from audit_api.window import Window
from audit_log.db import writing
from audit_log.sessions import forget_sessions
from change_control.checkpoint_delivery import WAYS
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.proposals import lapse_due
from change_control.publish import publish_if_needed

EVERY_SECONDS = 2.0
TIDY_EVERY = 1800  # looks, which is an hour
LISTS_EVERY = 5  # looks
DELIVERY_SECONDS = 5.0
WATCH_SECONDS = 60.0
KEEP_SESSIONS = timedelta(days=1)

log = structlog.get_logger()


def look_once(desk: Desk, now: datetime) -> None:
    try:
        if not desk.published.below:  # what nobody can sign is not written by itself
            lapse_due(desk, now)
        publish_if_needed(desk)
    except ChangeError as error:
        log.info("upkeep.nothing_to_do", why=error.says)
    except Exception as error:  # noqa: BLE001  # the next look may succeed; /readyz tells meanwhile
        log.error("upkeep.failed", error=type(error).__name__)  # no traceback: its locals name people


def watch_blocks(window: Window, now: datetime) -> None:
    try:
        look_at_blocks(window, now)
    except Exception as error:  # noqa: BLE001  # the next look may succeed
        log.error("upkeep.failed", error=type(error).__name__)


def tidy(desk: Desk, now: datetime) -> None:
    """Sessions that ended a day ago are of no use to anybody."""
    try:
        with writing(desk.engine) as conn:
            forget_sessions(conn, now - KEEP_SESSIONS)
    except SQLAlchemyError as error:
        log.error("upkeep.failed", error=type(error).__name__)


def _look_on(
    stop: Event, clock: Callable[[], datetime], look: Callable[[datetime], object], seconds: float
) -> None:
    while not stop.is_set():
        look(clock())
        stop.wait(seconds)


@asynccontextmanager
async def upkeep(window: Window) -> AsyncIterator[None]:
    stop = Event()
    desk, clock = window.desk, window.clock
    schedule = ListSchedule(window)

    def run() -> None:
        for number in count():
            look_once(desk, clock())
            window.previews.look(clock())
            if number % LISTS_EVERY == 0:
                schedule.look(clock())
            if number % TIDY_EVERY == 0:
                tidy(desk, clock())
            if stop.wait(EVERY_SECONDS):
                return

    works: dict[str, Callable[[], None]] = {
        "run": run,
        "keep_rows": partial(_look_on, stop, clock, RowKeeping(desk, stop.is_set).look, EVERY_SECONDS),
    }
    works["watch_blocks"] = partial(_look_on, stop, clock, partial(watch_blocks, window), WATCH_SECONDS)
    works["take_in"] = partial(_look_on, stop, clock, partial(take_in_all, desk), INTAKE_SECONDS)
    works["call"] = partial(_look_on, stop, clock, Calling(window).look, EVERY_SECONDS)
    for way in WAYS:
        look = Delivering(window, (way,)).look
        works[f"deliver_{way}"] = partial(_look_on, stop, clock, look, DELIVERY_SECONDS)
    threads = [Thread(target=work, name=name, daemon=True) for name, work in works.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            await asyncio.to_thread(thread.join, 10)
        await asyncio.to_thread(window.list_jobs.close)
        await asyncio.to_thread(window.previews.close)

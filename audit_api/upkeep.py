"""What the clock does, written down; and the gates told again where telling them failed.

Nothing opens or shuts here: `decide` goes by the time itself (invariant 7).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from threading import Event, Thread

import structlog

from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.proposals import lapse_due
from change_control.publish import publish_if_needed

EVERY_SECONDS = 2.0

log = structlog.get_logger()


def look_once(desk: Desk, now: datetime) -> None:
    try:
        lapse_due(desk, now)
        publish_if_needed(desk)
    except ChangeError as error:
        log.info("upkeep.nothing_to_do", why=error.says)
    except Exception as error:  # noqa: BLE001  # the next look may succeed; /readyz tells meanwhile
        log.error("upkeep.failed", error=type(error).__name__)  # no traceback: its locals name people


@asynccontextmanager
async def upkeep(desk: Desk, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    stop = Event()

    def run() -> None:
        look_once(desk, clock())
        while not stop.wait(EVERY_SECONDS):
            look_once(desk, clock())

    thread = Thread(target=run, name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)

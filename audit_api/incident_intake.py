"""Each second: what the gate noticed becomes cases, so that it is in the queue while it still happens."""

import time
from collections.abc import Callable
from datetime import datetime

import structlog

from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.incident_rules import take_in

EVERY_SECONDS = 1.0
LOOKS = 10  # one after the other; then again after a second
REST_SECONDS = 0.25  # between them, so that whoever waits to write has their turn

log = structlog.get_logger()


def take_in_all(desk: Desk, now: datetime, rest: Callable[[float], object] = time.sleep) -> None:
    """Never raises: the next look may succeed, and nothing that waits is lost."""
    try:
        for _ in range(LOOKS):
            if not take_in(desk, now):
                return
            rest(REST_SECONDS)
    except ChangeError as error:
        log.info("upkeep.nothing_to_do", why=error.says)
    except Exception as error:  # noqa: BLE001  # and no traceback: its locals name people
        log.error("incidents.not_taken_in", error=type(error).__name__)

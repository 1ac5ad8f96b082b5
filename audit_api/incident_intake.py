"""Each second: what the gate noticed becomes cases, so that it is in the queue while it still happens."""

from datetime import datetime

import structlog

from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.incident_rules import take_in

EVERY_SECONDS = 1.0

log = structlog.get_logger()


def take_in_all(desk: Desk, now: datetime) -> None:
    """Never raises: the next look may succeed, and nothing that waits is lost."""
    try:
        while take_in(desk, now):
            pass
    except ChangeError as error:
        log.info("upkeep.nothing_to_do", why=error.says)
    except Exception as error:  # noqa: BLE001  # and no traceback: its locals name people
        log.error("incidents.not_taken_in", error=type(error).__name__)

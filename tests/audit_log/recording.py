"""What tests of the recorder ask and do: what is stored, how far it is, and to let it run for a while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from audit_log.db import reading
from audit_log.recorder import Recorder
from audit_log.tables import filtering_log, journal_position


def outcomes(engine: Engine) -> dict[int, str | None]:
    with reading(engine) as conn:
        rows = conn.execute(select(filtering_log.c.event_id, filtering_log.c.outcome)).all()
    return {int(row.event_id): row.outcome for row in rows}


def positions(engine: Engine) -> dict[str, tuple[int, int, int]]:
    with reading(engine) as conn:
        return {
            r.segment: (r.offset, r.torn_bytes, r.damaged_bytes)
            for r in conn.execute(select(journal_position))
        }


@contextmanager
def running(recorder: Recorder) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=recorder.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def in_hours(hours: float) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(hours=hours)

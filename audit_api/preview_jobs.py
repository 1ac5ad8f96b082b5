"""Trying proposals out in the background, one at a time: a thread waits for the processes that count.

Each proposal of a policy or of lists is tried out by itself, once. What died with its process, or was given
up, left no report: it is not finished, and whoever wants it starts it again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from audit_api.problems import Problem
from audit_log.db import reading
from audit_log.replay import Tell
from change_control import preview
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.preview import Order, Preview
from change_control.replay_counts import Replayed

RunPreview = Callable[[Desk, Order, Tell], Replayed]
State = Literal["running", "done", "not finished"]
FAREWELL_SECONDS = 3.0  # what is not over then ends with this process

log = structlog.get_logger()


class Closing(Exception):
    """The window shuts: what is under way is given up."""


@dataclass(slots=True)
class Job:
    """Written by its own thread alone, field by field; read by everybody."""

    proposal: str
    days: int
    started_at: datetime
    state: State = "running"
    done: int = 0
    of: int = 0  # 0: not known yet
    says: str = ""


class PreviewJobs:
    """`start` refuses a second one while one is under way."""

    def __init__(self, desk: Desk, run: RunPreview, clock: Callable[[], datetime]) -> None:
        self._desk, self._run, self._clock = desk, run, clock
        self._lock = Lock()
        self._closing = Event()
        self._thread: Thread | None = None
        self._under_way: Job | None = None
        self._by_proposal: dict[str, Job] = {}  # since this process began

    def start(self, proposal_id: str, days: int) -> Job:
        """Raises ChangeError for what cannot be tried out, and Problem too-many-at-once."""
        now = self._clock()
        with reading(self._desk.engine) as conn:
            order = preview.order_of(conn, proposal_id, days, now)
        with self._lock:
            if self.is_running or self._closing.is_set():
                raise Problem("too-many-at-once", "Another proposal is being tried out; wait for it.")
            job = self._under_way = Job(proposal_id, days, now)
            self._by_proposal[proposal_id] = job
            self._thread = Thread(target=self._work, args=(job, order), name="preview", daemon=True)
            self._thread.start()
        return job

    def look(self, _now: datetime) -> None:
        """For a small loop: tries out what was proposed and never was."""
        try:
            waiting = preview.without_preview(self._desk.engine)
            new = [each for each in waiting if each not in self._by_proposal]
            if new and not self.is_running:
                self.start(new[0], preview.USUAL_DAYS)
        except (ChangeError, Problem, SQLAlchemyError) as error:
            log.info("preview.not_begun", error=type(error).__name__)

    def of(self, proposal_id: str) -> Job | None:
        """The last that this process began."""
        return self._by_proposal.get(proposal_id)

    @property
    def is_running(self) -> bool:
        return self._under_way is not None and self._under_way.state == "running"

    def wait(self, seconds: float) -> None:
        """Until nothing is under way, or for so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        """Its children are ended with it. Waits for a moment."""
        self._closing.set()
        self.wait(FAREWELL_SECONDS)

    def _work(self, job: Job, order: Order) -> None:
        def tell(done: int, of: int) -> None:
            if self._closing.is_set():
                raise Closing
            job.done, job.of = done, of

        try:
            self._make(order, tell)
            job.state = "done"
        except ChangeError as error:
            job.says, job.state = error.says, "not finished"
        except Closing:
            job.says, job.state = "the API was shut down meanwhile", "not finished"
        except Exception as error:  # noqa: BLE001  # a task that fails must end, and say so; what is proposed stays as it is
            job.says, job.state = f"it could not be done ({type(error).__name__})", "not finished"
        how = log.info if job.state == "done" else log.error
        how("preview.ended", proposal=job.proposal, state=job.state, says=job.says)

    def _make(self, order: Order, tell: Tell) -> Preview:
        found = self._run(self._desk, order, tell)
        now = self._clock()
        failing = preview.checks_of(order, self._desk.lists_of)
        return preview.save(self._desk.engine, preview.report_of(order, found, failing, now), now)

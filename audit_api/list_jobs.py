"""One long task on the lists at a time, and a rollback beside it: fetching, compiling and checking are done
by a child process, which a thread waits for. The window goes on answering; whoever started the task may leave
and ask later.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Literal

import structlog

from audit_api.problems import Problem
from change_control.desk import SYSTEM
from change_control.errors import ChangeError
from filter_lists.diffing import Change, diff
from filter_lists.generations import open_generation
from filter_lists.orders import Order, Outcome, Progress
from filter_lists.summary import IndexFault
from filter_lists.worker_client import WorkerError

Work = Literal["update", "proposal", "rollback"]
State = Literal["running", "done", "failed"]
Tell = Callable[[Progress], None]
RunLists = Callable[[Order, Tell], Outcome]
CompareLists = Callable[[Path, str, str], tuple[Change, ...]]  # the state folder, and two generations in it
FAREWELL_SECONDS = 3.0  # what is not over then ends with this process, and its child with it

log = structlog.get_logger()


class Closing(Exception):
    """The window shuts: what is under way is given up, and nothing of it comes into force."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a task, in words; and the proposal that it made or that now waits."""

    outcome: Outcome | None
    says: str
    state: State = "done"
    came: str = ""  # in-force | held | nothing | proposed | failed
    proposal: str | None = None


@dataclass(slots=True)
class Job:
    """Written by its own thread alone, field by field; read by everybody."""

    work: Work
    by: str  # a person's id, or the system's
    started_at: datetime
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    progress: Progress | None = None
    ended_at: datetime | None = None
    result: Result | None = None

    @property
    def state(self) -> State:
        return self.result.state if self.result else "running"


def no_worker(_order: Order, _tell: Tell) -> Outcome:
    raise ChangeError("refused", "this API was started without what compiles lists")


def compare_here(state: Path, old: str, new: str) -> tuple[Change, ...]:
    return diff(open_generation(state, old), open_generation(state, new))


class ListJobs:
    """`start` refuses a second task while one is under way; but a rollback, which fetches nothing, waits for
    no server. An update beside it that was built from what is in force no more is built anew."""

    def __init__(self, run: RunLists, clock: Callable[[], datetime]) -> None:
        self._run = run
        self._clock = clock
        self._lock = Lock()
        self._closing = Event()
        self._under_way: list[tuple[Job, Thread]] = []  # and some that are over
        self.thread: Thread | None = None  # of the last
        self.last: Job | None = None  # running, or the last that was started

    def start(self, work: Work, by: str, do: Callable[[RunLists], Result]) -> Job:
        """`do` is given what runs an order, and is called in a thread. Raises Problem list-task-running."""
        with self._lock:
            if self._is_refused(work):
                raise Problem("list-task-running")
            job = self.last = Job(work, by, self._clock())
            self.thread = Thread(target=self._work, args=(job, do), name="lists", daemon=True)
            self._under_way = [(job, self.thread), *self._now()]
            self.thread.start()
        return job

    @property
    def is_running(self) -> bool:
        return bool(self._now())

    def _now(self) -> list[tuple[Job, Thread]]:
        return [(job, thread) for job, thread in self._under_way if job.result is None]

    def _is_refused(self, work: Work) -> bool:
        others = [job.work for job, _ in self._now()]
        return self._closing.is_set() or (bool(others) if work != "rollback" else "rollback" in others)

    def close(self) -> None:
        """The children are ended with their tasks. Waits for a moment."""
        self._closing.set()
        for _, thread in self._under_way:
            thread.join(FAREWELL_SECONDS)

    def _work(self, job: Job, do: Callable[[RunLists], Result]) -> None:
        def tell(progress: Progress) -> None:
            if self._closing.is_set():
                raise Closing
            job.progress = progress

        result = _safely(lambda: do(lambda order, _: self._run(order, tell)))
        job.ended_at = self._clock()
        job.result = result
        how = log.error if result.state == "failed" else log.info
        how("lists.task_ended", work=job.work, by=_kind(job.by), came=result.came, says=result.says)


def _safely(do: Callable[[], Result]) -> Result:
    try:
        return do()
    except ChangeError as error:
        return Result(None, error.says, "failed", "failed")
    except WorkerError as error:
        return Result(None, str(error), "failed", "failed")
    except IndexFault as fault:
        return Result(None, f"lists that are missing or damaged: {fault.why}", "failed", "failed")
    except Closing:
        return Result(None, "the API was shut down meanwhile", "failed", "failed")
    except Exception as error:  # noqa: BLE001  # a task that fails must end, and say so; the lists stay as they are
        log.error("lists.task_failed", error=type(error).__name__)
        return Result(None, f"it could not be done ({type(error).__name__})", "failed", "failed")


def _kind(by: str) -> str:
    return "system" if by == SYSTEM.person_id else "person"

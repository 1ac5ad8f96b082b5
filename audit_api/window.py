"""What every route is given: the desk, the clock, who is asking. Made once by `create_app`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Path
from starlette.requests import Request

from audit_api.disk import Disk
from audit_api.list_jobs import CompareLists, ListJobs
from audit_api.mail import Ways
from audit_api.preview_jobs import PreviewJobs
from audit_api.problems import Problem
from audit_api.rates import Rates
from audit_api.reader import Reader
from audit_api.reporting import Reporting
from audit_api.throttle import Throttle
from audit_api.times import parse_instant
from audit_api.turns import Turns
from change_control.desk import Desk
from filter_policy.bundle import Bundle, BundleFault, current_bundle, read_bundle

HASHING_THREADS = 2  # an argon2 check fills a processor; more at once would starve the rest
LONGEST_QUEUE = 20
KEPT_FIGURE = timedelta(minutes=1)


@dataclass(slots=True)
class Counted:
    """A figure that takes long to find (of ten million rows, a second), kept for a minute."""

    found: tuple[datetime, int] | None = None

    def value(self, now: datetime, find: Callable[[], int]) -> int:
        if self.found is None or now - self.found[0] >= KEPT_FIGURE:
            self.found = (now, find())
        return self.found[1]


ProbeGate = Callable[[], str | None]  # "": well; what is wrong; None: no gate can be asked from here


@dataclass(slots=True)
class Window:
    desk: Desk
    clock: Callable[[], datetime]
    dev_http: bool
    list_jobs: ListJobs
    compare_lists: CompareLists
    previews: PreviewJobs
    throttle: Throttle = field(default_factory=Throttle)
    turns: Turns = field(default_factory=Turns)
    rates: Rates = field(default_factory=Rates)
    reporting: Reporting = field(default_factory=Reporting)
    hashing: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(HASHING_THREADS, "hashing")
    )
    ways: Ways = field(default_factory=Ways)
    mailing: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "mailing"))
    disk: Disk = field(default_factory=Disk)
    probe_gate: ProbeGate = lambda: None
    counted: Counted = field(default_factory=Counted)
    waiting: int = 0  # password checks in the queue; touched on the event loop alone
    _bundle: tuple[str, Bundle] | None = None
    _lock: Lock = field(default_factory=Lock)

    def bundle(self) -> Bundle:
        """What the gates decide with now. Raises Problem when nothing is published."""
        name = current_bundle(self.desk.state)
        with self._lock:
            if name is None:
                raise Problem("no-policy")
            if self._bundle is None or self._bundle[0] != name:
                try:
                    self._bundle = (name, read_bundle(self.desk.state, name))
                except BundleFault as fault:
                    raise Problem("no-policy", f"The bundle in force {fault}.") from fault
            return self._bundle[1]

    @property
    def cookie(self) -> str:
        """`__Host-` binds the cookie to this host and to https, which the browser then insists on."""
        return "schoolgate" if self.dev_http else "__Host-schoolgate"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request by somebody who may make it."""

    window: Window
    reader: Reader
    now: datetime

    @property
    def desk(self) -> Desk:
        return self.window.desk

    @property
    def zone(self) -> ZoneInfo:
        return self.window.bundle().policy.timetable.zone

    def instant(self, field: str, text: str | None) -> datetime | None:
        """ISO 8601; without a zone it is school time. Raises Problem naming the field."""
        try:
            return parse_instant(text.strip(), self.zone) if text and text.strip() else None
        except ValueError:
            raise Problem("bad-input", errors={field: "a time like 2026-11-24T12:30 is needed"}) from None


def window_of(request: Request) -> Window:
    found: Window = request.app.state.window
    return found


def _visit(request: Request) -> Visit:
    """Set by the guard. A public route that asks for it has no reader, and that is a programmer's error."""
    found: Visit = request.state.visit
    return found


Here = Annotated[Visit, Depends(_visit)]
AtWindow = Annotated[Window, Depends(window_of)]
# What is not even like an id of ours is not found, whatever a database would say to it.
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

"""When lists are fetched again by themselves, and what is told when that does not happen in time.

A list that is fetched has a schedule (`every` in lists.yaml). A file beside lists.yaml is looked at for
change, and taken once it lies still. What comes of it is the same as when a person asks for an update.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from audit_api.list_ages import Age, overdue
from audit_api.list_jobs import Job
from audit_api.list_tasks import DUE, start_update
from audit_api.lists import ages_in_force
from audit_api.problems import Problem
from audit_api.window import Window
from audit_log.db import reading
from change_control.desk import SYSTEM, Desk
from change_control.errors import ChangeError
from change_control.lists import AgreedLists, agreed_lists
from filter_lists.built import is_generation
from filter_lists.lists_config import ListConfig
from filter_lists.source_store import SourceStore

FIRST_WAIT = timedelta(minutes=15)  # after an update that failed; twice as long after each further one
LONGEST_WAIT = timedelta(hours=6)
TOLD_EVERY = timedelta(days=1)

log = structlog.get_logger()
Looks = dict[str, int]  # list -> when its file was last changed


class ListSchedule:
    """Asked by one thread, now and then."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._told: dict[str, datetime] = {}
        self._counted: Job | None = None
        self._failures = 0
        self._not_before: datetime | None = None
        self._files = _Files()

    def look(self, now: datetime) -> None:
        """Whatever goes wrong is told; the next look is soon."""
        try:
            self._look(now)
        except (ChangeError, Problem):
            pass  # nothing is agreed on yet, or somebody else was quicker
        except Exception as error:  # noqa: BLE001  # the lists in force stay; a look must not end the looking
            log.error("lists.look_failed", error=type(error).__name__)

    def _look(self, now: datetime) -> None:
        desk, jobs = self._window.desk, self._window.list_jobs
        with reading(desk.engine) as conn:
            agreed = agreed_lists(conn)
        found = ages_in_force(desk, agreed, now)
        self._tell_overdue(found.values(), now)
        if jobs.is_running:
            return
        self._count_failures(jobs.last)
        if self._not_before is not None and now < self._not_before:
            return
        changed = self._files.changed(desk, agreed, [each.config for each in found.values()])
        if changed or any(each.due for each in found.values()):
            start_update(self._window, SYSTEM.person_id, DUE)
            self._files.taken()

    def _tell_overdue(self, found: Iterable[Age], now: datetime) -> None:
        """An alarm, once a day for each list."""
        late = overdue(found)
        self._told = {each: at for each, at in self._told.items() if each in late}
        for each in late:
            if each not in self._told or now - self._told[each] >= TOLD_EVERY:
                self._told[each] = now
                log.error("lists.overdue", list=each)

    def _count_failures(self, last: Job | None) -> None:
        """What each source says of itself is in its own record; this is for what failed as a whole."""
        if last is None or last is self._counted or last.work != "update" or last.ended_at is None:
            return
        self._counted = last
        self._failures = self._failures + 1 if last.state == "failed" else 0
        wait = min(FIRST_WAIT * 2 ** min(self._failures - 1, 16), LONGEST_WAIT) if self._failures else None
        self._not_before = last.ended_at + wait if wait else None


class _Files:
    """Files and folders beside lists.yaml: changed, and then left alone for as long as from look to look."""

    def __init__(self) -> None:
        self._taken: Looks | None = None
        self._last: Looks = {}

    def changed(self, desk: Desk, agreed: AgreedLists, configs: Iterable[ListConfig]) -> bool:
        configs = list(configs)
        seen = {each.list_id: _changed_at(each.local) for each in configs if each.local is not None}
        still, self._last = seen == self._last, seen
        if not still or seen == self._taken:
            return False
        if _is_built_from(desk, agreed, configs):  # as at every start; or somebody asked for an update
            self._taken = seen
        return seen != self._taken

    def taken(self) -> None:
        self._taken = self._last


def _is_built_from(desk: Desk, agreed: AgreedLists, configs: Iterable[ListConfig]) -> bool:
    """Whether the lists in force are those that lie here; files may have changed while nobody looked."""
    store = SourceStore(desk.state)
    sources = [each.as_source(path) for each in configs if (path := store.path(each)) is not None]
    return is_generation(sources, desk.state, agreed.generation)


def _changed_at(path: Path) -> int:
    """0: it is not there."""
    try:
        files = [path, *path.rglob("*")] if path.is_dir() else [path]
        return max(each.stat().st_mtime_ns for each in files)
    except OSError:
        return 0

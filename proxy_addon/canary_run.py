"""When the canaries run, and what becomes of what they found.

They ask over a socket of their own, in a thread, so that the loop that answers them is not the one that
waits. What failed gets one more row, which says what should have been answered, and a line in the log.
"""

import asyncio
import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from audit_log.journal import new_event_id
from filter_policy.model import Decision, Reason, Verdict
from proxy_addon.canaries import Canary, Failed, canaries_of, expected, is_right
from proxy_addon.judge import InForce
from proxy_addon.probe import Asking
from proxy_addon.records import Happening, Outcome, Rows
from proxy_addon.watch_proof import Said, Secret
from proxy_addon.watched import KIND, OURS, person_of

log = structlog.get_logger()

BETWEEN = 0.01  # seconds: hundreds of questions are not asked at once
TRIES = 3  # where the policy, or the time of day, changed meanwhile, or nothing came
AGAIN = 0.2  # seconds
SILENT = 3  # questions running of one scheme that nobody answered


class CanaryRun:
    """One for the life of the process. `state`: where the school CA is. `after`: seconds from the start to
    the first run; None: no runs."""

    def __init__(
        self,
        secret: Secret,
        rows: Rows,
        *,
        state: Path,
        in_force: Callable[[], InForce | None],
        now: Callable[[], datetime],
        note: Callable[[dict[str, Any]], None],
        after: float | None,
    ) -> None:
        self._secret = secret
        self._rows = rows
        self._state = state
        self._in_force = in_force
        self._now = now
        self._note = note
        self._due = None if after is None else time.monotonic() + after
        self._stop = threading.Event()

    async def look(self) -> None:
        """Runs them when it is time; there is nothing to ask before there is a policy."""
        force = self._in_force()
        if self._due is None or force is None or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + force.bundle.policy.watch.canary_minutes * 60
        try:
            asked, failed = await asyncio.to_thread(self._run, force)
            for each in failed:
                self._tell(each)
        except Exception as fault:  # noqa: BLE001  # a watch that fails stops no gate; that none ran is told
            log.error("canaries.not_run", fault=type(fault).__name__)
            return
        log.info("canaries.ran", asked=asked, failed=len(failed))

    def stop(self) -> None:
        self._stop.set()

    def _run(self, force: InForce) -> tuple[int, list[Failed]]:
        """Where nobody answers any more, the rest is not asked: the next run tells."""
        asked, silent, failed = 0, Counter[str](), list[Failed]()
        with closing(Asking(self._secret, state=self._state)) as asking:
            for canary in canaries_of(force.bundle.policy):
                if silent[canary.scheme] == SILENT:
                    continue
                if self._stop.wait(BETWEEN):
                    break
                asked += 1
                found = self._one(asking, canary)
                is_silent = found is not None and found.said is None
                silent[canary.scheme] = silent[canary.scheme] + 1 if is_silent else 0
                if found is not None:
                    failed.append(found)
        return asked, [] if self._stop.is_set() else failed

    def _one(self, asking: Asking, canary: Canary) -> Failed | None:
        """What is expected is worked out before and after: where the two differ, or where nothing came, it is
        asked again."""
        found: Failed | None = None
        for _ in range(TRIES):
            force = self._in_force()
            if force is None or self._stop.is_set():
                return None
            before = expected(canary, force, self._now())
            said = self._said(asking, canary)
            if is_right(canary, force.bundle.policy, before, said):
                return None
            after = expected(canary, force, self._now())
            stands = self._in_force() is force and _same(before, after)
            found = Failed(canary, before, said) if stands else None
            if stands and said is not None:
                return found
            self._stop.wait(AGAIN)
        return found

    def _said(self, asking: Asking, canary: Canary) -> Said | None:
        try:
            return asking.ask(canary.group, canary.about, canary.host, canary.path, canary.scheme)
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def _tell(self, failed: Failed) -> None:
        canary, said, now = failed.canary, failed.said, self._now()
        log.error("canary.failed", group=canary.group, about=canary.about, says=failed.rule)
        if (force := self._in_force()) is None:
            return
        policy = force.bundle.policy
        event_id = new_event_id(int(now.timestamp() * 1_000_000) * 1000)
        what = Happening(event_id, now, KIND, person_of(canary.group, policy), "", "GET", page=False)
        got = Said(Verdict.BLOCK, Reason.FAILED_CLOSED) if said is None else said
        verdict = Verdict.ALLOW if got.verdict == Verdict.ALLOW else Verdict.BLOCK
        why = Outcome(_reason(got), failed.rule, verdict)
        told = {"category": canary.category, "list": OURS, "host": canary.host, "outcome": "failed"}
        self._note(self._rows.whole(what, why, policy, 0) | told | {"status": None})


def _reason(said: Said) -> Reason:
    """What it proved, in a word of ours; never `illegal` (watched.py)."""
    if said.reason == Reason.ILLEGAL:
        return Reason.CATEGORY_NOT_ALLOWED
    return Reason(said.reason) if said.reason in set(Reason) else Reason.FAILED_CLOSED


def _same(one: Decision, other: Decision) -> bool:
    return (one.verdict, one.reason, one.policy_revision) == (
        other.verdict,
        other.reason,
        other.policy_revision,
    )

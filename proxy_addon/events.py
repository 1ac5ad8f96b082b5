"""Rows about what is noticed beside any request: one account on several devices, guessing, one person who
asks again and again for what is not open.

They go into the journal like every row, cut to what the policy keeps of the person; nobody waits for them.
`person` is whose account it is; `address` the device that made us notice.
"""

from collections.abc import Callable
from typing import Any

from audit_log.journal import new_event_id
from filter_policy.model import Decision, Person, Policy, Reason, Verdict
from proxy_addon.clock import GateClock
from proxy_addon.guessing import Guessed
from proxy_addon.identify import NOBODY
from proxy_addon.judge import InForce
from proxy_addon.records import Happening, Outcome, Rows
from proxy_addon.repeating import Repeating
from proxy_addon.sharing import Sharing

Note = Callable[[dict[str, Any]], None]


class Events:
    """Notices, and writes down."""

    def __init__(
        self, rows: Rows, clock: GateClock, in_force: Callable[[], InForce | None], note: Note
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._in_force = in_force
        self._note = note
        self._sharing = Sharing()
        self._repeating = Repeating()

    def seen(self, person: Person, address: str) -> None:
        """Somebody was let in, or asks again."""
        if person.id and (rule := self._sharing.seen(person.id, address, self._clock.now().timestamp())):
            self._write(person, address, Outcome(Reason.ACCOUNT_SHARED, rule, Verdict.ALLOW))

    def blocked(self, what: Happening, why: Decision) -> None:
        """A page that somebody opened was not let by."""
        if (policy := self._policy()) is None:
            return
        limit, now = policy.incidents.repeated_blocks, self._clock.now().timestamp()
        if rule := self._repeating.blocked(what.person.id, why.reason, now, limit):
            self._write(what.person, what.address, Outcome(Reason.REPEATED_BLOCKS, rule))

    def guessed(self, guessed: Guessed) -> None:
        force = self._in_force()
        account = force.bundle.accounts.get(guessed.username) if force else None
        known = account is not None and guessed.scale.endswith("account")
        person = account.person if account is not None and known else NOBODY
        rule = f"{guessed.scale}: {guessed.tries} tries"
        self._write(person, guessed.address, Outcome(Reason.GUESSING, rule))

    def _write(self, person: Person, address: str, why: Outcome) -> None:
        now = self._clock.now()
        event_id = new_event_id(int(now.timestamp() * 1_000_000) * 1000)
        what = Happening(event_id, now, "event", person, address, "", page=False)
        self._note(event_row(self._rows, what, why, self._policy()))

    def _policy(self) -> Policy | None:
        force = self._in_force()
        return force.bundle.policy if force else None


def event_row(rows: Rows, what: Happening, why: Outcome, policy: Policy | None) -> dict[str, Any]:
    """Whole from the start; no page, no answer, nothing that anybody asked for."""
    return rows.whole(what, why, policy, 0) | {"status": None, "page": False}

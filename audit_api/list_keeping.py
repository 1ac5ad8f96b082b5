"""One list whose update waits for somebody holds up no other: the others come into force without it (S88).

A feed that lost half of its entries must not keep a new entry of an illegal one from being shut.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from audit_api.list_jobs import RunLists
from change_control.desk import Desk
from change_control.list_updates import Taken, Took, take_update, update_order
from filter_lists.needed import in_force
from filter_lists.orders import Order, Outcome

TRIES = 2  # other lists may come into force while an update is built
OTHERS_IN_FORCE = "the other lists are in force"
Fetch = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Update:
    """What was built by this order, and what became of it."""

    order: Order
    outcome: Outcome
    taken: Taken


@dataclass(frozen=True, slots=True)
class Updating:
    desk: Desk
    run: RunLists
    clock: Callable[[], datetime]

    def update(self, fetch: Fetch) -> Update:
        """All lists; and where some must wait, the others by themselves."""
        first = self._try(fetch)
        waits = _waiting(first)
        return self._without(first, waits) if waits else first

    def _try(self, fetch: Fetch) -> Update:
        for left in reversed(range(TRIES)):
            order = update_order(self.desk, fetch, self.clock())
            made = self._take(order, self.run(order, lambda _: None))
            if not made.taken.again or not left:
                break
        return made

    def _take(self, order: Order, outcome: Outcome) -> Update:
        return Update(order, outcome, take_update(self.desk, outcome, self.clock(), order=order))

    def _without(self, first: Update, waits: Mapping[str, str]) -> Update:
        """Then all of them once more: what waits is held against what is in force now."""
        order = replace(update_order(self.desk, (), self.clock()), keep=waits)
        outcome = self.run(order, lambda _: None)
        if outcome.faults:
            return _told(first, f"the other lists wait too: {'; '.join(outcome.faults)}")
        if not outcome.changes:
            return first
        others = self._take(order, outcome).taken
        last = self._try(())
        last = replace(last, outcome=replace(last.outcome, lists=first.outcome.lists))
        if others.took is not Took.IN_FORCE:
            return last
        if last.taken.took is Took.NOTHING:
            return replace(last, taken=others)
        return _told(last, OTHERS_IN_FORCE)


def _waiting(update: Update) -> dict[str, str]:
    """Each list that has to wait, with the sha256 of what is in force of it. None where no other changed.

    Where nothing that is named stands in the way, the lists of illegal content are tried without the others.
    """
    base = {each.list_id: each for each in in_force(update.order)}
    changed = {each.list_id for each in update.outcome.changes}
    named = {each.list_id for each in update.taken.because}
    if update.taken.took is Took.REFUSED and not named:
        named = {each for each in changed if each in base and not base[each].sealed}
    return {each: base[each].sha256 for each in named if each in base} if changed - named else {}


def _told(update: Update, more: str) -> Update:
    return replace(update, taken=replace(update.taken, says=f"{update.taken.says}; {more}"))

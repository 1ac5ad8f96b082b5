"""The one question, asked for each name that a request goes by: may this person, now?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from filter_lists.index import Index
from filter_lists.names import Url
from filter_policy.bundle import Bundle
from filter_policy.model import Decision, Listing, Person, Policy, Reason, Request
from proxy_addon.asked import readings

Classify = Callable[[Index, Url], Sequence[Listing]]
Decide = Callable[[Request, Policy, datetime], Decision]


@dataclass(frozen=True, slots=True, eq=False)
class InForce:
    """A bundle and the lists it names: what every answer of this moment comes from."""

    name: str
    bundle: Bundle
    index: Index


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision, and the name it was made about."""

    url: Url
    decision: Decision


@dataclass(frozen=True, slots=True)
class Judge:
    """The two steps of a judgement, given from outside so that a test can make one fail."""

    classify: Classify
    decide: Decide

    def __call__(self, names: Sequence[Url], person: Person, force: InForce, now: datetime) -> Judged:
        """The first name that is blocked, else the first. The earliest `valid_until` holds for all."""
        first: Judged | None = None
        for name in names:
            for url, strict in readings(name):
                listings = tuple(self.classify(force.index, url))
                decision = self.decide(Request(person, url, listings), force.bundle.policy, now)
                if decision.is_block and (strict or decision.reason is Reason.SITE_BLOCKED):
                    return Judged(name, decision)
                if first is None:
                    first = Judged(name, decision)
                elif sooner(decision.valid_until, first.decision.valid_until):
                    first = Judged(first.url, _until(first.decision, decision.valid_until))
        if first is None:
            raise ValueError("nothing was asked")
        return first


def sooner(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one < other)


def _until(decision: Decision, instant: datetime | None) -> Decision:
    return Decision(
        verdict=decision.verdict,
        reason=decision.reason,
        rule=decision.rule,
        policy_revision=decision.policy_revision,
        listing=decision.listing,
        unblock_id=decision.unblock_id,
        valid_until=instant,
    )

"""The one question, asked for each name that a request goes by: may this person, now?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from filter_lists.index import Index
from filter_lists.names import Url
from filter_policy.bundle import Bundle
from filter_policy.judge import Judge as PolicyJudge
from filter_policy.judge import Judged as Judged
from filter_policy.judge import sooner as sooner
from filter_policy.model import Decision, Listing, Person, Policy, Request
from proxy_addon.addresses import spelled

Classify = Callable[[Index, Url], Sequence[Listing]]
Decide = Callable[[Request, Policy, datetime], Decision]


@dataclass(frozen=True, slots=True, eq=False)
class InForce:
    """A bundle and the lists it names: what every answer of this moment comes from."""

    name: str
    bundle: Bundle
    index: Index


@dataclass(frozen=True, slots=True)
class Judge:
    """The two steps of a judgement, given from outside so that a test can make one fail."""

    classify: Classify
    decide: Decide

    def __call__(
        self,
        names: Sequence[Url],
        person: Person,
        force: InForce,
        now: datetime,
        signs: tuple[str, ...] = (),
        *,
        address: str,
    ) -> Judged:
        """See `Judge.names`. `signs`: what the header fields told of ways round the filter; `address`: whose
        connection it is, "" where no device asks."""
        return PolicyJudge(
            person,
            force.bundle.policy,
            lambda url: self.classify(force.index, url),
            lambda asked: self.decide(asked, force.bundle.policy, now),
            signs,
            address=spelled(address),
        ).names(names)

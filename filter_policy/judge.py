"""A whole request, judged as the gate judges it: every name it goes by, in every way that name can be read.

`decide` answers for one reading. The gate, the console's tester and `schoolgate explain` all ask here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from filter_lists.names import Url
from filter_policy.decide import Note, decide
from filter_policy.model import Decision, Listing, Person, Policy, Reason, Request
from filter_policy.readings import readings

Lookup = Callable[[Url], Iterable[Listing]]
Answer = Callable[[Request], Decision]


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision, and the name it was made about."""

    url: Url
    decision: Decision


def judge_names(names: Sequence[Url], person: Person, lookup: Lookup, answer: Answer) -> Judged:
    """The first name that is blocked, else the first. The earliest `valid_until` of all holds for all.

    Raises ValueError when there is no name.
    """
    first: Judged | None = None
    for name in names:
        for url, strict in readings(name):
            decision = answer(Request(person, url, tuple(lookup(url))))
            if decision.is_block and (strict or decision.reason is Reason.SITE_BLOCKED):
                return Judged(name, decision)
            if first is None:
                first = Judged(name, decision)
            elif sooner(decision.valid_until, first.decision.valid_until):
                first = Judged(first.url, replace(first.decision, valid_until=decision.valid_until))
    if first is None:
        raise ValueError("nothing was asked")
    return first


def judge_url(
    url: Url, person: Person, policy: Policy, lookup: Lookup, now: datetime, *, note: Note | None = None
) -> Decision:
    """What the gate would answer to `url`; `note` hears every rule that was looked at."""
    return judge_names((url,), person, lookup, lambda asked: decide(asked, policy, now, note)).decision


def listings_of(url: Url, lookup: Lookup) -> tuple[Listing, ...]:
    """All that the lists say of it, in whichever way it is read."""
    found = (listing for reading in readings(url) for listing in lookup(reading.url))
    return tuple(dict.fromkeys(found))


def sooner(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one < other)

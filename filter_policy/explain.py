"""To explain is to decide: the same function, listened to (story: "why is this blocked?")."""

from dataclasses import dataclass
from datetime import datetime

from filter_lists.names import Url
from filter_policy.judge import Lookup, judge_url
from filter_policy.model import Decision, Person, Policy


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was looked at. `hit`: it bears on this request; the last hit decided."""

    rule: str
    hit: bool
    says: str


@dataclass(frozen=True, slots=True)
class Explanation:
    decision: Decision
    steps: tuple[Step, ...]


def explain(url: Url, person: Person, policy: Policy, lookup: Lookup, now: datetime) -> Explanation:
    """As the gate would judge it, in every way that the URL can be read; each rule is named once."""
    steps: list[Step] = []

    def note(rule: str, hit: bool, says: str) -> None:
        steps.append(Step(rule, hit, says))

    decision = judge_url(url, person, policy, lookup, now, note=note)
    return Explanation(decision, tuple(dict.fromkeys(steps)))

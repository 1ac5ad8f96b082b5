"""To explain is to decide: the same function, listened to (story: "why is this blocked?")."""

from dataclasses import dataclass
from datetime import datetime

from filter_policy.decide import decide
from filter_policy.model import Decision, Policy, Request


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


def explain(request: Request, policy: Policy, now: datetime) -> Explanation:
    steps: list[Step] = []
    decision = decide(request, policy, now, lambda rule, hit, says: steps.append(Step(rule, hit, says)))
    return Explanation(decision, tuple(steps))

"""To explain is to decide: the same function, listened to (story: "why is this blocked?")."""

from dataclasses import dataclass, replace
from datetime import datetime

from filter_lists.names import Url
from filter_policy.harbours import harbour_of, whole_host
from filter_policy.harbours import rule_of as harbour_rule
from filter_policy.judge import Lookup, judge_url
from filter_policy.model import Decision, Person, Policy, Reason
from filter_policy.passing import SAYS, passing, rule_of


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
    return _passed_on(url, person, policy, lookup, now) or _judged(url, person, policy, lookup, now)


def _judged(url: Url, person: Person, policy: Policy, lookup: Lookup, now: datetime) -> Explanation:
    steps: list[Step] = []

    def note(rule: str, hit: bool, says: str) -> None:
        steps.append(Step(rule, hit, says))

    decision = judge_url(url, person, policy, lookup, now, note=note)
    return Explanation(decision, tuple(dict.fromkeys(steps)))


def _passed_on(url: Url, person: Person, policy: Policy, lookup: Lookup, now: datetime) -> Explanation | None:
    """Where its host is allowed and its tunnel is not decrypted: nobody sees what else is in the URL."""
    host = whole_host(url)
    if url.scheme == "https" and (harbour := harbour_of(policy, url)) is not None:
        found = _judged(host, person, policy, lookup, now)
        if found.decision.reason is Reason.SAFE_HARBOUR:
            return Explanation(found.decision, (*found.steps, Step(harbour_rule(harbour), True, SAYS)))
        return None
    row = passing(policy, person, host, lookup(host)) if policy.passthrough else None
    if row is None:
        return None
    found = _judged(host, person, policy, lookup, now)
    if found.decision.is_block:
        return None
    decision = replace(found.decision, reason=Reason.PASSTHROUGH, rule=rule_of(row))
    return Explanation(decision, (*found.steps, Step(rule_of(row), True, SAYS)))

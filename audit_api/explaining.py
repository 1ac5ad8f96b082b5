"""To explain is to judge as the gate does: person, address and instant, each rule looked at written down."""

from datetime import datetime

from audit_api.answers import DecisionOut, ExplanationOut, StepOut
from audit_api.lists import listing_out, opened, url_of
from audit_api.problems import Problem
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from change_control.desk import Lists
from change_control.probes import record_probe
from filter_lists.names import Url
from filter_policy.judge import judge_url, listings_of
from filter_policy.model import Person, Policy
from filter_policy.standing import standing


def explained(visit: Visit, username: str, address: str, at: datetime) -> ExplanationOut:
    """Raises Problem bad-input or no-policy. A hit on a list of illegal content is recorded (I7)."""
    bundle = visit.window.bundle()
    account = bundle.accounts.get(username.strip().lower())
    url = url_of(address)
    if account is None:
        raise Problem("bad-input", errors={"user": "nobody of that name is on the register"})
    lists = opened(visit.desk, bundle.lists)
    found = listings_of(url, lists.lookup, bundle.policy)
    record_probe(visit.desk, visit.reader.actor, url, found, bundle.policy, visit.now)
    return _explained(account.person, url, lists, standing(bundle.policy, lists.within), at)


def _explained(person: Person, url: Url, lists: Lists, policy: Policy, at: datetime) -> ExplanationOut:
    """Every way that servers may read the address is judged, as the gate does."""
    steps: list[StepOut] = []
    decision = judge_url(
        url,
        person,
        policy,
        lists.lookup,
        at,
        note=lambda rule, hit, says: steps.append(StepOut(rule=rule, hit=hit, says=says)),
    )
    return ExplanationOut(
        user=person.username,
        url=str(url),
        at=iso(at),
        filter_groups=list(person.filter_groups),
        classes=list(person.classes),
        generation=lists.generation,
        listings=[listing_out(each, lists, policy) for each in listings_of(url, lists.lookup, policy)],
        steps=steps,
        decision=DecisionOut(
            verdict=decision.verdict,
            reason=decision.reason,
            rule=decision.rule,
            listing=listing_out(decision.listing, lists, policy) if decision.listing else None,
            unblock_id=decision.unblock_id,
            policy_revision=decision.policy_revision,
            valid_until=iso_or_none(decision.valid_until),
        ),
    )

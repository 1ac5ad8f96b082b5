"""To explain is to judge as the gate does: person, address and instant, each rule looked at written down."""

from datetime import datetime

from audit_api.answers import DecisionOut, ExplanationOut, ListingOut, StepOut
from audit_api.problems import Problem
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from filter_lists.listing import Listing
from filter_lists.names import NameFault, Url, parse_url
from filter_policy.judge import Lookup, judge_url
from filter_policy.model import Person, Policy


def explained(visit: Visit, username: str, address: str, at: datetime) -> ExplanationOut:
    """Raises Problem bad-input or no-policy."""
    bundle = visit.window.bundle()
    account = bundle.accounts.get(username.strip().lower())
    url = _url(address)
    if account is None:
        raise Problem("bad-input", errors={"user": "nobody of that name is on the register"})
    return _explained(account.person, url, visit.desk.lists().lookup, bundle.policy, at)


def _explained(person: Person, url: Url, lookup: Lookup, policy: Policy, at: datetime) -> ExplanationOut:
    """Every way that servers may read the address is judged, as the gate does."""
    steps: list[StepOut] = []
    decision = judge_url(
        url,
        person,
        policy,
        lookup,
        at,
        note=lambda rule, hit, says: steps.append(StepOut(rule=rule, hit=hit, says=says)),
    )
    return ExplanationOut(
        user=person.username,
        url=str(url),
        at=iso(at),
        filter_groups=list(person.filter_groups),
        classes=list(person.classes),
        listings=[_listing(each, policy) for each in lookup(url)],
        steps=steps,
        decision=DecisionOut(
            verdict=decision.verdict,
            reason=decision.reason,
            rule=decision.rule,
            listing=_listing(decision.listing, policy) if decision.listing else None,
            unblock_id=decision.unblock_id,
            policy_revision=decision.policy_revision,
            valid_until=iso_or_none(decision.valid_until),
        ),
    )


def _listing(listing: Listing, policy: Policy) -> ListingOut:
    """Entries of illegal lists are read out to nobody (invariants 3 and 10)."""
    row = policy.access.get(listing.category)
    secret = row is not None and row.illegal
    return ListingOut(
        category=listing.category, list_id=listing.list_id, entry=None if secret else listing.entry
    )


def _url(address: str) -> Url:
    text = address.strip()
    try:
        return parse_url(text if "://" in text else f"https://{text}")
    except NameFault as fault:
        raise Problem("bad-input", errors={"url": fault.why}) from None

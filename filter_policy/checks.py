"""What the school expects of its own policy, tried: what a group must see is open, what it must not is shut.

Pure. Somebody of that group, in none of the lists of selected users, asks in each stretch of the period that
a check names, as the gate would be asked. A check that can never be tried fails.

They are tried as if there were no list of illegal content: what such a list says of an address is told to
nobody, and neither a check that fails nor one that does not may tell it (I7).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from filter_lists.names import Site, Url
from filter_policy import timetable
from filter_policy.cells import When, whens
from filter_policy.decide import is_illegal
from filter_policy.judge import Lookup, judge_url
from filter_policy.model import Check, Decision, Listing, Person, Policy, Verdict


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that does not hold; `decision` None: there is no instant, or no such group, to try it with."""

    check: Check
    says: str
    decision: Decision | None = None


def failing(policy: Policy, lookup: Lookup, in_force: Policy | None = None) -> tuple[Failure, ...]:
    """The checks of the policy that it does not keep itself, under these lists.

    `in_force`: what that one calls illegal stays so, whatever the other one calls it.
    """
    if not policy.checks:
        return ()
    instants = whens(policy.timetable, policy.timetable)
    legal = _legal(lookup, (policy,) if in_force is None else (policy, in_force))
    return tuple(found for check in policy.checks if (found := _tried(policy, check, legal, instants)))


def _legal(lookup: Lookup, policies: tuple[Policy, ...]) -> Lookup:
    def found(url: Url) -> Iterable[Listing]:
        return [each for each in lookup(url) if not any(is_illegal(each, policy) for policy in policies)]

    return found


def _tried(policy: Policy, check: Check, lookup: Lookup, instants: tuple[When, ...]) -> Failure | None:
    group = policy.filter_groups.get(check.filter_group)
    if group is None:
        return Failure(check, f"{_asked(check)}: there is no group {check.filter_group}")
    person = Person("", "", group.role, (group.name,))
    moments = list(_moments(policy, check, instants))
    if not moments:
        return Failure(check, f"{_asked(check)}: there is no such time in any term")
    for when in moments:
        decision = judge_url(_url(check.site), person, policy, lookup, when.at)
        if decision.verdict is not check.verdict:
            return Failure(check, f"{_asked(check)}: {_answer(decision)}", decision)
    return None


def _moments(policy: Policy, check: Check, instants: tuple[When, ...]) -> Iterator[When]:
    """One of each set of periods that are open then."""
    seen: set[frozenset[str]] = set()
    for when in instants:
        fits = check.during in when.after if check.during is not None else not when.after
        day = when.at.astimezone(policy.timetable.zone).date()
        if fits and when.after not in seen and timetable.in_term(policy.timetable, day):
            seen.add(when.after)
            yield when


def _url(site: Site) -> Url:
    return Url("https", site.host, 443, site.path)


def _asked(check: Check) -> str:
    during = f" during {check.during}" if check.during else ""
    must = "must see" if check.verdict is Verdict.ALLOW else "must not see"
    return f"{check.filter_group} {must} {check.site}{during} ({check.why})"


def _answer(decision: Decision) -> str:
    return f"{'blocked' if decision.is_block else 'open'} by {decision.rule} ({decision.reason})"

"""Blocking too much is a fault too: what lists shut that a school needs, by list and entry (D24, S60).

Every host is judged by the function that the gate judges with. What the school itself decided about a site
(`sites:`), and groups for whom nothing unlisted is open, are no surprise: only what a list says counts here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from filter_lists.index import Index
from filter_lists.names import NameFault, Url, parse_url
from filter_policy.judge import judge_url
from filter_policy.model import Decision, Listing, Person, Policy, Reason

MUST_STAY_OPEN = "must-stay-open.txt"
BY_A_LIST = frozenset(
    {
        Reason.ILLEGAL,
        Reason.LOCKED,
        Reason.CATEGORY_NOT_ALLOWED,
        Reason.NOT_AT_THIS_TIME,
        Reason.NOT_SELECTED,
        Reason.NEEDS_STAFF_PERMISSION,
    }
)


@dataclass(frozen=True, slots=True)
class Surprise:
    """A site that a group cannot reach, and one listing that would shut it by itself.

    `entry` is None where the list is of illegal content: nobody reads those out.
    """

    site: str
    group: str
    reason: Reason
    category: str
    list_id: str
    entry: str | None


@dataclass(frozen=True, slots=True)
class Culprit:
    """An entry, and the sites it shuts: one line to take up with whoever makes the list."""

    category: str
    list_id: str
    entry: str | None
    sites: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites of a file; `faults` names each line that is none."""

    sites: tuple[str, ...]
    faults: tuple[str, ...] = ()


def must_stay_open() -> Sites:
    """What comes with Schoolgate: sites that a school in the United Kingdom must reach."""
    return sites_in(files("filter_lists").joinpath(MUST_STAY_OPEN).read_text("utf-8"), MUST_STAY_OPEN)


def sites_in(text: str, file: str) -> Sites:
    """One site to a line: a host, or a part of one, or a URL; what follows # is a comment."""
    found: list[str] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        site = line.partition("#")[0].strip()
        if not site:
            continue
        try:
            _url(site)
            found.append(site)
        except NameFault as fault:
            faults.append(f"{file}:{number}: {fault}")
    return Sites(tuple(dict.fromkeys(found)), tuple(faults))


def check(
    policy: Policy, index: Index, sites: Iterable[str], at: datetime, groups: Sequence[str]
) -> Iterator[Surprise]:
    """Every listing that shuts one of `sites` for somebody in one of `groups`. Raises NameFault."""
    people = [_somebody(policy, group) for group in groups]
    for site in sites:
        url = _url(site)
        if not index.lookup(url):
            continue
        for person in people:
            yield from _surprises(policy, index, (site, url), person, at)


def _surprises(
    policy: Policy, index: Index, asked: tuple[str, Url], person: Person, at: datetime
) -> Iterator[Surprise]:
    """As the gate judges it; then each listing alone: an entry taken out opens nothing if another shuts."""
    site, url = asked
    if not _shut_by_a_list(judge_url(url, person, policy, index.lookup, at)):
        return
    for listing in index.lookup(url):
        decision = judge_url(url, person, policy, lambda _, only=listing: (only,), at)  # type: ignore[misc]  # mypy infers no type for a lambda's default
        if _shut_by_a_list(decision):
            entry = _shown(policy, listing)
            group = person.filter_groups[0]
            yield Surprise(site, group, decision.reason, listing.category, listing.list_id, entry)


def culprits(surprises: Iterable[Surprise]) -> list[Culprit]:
    """The same, an entry to a row; first those that shut most sites."""
    found: dict[tuple[str, str, str | None], tuple[Counter[str], Counter[str]]] = {}
    for each in surprises:
        sites, groups = found.setdefault((each.category, each.list_id, each.entry), (Counter(), Counter()))
        sites[each.site] += 1
        groups[each.group] += 1
    rows = [Culprit(*what, tuple(sites), tuple(groups)) for what, (sites, groups) in found.items()]
    return sorted(rows, key=lambda row: (-len(row.sites), row.list_id, row.category, row.entry or ""))


def _shut_by_a_list(decision: Decision) -> bool:
    return decision.is_block and decision.reason in BY_A_LIST and decision.listing is not None


def _shown(policy: Policy, listing: Listing) -> str | None:
    row = policy.access.get(listing.category)
    return None if row is not None and row.illegal else listing.entry


def _somebody(policy: Policy, group: str) -> Person:
    """Raises KeyError for a group that the policy does not have."""
    return Person("check", "check", policy.filter_groups[group].role, (group,))


def _url(site: str) -> Url:
    return parse_url(site if "://" in site else f"https://{site}")

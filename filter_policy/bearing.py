"""What bears on a request: found by its host and its person, without reading every row of a policy."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from filter_lists.names import Url, is_ip
from filter_policy import timetable
from filter_policy.model import (
    Access,
    Investigation,
    Isolation,
    Opening,
    Person,
    Policy,
    Request,
    Rule,
    SiteRule,
    Unblock,
)
from filter_policy.shapes import only_shuts


def in_force(exception: Unblock | Opening | Investigation | Isolation, now: datetime) -> bool:
    if not exception.starts_at <= now < exception.ends_at:
        return False
    windows = exception.windows if isinstance(exception, Unblock) else ()
    return not windows or any(starts <= now < ends for starts, ends in windows)


def next_edge(unblock: Unblock, now: datetime) -> datetime | None:
    """The first instant after `now` at which this unblock, or a window of it, begins or ends."""
    edges = (unblock.starts_at, unblock.ends_at, *(edge for window in unblock.windows for edge in window))
    return min((edge for edge in edges if edge > now), default=None)


def for_person(unblock: Unblock, person: Person) -> bool:
    return (
        person.id in unblock.people
        or not unblock.classes.isdisjoint(person.classes)
        or not unblock.filter_groups.isdisjoint(person.filter_groups)
    )


def names_for(policy: Policy, person: Person) -> frozenset[str]:
    kinds = {group.kind for name in person.filter_groups if (group := policy.filter_groups.get(name))}
    return frozenset({"everyone", *person.filter_groups, *(kind for kind in kinds if kind)})


# What could apply to a host is found by the host and its parents, not by reading every row.


@lru_cache(maxsize=8)
def sites_by_host(policy: Policy) -> dict[str, list[SiteRule]]:
    found: dict[str, list[SiteRule]] = {}
    for rule in policy.sites:
        found.setdefault(rule.site.host, []).append(rule)
    return found


@lru_cache(maxsize=8)
def unblocks_by_host(policy: Policy) -> dict[str, list[Unblock]]:
    found: dict[str, list[Unblock]] = {}
    for unblock in policy.unblocks:
        for host in dict.fromkeys(site.host for site in unblock.sites):
            found.setdefault(host, []).append(unblock)
    return found


@lru_cache(maxsize=8)
def _openings_by_class(policy: Policy) -> dict[str, list[Opening]]:
    found: dict[str, list[Opening]] = {}
    for opening in policy.openings:
        for name in opening.classes:
            found.setdefault(name, []).append(opening)
    return found


def openings_for(policy: Policy, person: Person) -> list[Opening]:
    by_class = _openings_by_class(policy)
    return [opening for name in person.classes for opening in by_class.get(name, ())]


@lru_cache(maxsize=8)
def _investigations_by_device(policy: Policy) -> dict[str, list[Investigation]]:
    found: dict[str, list[Investigation]] = {}
    for each in policy.investigations:
        found.setdefault(each.device, []).append(each)
    return found


@lru_cache(maxsize=8)
def _isolations_by_device(policy: Policy) -> dict[str, list[Isolation]]:
    found: dict[str, list[Isolation]] = {}
    for each in policy.isolations:
        found.setdefault(each.device, []).append(each)
    return found


def investigations_for(policy: Policy, request: Request) -> Sequence[Investigation]:
    """On this device, for this person, on this site; begun or not."""
    if not policy.investigations:
        return ()
    return [
        each
        for each in _investigations_by_device(policy).get(request.address, ())
        if request.address
        and request.person.id in each.people
        and any(site.covers(request.url) for site in each.sites)
    ]


def isolations_on(policy: Policy, device: str) -> Sequence[Isolation]:
    if not policy.isolations or not device:
        return ()
    return _isolations_by_device(policy).get(device, ())


def near[T](by_host: dict[str, list[T]], url: Url) -> list[T]:
    if not by_host:
        return []
    host, found = url.host, list(by_host.get(url.host, ()))
    while not is_ip(url.host) and "." in host:
        host = host.partition(".")[2]
        found += by_host.get(host, ())
    return found


def instants(request: Request, policy: Policy, now: datetime) -> set[datetime]:
    """The instants after `now` at which time alone could change the answer, from what bears on it."""
    person = request.person
    found = {
        person.starts_at,
        person.ends_at,
        person.suspended_from,
        person.suspended_until,
        person.password_ends_at,
    }
    for unblock in near(unblocks_by_host(policy), request.url):
        if for_person(unblock, person):
            found.add(next_edge(unblock, now))
    for rule in _rules_near(request, policy):
        if rule.access is Access.AT_CERTAIN_TIMES:
            found.add(timetable.next_change(policy.timetable, rule.names, now))
        elif rule.access is Access.WITH_STAFF_PERMISSION:
            mine = openings_for(policy, person)
            found |= {instant for o in mine for instant in (o.starts_at, o.ends_at)}
    if policy.isolations or policy.investigations:
        found |= _of_cases(request, policy)
    return {instant for instant in found if instant is not None and instant > now}


def _of_cases(request: Request, policy: Policy) -> set[datetime]:
    shut = {
        edge for each in isolations_on(policy, request.address) for edge in (each.starts_at, each.ends_at)
    }
    looked = investigations_for(policy, request)
    return shut | {edge for each in looked for edge in (each.starts_at, each.ends_at)}


def _rules_near(request: Request, policy: Policy) -> list[Rule]:
    groups = [g for name in request.person.filter_groups if (g := policy.filter_groups.get(name))]
    on_no_list = [group.unlisted for group in groups] if all(map(only_shuts, request.listings)) else []
    if not request.listings:
        return on_no_list
    rows = [row for listing in request.listings if (row := policy.access.get(listing.category))]
    names = [(group.name, group.kind, "everyone") for group in groups]
    return on_no_list + [
        rule for row in rows for near in names for n in near if n and (rule := row.rules.get(n))
    ]

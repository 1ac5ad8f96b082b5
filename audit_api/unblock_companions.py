"""Hosts that the pages of a site need and that a class would not get: proposed from the filtering log.

What a page loads stands in the log as its parts. A host is proposed only where parts of it came with the site
on two occasions (other people, or other days), or came to whoever asks; nothing says how often, or to whom.
What nobody can be given is left out without a word, as if it had never been asked for.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from audit_api.lists import opened
from audit_api.openings import own_classes
from audit_api.problems import Problem
from audit_api.reasons import REASONS
from audit_api.times import iso
from audit_api.unblock_check import decision_for, url_of, whom_of
from audit_api.unblock_shapes import CompanionOut, CompanionsOf, CompanionsOut
from audit_api.unblock_typical import Typical, typical
from audit_api.unblocks import categories_of
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.unblock_use import Part, parts_of
from change_control.desk import Lists
from filter_lists.names import NameFault, Site
from filter_policy.model import Policy
from filter_policy.unblocking import refusal_of, site_asked

LOOKED_BACK = timedelta(days=30)
OCCASIONS = 2
MOST = 30


def companions(visit: Visit, asked: CompanionsOf) -> CompanionsOut:
    """For the classes and groups that are named, else for one's own classes. Raises Problem bad-input."""
    bundle, faults = visit.window.bundle(), dict[str, str]()
    classes = asked.class_ or ([] if asked.group else list(own_classes(visit)))
    whom = whom_of(visit, {"classes": classes, "filter_groups": asked.group or []}, bundle.policy, faults)
    site = _site(asked.site, faults)
    if faults or site is None:
        raise Problem("bad-input", errors=faults)
    since = visit.now - LOOKED_BACK
    with reading(visit.desk.engine) as conn:
        hosts = _often(parts_of(conn, site.host, since), visit.reader.person_id)
    lists, people = opened(visit.desk, bundle.lists), typical(bundle, whom, visit.now)
    found = (_companion(host, site, people, bundle.policy, lists, visit) for host in hosts)
    return CompanionsOut(
        site=str(site), since=iso(since), companions=[each for each in found if each is not None][:MOST]
    )


def _site(text: str, faults: dict[str, str]) -> Site | None:
    try:
        return site_asked(text)
    except NameFault as fault:
        faults["site"] = str(fault)
        return None


def _often(parts: Iterable[Part], asker: str) -> list[str]:
    """An occasion is one person on one day."""
    occasions: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for each in parts:
        occasions[each.host].add((each.person_id, each.at.date().isoformat()))
    return sorted(
        host
        for host, some in occasions.items()
        if len(some) >= OCCASIONS or any(person_id == asker for person_id, _ in some)
    )


def _companion(  # noqa: PLR0917  # one host, and all that it is held against
    host: str, site: Site, people: Iterable[Typical], policy: Policy, lists: Lists, visit: Visit
) -> CompanionOut | None:
    """None: it is of the site itself, or would not be blocked, or nobody can be given it."""
    try:
        found = site_asked(host)
    except NameFault:
        return None
    if Site(site.host).covers(url_of(found)) or refusal_of(found, policy, lists.lookup):
        return None
    made = [decision_for(found, each, policy, lists, visit.now) for each in people]
    blocked = next((each for each in made if each.is_block), None)
    if blocked is None:
        return None
    return CompanionOut(
        host=host, categories=categories_of(lists, host), says=f"blocked: {REASONS[blocked.reason]}"
    )

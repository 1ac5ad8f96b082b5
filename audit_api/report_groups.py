"""Which groups a report may name: figures of at most three people are figures of somebody (invariant 9).

People are counted by all their filter groups together, as the totals are. Sets of groups that few people
have are told as one, "other groups"; and where those are few themselves, or a reader could find their figures
by taking all others from the sum, the smallest of the others goes with them.

The totals know no people, so who was in a group is read from the register: without those who came into it, or
got groups anew, after the month. A group with next to no requests may be one child's, however many are in it.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from audit_api.few import FEW
from audit_log.tables import proposal
from filter_policy.life_cycle import State
from filter_policy.model import Person, Policy

Groups = tuple[str, ...]
OTHER = "other groups"
NOBODY = "nobody signed in"
SELDOM = 100  # requests in a month: one child makes as many in a lesson


def regrouped_since(conn: Connection, at: datetime) -> frozenset[str]:
    """Who was added, or got other filter groups, from then on: which they had before is not known here."""
    agreed = select(proposal.c.payload).where(
        proposal.c.kind == "people", proposal.c.decided_at >= at, proposal.c.state != State.DECLINED
    )
    rows = (row for payload in conn.scalars(agreed) for row in payload["rows"])
    return frozenset(row["id"] for row in rows if row["new"] or "filter_groups" in row["set"])


def people_by_groups(
    people: Iterable[Person], starts_at: datetime, ends_at: datetime, unsure: Container[str] = ()
) -> Counter[Groups]:
    """How many people of each set of groups were there in between. `unsure`: ids not to count."""
    counted = Counter[Groups]()
    for each in people:
        if _was_there(each, starts_at, ends_at):
            counted[key_of(each.filter_groups)] += each.id not in unsure
    return counted


def with_requests(people: Mapping[Groups, int], requests: Mapping[Groups, int]) -> dict[Groups, int]:
    """Where hardly anything was asked for, one person may have asked for all of it."""
    return {
        groups: min(count, 1) if requests.get(groups, 0) < SELDOM else count
        for groups, count in people.items()
    }


def _was_there(person: Person, starts_at: datetime, ends_at: datetime) -> bool:
    begun = person.starts_at is None or person.starts_at < ends_at
    return begun and (person.ends_at is None or person.ends_at > starts_at)


def named(sets: Iterable[Groups], people: Mapping[Groups, int], policy: Policy) -> dict[Groups, str]:
    """What each of these sets of groups is called in a report. Those of devices have no people to tell of."""
    known = {groups: people.get(groups, 0) for groups in sets}
    devices = {groups for groups in known if groups not in people and _is_of_devices(groups, policy)}
    shown = {groups: count for groups, count in known.items() if count > FEW}
    hidden = {groups: count for groups, count in known.items() if count <= FEW and groups not in devices}
    while hidden and sum(hidden.values()) <= FEW and shown:
        smallest = min(shown, key=lambda groups: (shown[groups], groups))
        hidden[smallest] = shown.pop(smallest)
    names = {groups: " and ".join(groups) or NOBODY for groups in (*shown, *devices)}
    return names | dict.fromkeys(hidden, OTHER)


def _is_of_devices(groups: Groups, policy: Policy) -> bool:
    """Of a network that needs no sign-in, or of nobody known."""
    if not groups:
        return True
    networks = {network.filter_group for network in policy.networks}
    unknown = {name for name, group in policy.filter_groups.items() if group.role is None}
    return len(groups) == 1 and groups[0] in networks | unknown


def key_of(groups: Iterable[str]) -> Groups:
    """In whatever order a person's groups were written down."""
    return tuple(sorted(groups))

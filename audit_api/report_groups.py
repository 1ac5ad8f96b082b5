"""Which groups a report may name: figures of at most three people are figures of somebody (invariant 9).

People are counted by all their filter groups together, as the totals are. Sets of groups that few people
have are told as one, "other groups"; and where those are few themselves, or a reader could find their figures
by taking all others from the sum, the smallest of the others goes with them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from audit_api.few import FEW
from filter_policy.model import Person, Policy

Groups = tuple[str, ...]
OTHER = "other groups"
NOBODY = "nobody signed in"


def people_by_groups(people: Iterable[Person], starts_at: datetime, ends_at: datetime) -> Counter[Groups]:
    """How many people of each set of groups were there at some time in between."""
    return Counter(key_of(each.filter_groups) for each in people if _was_there(each, starts_at, ends_at))


def _was_there(person: Person, starts_at: datetime, ends_at: datetime) -> bool:
    begun = person.starts_at is None or person.starts_at < ends_at
    return begun and (person.ends_at is None or person.ends_at > starts_at)


def named(sets: Iterable[Groups], people: Mapping[Groups, int], policy: Policy) -> dict[Groups, str]:
    """What each of these sets of groups is called in a report. Those of devices have no people to tell of."""
    known = {groups: people.get(groups, 0) for groups in sets}
    devices = {groups for groups, count in known.items() if not count and _is_of_devices(groups, policy)}
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

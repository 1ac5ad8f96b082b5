"""What is kept of one person's requests: of several groups, the least of each kind (S102, S104)."""

from dataclasses import dataclass
from functools import lru_cache

from filter_policy.model import KEPT_URLS, Policy, Record


@dataclass(frozen=True, slots=True)
class Kept:
    """`keep`: the row of the policy's table that says for how many days."""

    keep: str
    record: Record


NOTHING_SAID = Kept("everyone", Record())


@lru_cache(maxsize=512)
def kept_of_groups(policy: Policy, groups: tuple[str, ...]) -> Kept:
    """In no group at all, what `everyone` gets."""
    rows = [_row(policy, name) for name in groups] or [_of_everyone(policy)]
    shortest = min(rows, key=lambda kept: (kept.record.days, kept.keep))
    least = Record(
        url=min((kept.record.url for kept in rows), key=KEPT_URLS.index),
        address=all(kept.record.address for kept in rows),
        search_terms=all(kept.record.search_terms for kept in rows),
        days=shortest.record.days,
    )
    return Kept(shortest.keep, least)


def _row(policy: Policy, name: str) -> Kept:
    """The narrowest row there is: the group's own, its kind's, everybody's, or what holds where none is."""
    group = policy.filter_groups.get(name)
    for key in (name, group.kind if group else None):
        if key is not None and key in policy.record:
            return Kept(key, policy.record[key])
    return _of_everyone(policy)


def _of_everyone(policy: Policy) -> Kept:
    everyone = policy.record.get("everyone")
    return Kept("everyone", everyone) if everyone else NOTHING_SAID

"""What a policy says and no decision shows: what is kept, who is told, which ports there are, and the like.

Each of it counts as opening unless it is proven here to shut, and so does every word that is added to a
policy later: it stands in no table of this file.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from filter_policy.keeping import kept_of_groups
from filter_policy.model import SECOND_FACTOR, Network, Policy

# Of these fields only what is named here is shown by decisions; every other field of theirs must stay.
SHOWN = {
    "filter_groups": frozenset({"name", "unlisted"}),
    "access": frozenset({"rules", "locked"}),
    "sites": frozenset({"site", "verdict", "for_"}),
}
SHOWN_WHOLE = frozenset({"selected_users", "timetable"})
# What is no word of the policy: its name, what follows from the rest of it, and what is in force beside it.
NO_WORDS = frozenset({"revision", "undecided", "unblocks", "openings", "investigations", "isolations"})
NAMES = {
    "egress_allow": "egress",
    "limits": "unblocks",
    "school": "school",
    "second_factor": "sign_in.second_factor",
}  # as policy.yaml has them


def unseen(old: Policy, new: Policy) -> tuple[str, ...]:
    """The sections that changed and are not proven to shut, in the words of policy.yaml."""
    found: list[str] = []
    for each in fields(Policy):
        before, after = getattr(old, each.name), getattr(new, each.name)
        if each.name in NO_WORDS or each.name in SHOWN_WHOLE or each.name in PROOFS:
            continue
        if each.name in SHOWN:
            found += _other_fields(each.name, before, after)
        elif before != after:
            found.append(NAMES.get(each.name, each.name))
    found += [NAMES.get(name, name) for name, only_shuts in PROOFS.items() if not only_shuts(old, new)]
    found += _timetable(old, new)
    found += [f"access.{name}: illegal" for name in new.access if _becomes_illegal(name, old, new)]
    return tuple(dict.fromkeys(found))


def _rows(value: Any) -> list[tuple[object, Any]]:
    """Each row, with what it is known by; several rows may say the same of one site."""
    if isinstance(value, Mapping):
        return list(value.items())
    return [((str(row.site), row.verdict, row.for_), row) for row in value]


def _other_fields(section: str, before: Any, after: Any) -> Iterable[str]:
    """Rows that come or go are shown by decisions; of those that stay, no other word may change."""
    old, new = _words(section, _rows(before)), _words(section, _rows(after))
    for key in old:
        if key in new and old[key] != new[key]:
            yield f"{section}.{key if isinstance(key, str) else key[0]}"


def _words(section: str, rows: Iterable[tuple[object, Any]]) -> dict[Any, set[str]]:
    """All other words of the rows that are known by the same."""
    found: dict[Any, set[str]] = {}
    for key, row in rows:
        told = found.setdefault(key, set())
        told |= {
            f"{each.name}={getattr(row, each.name)!r}"
            for each in fields(row)
            if each.name not in SHOWN[section]
        }
    return found


def _becomes_illegal(name: str, old: Policy, new: Policy) -> bool:
    """It only shuts; but nobody, not even two people, could ever take it back."""
    before = old.access.get(name)
    return new.access[name].illegal and (before is None or not before.illegal)


def _timetable(old: Policy, new: Policy) -> Iterable[str]:
    """Terms and periods are shown by decisions, one instant in each stretch; nothing else of it is."""
    for each in fields(old.timetable):
        if each.name in ("terms", "periods"):
            continue
        if getattr(old.timetable, each.name) != getattr(new.timetable, each.name):
            yield "school.timezone" if each.name == "zone" else f"timetable.{each.name}"


def _fewer(name: str, old: Policy, new: Policy) -> bool:
    """Nothing new in it."""
    return set(getattr(new, name)) <= set(getattr(old, name))


def _more(name: str, old: Policy, new: Policy) -> bool:
    """Nothing is gone from it."""
    return set(getattr(old, name)) <= set(getattr(new, name))


def _smaller(name: str, old: Policy, new: Policy) -> bool:
    """No number of it grows, and nothing that is no number changes."""
    before, after = getattr(old, name), getattr(new, name)
    if not is_dataclass(before) or type(before) is not type(after):
        return bool(before == after)
    return all(_at_most(getattr(after, each.name), getattr(before, each.name)) for each in fields(before))


def _at_most(after: object, before: object) -> bool:
    numbers = type(after) is type(before) is int
    return after <= before if numbers else after == before  # type: ignore[operator]  # both are numbers


def _networks(old: Policy, new: Policy) -> bool:
    """A range that goes shuts its devices out, unless a wider one takes them in."""
    gone = [each for each in old.networks if each not in new.networks]
    come = [each for each in new.networks if each not in old.networks]
    return not come and not any(_overlap(one, other) for one in gone for other in new.networks)


def _overlap(one: Network, other: Network) -> bool:
    a, b = one.addresses, other.addresses
    return a.version == b.version and a.overlaps(b)


def _record(old: Policy, new: Policy) -> bool:
    """Neither more nor less is kept of anybody: the one exposes, the other hides."""
    names: list[tuple[str, ...]] = [(name,) for name in {**old.filter_groups, **new.filter_groups}]
    same = all(kept_of_groups(old, each) == kept_of_groups(new, each) for each in [(), *names])
    return same and set(old.record) == set(new.record)


def _safer(old: Policy, new: Policy) -> bool:
    """For nobody less. What a rule of the school's own writes may as well turn a site's filter off, or
    sign in to something: no rule comes, goes, changes, or holds for anybody else."""
    before, after = old.safe_search, new.safe_search
    if before.rules or after.rules:
        return before == after
    return before.for_ <= after.for_


def _factor(policy: Policy) -> int:
    return SECOND_FACTOR.index(policy.second_factor)


# Only where this says yes does a change of the field shut, or do nothing. Not here: `carriers` (a new one may
# be a proxy that was blocked by its form), `passthrough` and `safe_harbour` (a row that comes hides, one that
# goes exposes), and `incidents` (whom a case is told to, and when it is late).
PROOFS: Mapping[str, Callable[[Policy, Policy], bool]] = {
    "egress_allow": partial(_fewer, "egress_allow"),
    "connect_ports": partial(_fewer, "connect_ports"),
    "networks": _networks,
    "limits": partial(_smaller, "limits"),
    "reviews": partial(_smaller, "reviews"),
    "checks": partial(_more, "checks"),
    "record": _record,
    "terms": partial(_more, "terms"),
    "safe_search": _safer,
    "second_factor": lambda old, new: _factor(old) <= _factor(new),
}

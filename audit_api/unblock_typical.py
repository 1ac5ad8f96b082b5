"""Whom an unblock would be for, as nobody in particular: each set of filter groups once (invariant 9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from audit_api.names import a_role
from filter_policy.bundle import Bundle
from filter_policy.model import Person, Role
from filter_policy.unblocking import Whom

MOST = 40  # sets of groups; a school has a dozen
PEOPLE = "typical"  # the id and the name of nobody


@dataclass(frozen=True, slots=True)
class Typical:
    """Somebody with these groups, and what they are called."""

    person: Person
    who: str


def typical(bundle: Bundle, whom: Whom, now: datetime) -> list[Typical]:
    """Pupils first. Of each class and group those who are in it now; where nobody is, the group itself."""
    people = [account.person for account in bundle.accounts.values()]
    meant = [each for each in people if _is_meant(each, whom) and _is_here(each, now)]
    sets = dict.fromkeys(_set_of(each, whom) for each in meant)
    used = {name for each in meant for name in each.filter_groups}
    for name in sorted(whom.filter_groups - used):
        sets[bundle.policy.filter_groups[name].role, (name,), ()] = None
    ordered = sorted(sets, key=lambda key: (key[0] is not Role.PUPIL, str(key[0]), key[1], key[2]))
    return [_typical(*key) for key in ordered[:MOST]]


def _is_meant(person: Person, whom: Whom) -> bool:
    return (
        person.id in whom.people
        or not whom.classes.isdisjoint(person.classes)
        or not whom.filter_groups.isdisjoint(person.filter_groups)
    )


def _is_here(person: Person, now: datetime) -> bool:
    return person.ends_at is None or person.ends_at > now


def _set_of(person: Person, whom: Whom) -> tuple[Role | None, tuple[str, ...], tuple[str, ...]]:
    classes = whom.classes.intersection(person.classes) if person.id not in whom.people else person.classes
    return person.role, tuple(sorted(person.filter_groups)), tuple(sorted(classes))


def _typical(role: Role | None, groups: tuple[str, ...], classes: tuple[str, ...]) -> Typical:
    person = Person(PEOPLE, "", role, groups, classes)
    return Typical(person, in_words(role, groups, classes))


def in_words(role: Role | None, groups: Iterable[str], classes: Iterable[str]) -> str:
    """`pupils of 6B (upper-ks2)`."""
    kind = {None: "devices", Role.PUPIL: "pupils", Role.STAFF: "members of staff"}
    named = kind.get(role) or f"{a_role(str(role)).partition(' ')[2]}s"
    of = f" of {', '.join(classes)}" if any(classes) else ""
    return f"{named}{of} ({', '.join(groups)})"

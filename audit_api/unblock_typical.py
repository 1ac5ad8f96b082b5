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


NAMED = "somebody you named"


@dataclass(frozen=True, slots=True)
class Typical:
    """Somebody with these groups, and what they are called. Of whoever is `named` only the answer is told."""

    person: Person
    who: str
    named: bool = False


def typical(bundle: Bundle, whom: Whom, now: datetime) -> list[Typical]:
    """Pupils first. Of each class and group those who are in it now; where nobody is, the group itself.

    Whoever is asked for by name alone comes last: their role, groups and classes are the register's to tell.
    """
    people = [account.person for account in bundle.accounts.values()]
    here = [each for each in people if _is_here(each, now)]
    meant = [each for each in here if _is_meant(each, whom)]
    sets = dict.fromkeys(_set_of(each, whom) for each in meant)
    used = {name for each in meant for name in each.filter_groups}
    for name in sorted(whom.filter_groups - used):
        sets[bundle.policy.filter_groups[name].role, (name,), ()] = None
    ordered = sorted(sets, key=lambda key: (key[0] is not Role.PUPIL, str(key[0]), key[1], key[2]))
    named = [each for each in here if each.id in whom.people and not _is_meant(each, whom)]
    alike = dict.fromkeys((each.role, tuple(sorted(each.filter_groups)), each.classes) for each in named)
    told = [_typical(*key) for key in ordered]
    return [*told, *(Typical(Person(PEOPLE, "", *key), NAMED, named=True) for key in alike)][:MOST]


def _is_meant(person: Person, whom: Whom) -> bool:
    in_class = not whom.classes.isdisjoint(person.classes)
    return in_class or not whom.filter_groups.isdisjoint(person.filter_groups)


def _is_here(person: Person, now: datetime) -> bool:
    return person.ends_at is None or person.ends_at > now


def _set_of(person: Person, whom: Whom) -> tuple[Role | None, tuple[str, ...], tuple[str, ...]]:
    classes = whom.classes.intersection(person.classes)
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

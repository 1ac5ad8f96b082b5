"""What a proposal does to what is open, as comparing decisions shows it, and how that is kept with it.

What was worked out before a transaction is remembered, so that nobody waits for it under the write lock; had
the policy in force, the lists or the register changed since, it is worked out anew there.
"""

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from audit_log.people import people
from change_control.desk import Lists
from change_control.in_force import parsed
from filter_policy.comparing import Comparison, compare
from filter_policy.model import Person

KEPT = "compared"  # where a payload has it


@dataclass(frozen=True, slots=True)
class Compared:
    """All that a comparison needs, read at one instant."""

    old_text: str
    new_text: str
    people: frozenset[Person]
    together: frozenset[frozenset[str]]

    @property
    def result(self) -> Comparison:
        return _compared(self.old_text, self.new_text, self.people, self.together)


def to_compare(conn: Connection, old_text: str, new_text: str, lists: Lists) -> Compared:
    """One policy after another, for the people that there are and the lists given."""
    used = [parsed(text).selected_users for text in (old_text, new_text)]
    named = {name for lists_ in used for users in lists_.values() for name in users}
    return Compared(old_text, new_text, _kinds_of_people(conn, named), lists.category_sets)


def _kinds_of_people(conn: Connection, named: Container[str]) -> frozenset[Person]:
    """Nobody twice who comes to the same: a name matters only where a policy names it."""
    return frozenset(
        Person(
            id="",
            username=each.username if each.username in named else "",
            role=each.role,
            filter_groups=tuple(sorted(each.filter_groups)),
        )
        for each in people(conn)
    )


@lru_cache(maxsize=8)
def _compared(
    old: str, new: str, everybody: frozenset[Person], together: frozenset[frozenset[str]]
) -> Comparison:
    in_order = sorted(everybody, key=lambda each: (each.filter_groups, str(each.role), each.username))
    return compare(parsed(old), parsed(new), in_order, together)


def kept(found: Comparison) -> dict[str, Any]:
    """As JSON has it."""
    told = asdict(found)
    for name in ("opens", "shuts"):
        told[name] = [{**each, "rules": list(each["rules"])} for each in told[name]]
    return {**told, "hides": list(found.hides), "loosening": found.loosening}


def told_of(payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """None: of a proposal of an earlier version, or of another kind."""
    found = payload.get(KEPT)
    return found if isinstance(found, Mapping) else None

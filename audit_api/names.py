"""Who somebody is, to this reader: logs hold ids, and a name is found only when it is shown (invariant 9).

Adults are named. A pupil is "a pupil of 6B", unless the reader's task needs the name.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from audit_api.answers import SomebodyOut
from audit_log.people import Registered, people_by_ids
from filter_policy.model import Role

SYSTEM = "system"
ENVELOPE = "break-glass"  # where it stood in for a second person
A_MEMBER_OF_STAFF = "a member of staff"


class Names:
    """The people with these ids. `pupils`: whether this reader may see pupils' names; `suspended_staff`:
    whether they are told which adult was suspended, which may be what an incident came to.
    """

    def __init__(
        self, known: Mapping[str, Registered], *, pupils: bool, suspended_staff: bool = False
    ) -> None:
        self._known = known
        self._pupils = pupils
        self._suspended_staff = suspended_staff

    @classmethod
    def of(
        cls, conn: Connection, ids: Iterable[str | None], *, pupils: bool, suspended_staff: bool = False
    ) -> "Names":
        found = people_by_ids(conn, (each for each in ids if each))
        return cls(found, pupils=pupils, suspended_staff=suspended_staff)

    def name(self, person_id: str) -> str:
        if person_id == SYSTEM:
            return "the system"
        if person_id == ENVELOPE:
            return "the sealed envelope"
        person = self._known.get(person_id)
        if person is None:
            return "somebody no longer on the register"
        return a_pupil(person.classes) if self._hides(person) else person.name

    def suspended(self, person_id: str) -> str:
        person = self._known.get(person_id)
        hides = person is not None and person.role is not Role.PUPIL and not self._suspended_staff
        return A_MEMBER_OF_STAFF if hides else self.name(person_id)

    def role(self, person_id: str) -> str | None:
        """As the register has it now; None of whoever is not on it."""
        person = self._known.get(person_id)
        return None if person is None else str(person.role)

    def somebody(self, person_id: str) -> SomebodyOut:
        """A pupil's id is a name in all but letters, so it goes where the name goes."""
        person = self._known.get(person_id)
        hidden = person is not None and self._hides(person)
        return SomebodyOut(id=None if hidden else person_id, name=self.name(person_id))

    def somebody_or_none(self, person_id: str | None) -> SomebodyOut | None:
        return None if person_id is None else self.somebody(person_id)

    def _hides(self, person: Registered) -> bool:
        return person.role is Role.PUPIL and not self._pupils


def a_pupil(classes: Iterable[str]) -> str:
    named = sorted(classes)
    return f"a pupil of {named[0]}" if named else "a pupil"


def a_role(role: str) -> str:
    """As in "a technician", "a member of staff"."""
    return A_MEMBER_OF_STAFF if role == Role.STAFF else f"a {role}"

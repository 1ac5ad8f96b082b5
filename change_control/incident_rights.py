"""Who may see what of a case (S15, S37, S165): pure, so that every combination can be tried.

Whom it is about never learns of it, and nobody whom the reporter left out; a case about a member of staff is
for the headteacher and one more senior leader, whatever anybody is elsewhere. Governors see numbers.
"""

from dataclasses import dataclass
from enum import StrEnum

from audit_log.incident_model import Incident
from filter_policy.model import Role

LEADERS = frozenset({Role.COORDINATOR, Role.HEADTEACHER})
SENIOR = LEADERS | {Role.STAFF}  # who can be on a case, and sign
MOST_ON_A_STAFF_CASE = 1  # besides the headteacher (S15)


class View(StrEnum):
    ALL = "all"
    COUNT = "count"  # that there is one of its kind, in which state, since when
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks: the role they are signed in with."""

    person_id: str
    role: str


def view_of(case: Incident, looker: Looker) -> View:
    """How much of this case this person may see."""
    if looker.role == Role.GOVERNOR:
        return View.NOTHING if looker.person_id == case.person_id else View.COUNT
    if looker.person_id == case.person_id or looker.person_id in case.excluded:
        return View.NOTHING
    return View.ALL if _is_on(case, looker) else View.NOTHING


def _is_on(case: Incident, looker: Looker) -> bool:
    if case.restricted:
        return _is_on_staff_case(case, looker)
    if looker.role == Role.TECHNICIAN:
        return case.about == "technical"
    is_member = looker.role == Role.STAFF and looker.person_id in case.members
    return looker.role in LEADERS or is_member


def _is_on_staff_case(case: Incident, looker: Looker) -> bool:
    """The headteacher; for a case about a headteacher the coordinator too; and whoever they named."""
    if looker.role == Role.HEADTEACHER:
        return True
    if looker.role == Role.COORDINATOR and case.role == Role.HEADTEACHER:
        return True
    return looker.role in SENIOR and looker.person_id in case.members


def may_sign(case: Incident, looker: Looker) -> bool:
    """Seniors on the case sign its steps; a technician who works on a technical one does not (S165)."""
    return looker.role in SENIOR and view_of(case, looker) is View.ALL


def may_name(case: Incident, looker: Looker) -> bool:
    """Who names somebody to the case: its leaders, not those they named."""
    return leads(case, looker)


def leads(case: Incident, looker: Looker) -> bool:
    """One of the two who sign each step does."""
    by_role = looker.role == Role.HEADTEACHER or (
        looker.role == Role.COORDINATOR and (not case.restricted or case.role == Role.HEADTEACHER)
    )
    return by_role and view_of(case, looker) is View.ALL

"""A kind of the table for staff is about staff, and one of the table for pupils about pupils.

Some of them read the same in both tables (S182, S183), and one wrong pick would take a pupil's case away from
whoever deals with it: a case about staff is the headteacher's.
"""

from change_control.errors import ChangeError, bad_input
from change_control.incident_kinds import ADULTS, IncidentKind

OF_STAFF = "this is a kind of the table for staff, and the person is not on the staff"
OF_PUPILS = "this is a kind of the table for pupils, and the person is on the staff"
CHOSEN_BY = frozenset({"staff", "hand"})  # sources of reports whose kind a person chose, and can choose anew
NOT_TO_BE_NAMED = "must not be put on this case: it is about them, or they were left out of it"
NOT_SENIOR = "must be a member of staff, the coordinator or the headteacher; nobody else works on cases"


def kind_fault(kind: IncidentKind, role: str | None) -> ChangeError | None:
    """`role`: of whom it is about; None: nobody is known, and then any kind may be."""
    if role is None:
        return None
    if kind.about == "staff" and role not in ADULTS:
        return bad_input({"kind": OF_STAFF})
    return bad_input({"kind": OF_PUPILS}) if kind.about == "pupil" and role in ADULTS else None

"""Whose rows are a member of staff's, and who reads them by name (S190): the headteacher, on the record.

Of the headteacher it is the coordinator. Anybody else asks for a disclosure (disclosures.py), and the rows of
one person and stretch are read through that. Everybody else's reading by name shows no adult of the school.
"""

from collections.abc import Collection

from sqlalchemy import Connection

from audit_api.problems import Problem
from audit_api.reader import Reader
from audit_log.people import Registered, people_by_ids, person_by_id
from change_control.incident_kinds import ADULTS
from filter_policy.model import Role

ADULT_ROLES = frozenset(str(role) for role in ADULTS)
SAYS = (
    "What a member of staff browsed is read by the headteacher alone; of the headteacher, by the coordinator."
    " Whoever leads them asks for a disclosure, and the headteacher agrees to it."
)


def reads_staff(reader: Reader) -> bool:
    """Whether rows of the staff are by name in whatever this reader finds by name."""
    return reader.role is Role.HEADTEACHER


def may_read(reader: Reader, person: Registered) -> bool:
    if person.role not in ADULTS or reads_staff(reader):
        return True
    return reader.role is Role.COORDINATOR and person.role is Role.HEADTEACHER


def require_readable(conn: Connection, reader: Reader, person_id: str) -> None:
    """Raises Problem wrong-role."""
    person = person_by_id(conn, person_id)
    if person is not None and not may_read(reader, person):
        raise Problem("wrong-role", SAYS)


def staff_among(conn: Connection, ids: Collection[str]) -> frozenset[str]:
    """Those of these people who are adults of the school."""
    found = people_by_ids(conn, ids)
    return frozenset(id_ for id_, person in found.items() if person.role in ADULTS)

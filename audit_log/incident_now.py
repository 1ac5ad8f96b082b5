"""A case as of now: whom it is about may have another role than when it was reported, and who may see a case
follows from what they are."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from audit_log.incident_model import Incident
from audit_log.people import Registered, people_by_ids


def as_now(conn: Connection, cases: Iterable[Incident]) -> list[Incident]:
    """In their order. Of cases about staff; nobody else's role decides who sees theirs."""
    told = list(cases)
    found = people_by_ids(conn, (each.person_id for each in told if each.restricted and each.person_id))
    return [_with(each, found.get(each.person_id or "") if each.restricted else None) for each in told]


def _with(case: Incident, person: Registered | None) -> Incident:
    return case if person is None or person.role == case.role else replace(case, role=str(person.role))

"""What was said in a case goes when the case was closed long enough ago (S104): texts, names' ids and files.

That there was one, and when each of its lines was written, stays, so that the change log can be held against
it. Change control writes the line that says so, in the same transaction, after it has believed the record.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import Connection, delete, select, update

from audit_log.holds import Hold, holds
from audit_log.incident_model import ERASED_KIND, Incident, IncidentState, Lane
from audit_log.incident_rows import ids_of, raw
from audit_log.incidents import forget_cases, readable
from audit_log.tables import incident, incident_entry, incident_file

AT_ONCE = 200  # in one line of the change log; the next night brings the others
CASE = incident.c


def cases_over(conn: Connection, before: date) -> list[str]:
    """Those closed before that day that no legal hold keeps, and in which nothing is left to be done."""
    start = datetime(before.year, before.month, before.day, tzinfo=UTC)
    asked = select(*raw(conn, CASE.id)).where(
        CASE.state == IncidentState.CLOSED, CASE.closed_at < start, CASE.kind != ERASED_KIND
    )
    kept = holds(conn)
    over: list[str] = []
    ids, _ = ids_of(conn, asked.order_by(CASE.closed_at, CASE.id))
    for case in readable(conn, ids)[0]:  # of what cannot be read nothing goes; `verify` names it
        if not case.is_open and not _stays(case, kept, start):
            over.append(case.id)
    return over[:AT_ONCE]


def _stays(case: Incident, kept: Sequence[Hold], start: datetime) -> bool:
    """Also while a device is shut off by it: the gates hold its words against the lines."""
    undone = any(each.done_at is None for each in case.tasks)
    undone = undone or any(each.released_at is None and each.ends_at >= start for each in case.isolated)
    end = case.closed_at or case.changed_at
    meeting = [each for each in kept if each.from_at <= end and case.opened_at < each.to_at]
    return undone or any(each.person_id in (None, case.person_id) for each in meeting)


def erase_cases(conn: Connection, ids: Sequence[str]) -> None:
    """For good: nothing brings it back."""
    for each in ids:
        mine = incident_entry.c.incident_id == each
        conn.execute(update(incident_entry).where(mine).values(salt=None, facts=None))
        conn.execute(delete(incident_file).where(incident_file.c.incident_id == each))
        gone = {"kind": ERASED_KIND, "person_id": None, "restricted": False, "lane": Lane.INAPPROPRIATE}
        conn.execute(update(incident).where(CASE.id == each).values(gone))
    forget_cases()

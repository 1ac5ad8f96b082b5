"""What somebody is told of cases and disclosures about them when they ask what is kept (S105, S190).

Only what is over: of an enquiry that goes on, nothing; nor of one about a member of staff, nor of what may be
illegal, which are not the school's to tell. Nobody else is in it, nor what was said.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from audit_api.times import iso, iso_or_none
from audit_log.db import reading
from audit_log.incident_model import ERASED_KIND, IncidentState, Lane
from audit_log.incident_rows import CaseRow, case_rows
from audit_log.tables import incident_entry, proposal
from change_control.disclosures import KIND
from change_control.incident_kinds import kinds
from filter_policy.life_cycle import State

Row = Mapping[str, Any]
OVER = (State.ENDED, State.REVOKED)


def incidents_about(engine: Engine, person_id: str, up_to_line: int) -> Iterator[Row]:
    """The oldest first; one that went on after that line is in no form of what is taken out."""
    with reading(engine) as conn:
        rows, _odd = case_rows(conn)  # `verify` names those that cannot be read
        found = [each for each in rows if each.person_id == person_id and _may_be_told(each)]
        lasts = [_last_line(conn, each.id) for each in found]
    for row in (each for each, last in zip(found, lasts, strict=True) if last <= up_to_line):
        known = kinds().get(row.kind)
        yield {
            "what": known.says if known else row.kind,
            "state": row.state,
            "opened_at": iso(row.opened_at),
            "closed_at": iso_or_none(row.closed_at),
        }


def _may_be_told(case: CaseRow) -> bool:
    is_over = case.state == IncidentState.CLOSED and case.kind != ERASED_KIND
    return is_over and case.lane != Lane.ILLEGAL and not case.restricted


def _last_line(conn: Connection, incident_id: str) -> int:
    line = incident_entry.c
    return conn.scalar(select(func.max(line.seq)).where(line.incident_id == incident_id)) or 0


def disclosures_about(engine: Engine, person_id: str) -> Iterator[Row]:
    """Those that are over, the oldest first."""
    with reading(engine) as conn:
        asked = select(proposal).where(proposal.c.kind == KIND, proposal.c.state.in_(OVER))
        found = conn.execute(asked.order_by(proposal.c.proposed_at, proposal.c.id)).mappings().all()
    for row in found:
        if row["payload"]["person"] == person_id:
            yield {
                "asked_at": iso(row["proposed_at"]),
                "from": row["payload"]["from"],
                "to": row["payload"]["to"],
                "state": row["state"],
                "ended_at": iso_or_none(row["ended_at"]),
            }

"""Rows that an open case of what may be illegal holds: nobody reads an address of them here (S169, S172).

Whatever else is known of such a row is shown as ever, so that nothing is missing from the log. What is held
is read once for each page of rows: there are few such cases, and each holds a few stretches of time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from audit_log.corrections import Correction, corrections
from audit_log.filtering_log import LogRow
from audit_log.incident_holds import LOOKED_INTO, MAPPED, Held, held_ranges, joined
from audit_log.incident_model import Incident, IncidentState, Lane
from audit_log.incident_rows import ids_of, raw
from audit_log.incidents import readable
from audit_log.tables import incident

ADDRESS = ("url", "host", "entry", "search_terms")  # what tells where a row leads
NAMES_NO_SITE = ("access.", LOOKED_INTO)  # rules; of any other the rest may be a site or a word


@dataclass(frozen=True, slots=True)
class IllegalRows:
    """Of the open cases in the illegal lane."""

    ranges: Sequence[Held] = ()
    events: frozenset[str] = frozenset()
    cases: frozenset[str] = frozenset()
    known: Sequence[Correction] = ()

    def hold(
        self, event_id: str, at: datetime, person_id: str | None, address: str | None, rule: str
    ) -> bool:
        """`person_id`: as it was recorded."""
        case = rule.removeprefix(LOOKED_INTO) if rule.startswith(LOOKED_INTO) else ""
        if event_id in self.events or case in self.cases:
            return True
        return any(self._has(each, at, person_id, address) for each in self.ranges)

    def _has(self, each: Held, at: datetime, person_id: str | None, address: str | None) -> bool:
        if not each.from_at <= at < each.to_at:
            return False
        if each.device is not None and address not in (each.device, f"{MAPPED}{each.device}"):
            return False
        return each.person_id is None or self._is_theirs(each.person_id, at, person_id, address)

    def _is_theirs(self, theirs: str, at: datetime, person_id: str | None, address: str | None) -> bool:
        """As what is held is: recorded as this person, or theirs by any correction that ever was."""
        return person_id == theirs or any(
            one.right_person_id == theirs and one.fits(person_id, at, address) for one in self.known
        )

    def over(self, row: LogRow) -> LogRow:
        """As it may be shown."""
        recorded = row.recorded_as or row.person_id
        if not self.hold(row.event_id, row.at, recorded, row.client_address, row.rule or ""):
            return row
        return replace(
            row,
            url=None,
            host=None,
            entry=None,
            search_terms=None,
            unblock_id=None,
            rule=_rule(row.rule),
        )

    def over_values(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same of the columns of a row, as they are stored."""
        rule = row["rule"] or ""
        if not self.hold(row["event_id"], row["at"], row["person_id"], row["client_address"], rule):
            return row
        return {**row, **dict.fromkeys((*ADDRESS, "unblock_id")), "rule": _rule(row["rule"])}


def _rule(rule: str | None) -> str | None:
    return rule if rule is not None and rule.startswith(NAMES_NO_SITE) else None


def illegal_rows(conn: Connection) -> IllegalRows:
    """As of now. A case that somebody damaged holds nothing here; `verify` names it."""
    asked = select(*raw(conn, incident.c.id)).where(
        incident.c.lane == Lane.ILLEGAL, incident.c.state != IncidentState.CLOSED
    )
    ids, _odd = ids_of(conn, asked.order_by(incident.c.id))
    if not ids:
        return IllegalRows()
    found, _damaged = readable(conn, ids)
    return _of([case for case in found if case.is_open and case.is_illegal], corrections(conn))


def _of(cases: Sequence[Incident], known: Sequence[Correction]) -> IllegalRows:
    evidence = [each for case in cases for each in case.evidence]
    return IllegalRows(
        tuple(joined(each for case in cases for each in held_ranges(case))),
        frozenset(each.event_id for each in evidence if each.event_id is not None),
        frozenset(case.id for case in cases),
        known,
    )

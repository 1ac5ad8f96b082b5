"""Evidence of a case: which rows of the filtering log are kept for it, and who looked at them (S164, S168).

What is kept is said as a person, a device or one row, and a time, with an hour either side. Whoever looks is
seen in the case and in the change log; in the illegal lane nobody looks at all (S169, S172).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, true

from audit_log.corrections import Correction, corrected, corrections
from audit_log.filtering_log import NAMES, LogRow, by_event_id
from audit_log.incident_holds import LOOKED_INTO, rows_of_evidence
from audit_log.incident_model import Evidence, Incident
from audit_log.people import people_by_ids, person_by_id
from audit_log.seal import stamp
from audit_log.tables import change_log, filtering_log
from change_control.corrections import found_person, times_at_fault
from change_control.desk import SYSTEM, Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.incident_kinds import ADULTS
from change_control.incident_rights import Looker, leads
from change_control.incidents import opened_case, require_open, write
from change_control.sealing import change
from change_control.texts import fault_of, needed
from filter_policy.devices import device_in
from filter_policy.model import Role

LOG = filtering_log.c
AROUND = timedelta(hours=1)  # either side of what was asked for
LONGEST = timedelta(days=93)  # of one piece of evidence; a case may have several
MOST_AT_ONCE = 500  # rows of a page
FIELDS = frozenset({"person", "device", "event", "from", "to", "why"})
NOT_LOOKED_AT = (
    "what may be illegal is for the police, and nobody looks at it here; its rows are kept for them"
)
NOT_LED = (
    "only whoever leads the case adds, or reads, what others did than the person and the device that it is"
    " about; ask them to add it"
)
NOT_YOURS = (
    "what a member of staff browsed is read by the headteacher, and by those on a case about them; ask for a"
    " disclosure"
)


@dataclass(frozen=True, slots=True)
class Looked:
    """`next`: what to go on from; None: that was all. `line`: of the change log, that says who looked."""

    evidence: Evidence
    rows: tuple[LogRow, ...]
    next: str | None
    line: int


def add_evidence(
    desk: Desk, actor: Actor, incident_id: str, raw: Mapping[str, Any], now: datetime
) -> Incident:
    """`raw`: person (user name or id), device or both, with from and to; or event, the one row that it is
    about: then whoever asked for that, around then. Nothing is looked at. Raises ChangeError."""
    with change(desk, now) as made:
        case = opened_case(made, actor, "evidence", incident_id)
        require_open(case)
        facts = _facts(made.conn, raw, now)
        if actor.role == Role.TECHNICIAN and facts["event"]:
            facts |= {"person": None, "device": None}  # the one row, and nothing by name
        elif not _leads(case, actor) and not _is_about(case, facts["person"], facts["device"]):
            raise ChangeError("refused", NOT_LED)
        return write(made, case, "evidence", actor, facts)


def _facts(conn: Connection, raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    faults = dict.fromkeys(sorted(raw.keys() - FIELDS), "is not known here")
    if fault := fault_of(raw.get("why") or ""):
        faults["why"] = fault
    of_row = raw.get("event")
    facts = _of_row(conn, raw, faults) if of_row else _of_time(conn, raw, now, faults)
    if faults:
        raise bad_input(faults)
    return {"id": secrets.token_hex(8), "why": str(raw.get("why") or "").strip(), **facts}


def _of_row(conn: Connection, raw: Mapping[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    """The row's own person; of nobody who is known, its device."""
    if raw.keys() & {"person", "device", "from", "to"}:
        faults["event"] = "says by itself who and when; leave the others out"
    row = by_event_id(conn, str(raw["event"]))
    if row is None:
        faults["event"] = "there is no such row in the filtering log (any more)"
        return {}
    device = row.client_address if row.person_id is None else None
    times = {"from": stamp(row.at - AROUND), "to": stamp(row.at + AROUND)}
    return {"person": row.person_id, "device": device, "event": row.event_id, **times}


def _of_time(
    conn: Connection, raw: Mapping[str, Any], now: datetime, faults: dict[str, str]
) -> dict[str, Any]:
    person, device = raw.get("person") or None, raw.get("device") or None
    if person is None and device is None:
        faults["person"] = "a person, a device or a row is needed"
    found = found_person(conn, str(person), "person", faults) if person else None
    address = _address(str(device), faults) if device else None
    times = _times(raw, now, faults)
    if times is None:
        return {}
    from_at, to_at = times
    who = {"person": found.id if found else None, "device": address, "event": None}
    return {**who, "from": stamp(from_at - AROUND), "to": stamp(to_at + AROUND)}


def _address(said: str, faults: dict[str, str]) -> str | None:
    try:
        return device_in(said)
    except ValueError:
        faults["device"] = "an address like 10.0.3.17 is needed"
        return None


def _times(raw: Mapping[str, Any], now: datetime, faults: dict[str, str]) -> tuple[datetime, datetime] | None:
    found = {name: _time(raw.get(name), name, faults) for name in ("from", "to")}
    from_at, to_at = found["from"], found["to"]
    if from_at is None or to_at is None:
        return None
    faults |= times_at_fault(from_at, to_at)
    if "to" not in faults and to_at > now:
        faults["to"] = "is still to come; only what was recorded is evidence"
    elif "to" not in faults and to_at - from_at > LONGEST:
        faults["to"] = f"at most {LONGEST.days} days at once"
    return None if {"from", "to"} & faults.keys() else (from_at.astimezone(UTC), to_at.astimezone(UTC))


def _time(said: Any, name: str, faults: dict[str, str]) -> datetime | None:
    if isinstance(said, datetime):
        return said
    try:
        return datetime.fromisoformat(said)
    except (TypeError, ValueError):
        faults[name] = "a day and time is needed, like 2026-11-24T10:15"
        return None


def rows_of(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk,
    actor: Actor,
    incident_id: str,
    evidence_id: str,
    purpose: str,
    now: datetime,
    *,
    limit: int = 100,
    after: str | None = None,
) -> Looked:
    """A page of the rows, oldest first, for those who see all of the case; a line says so first. `after`: the
    `next` of the page before. Raises ChangeError."""
    why = needed(purpose, "purpose")
    with change(desk, now) as made:
        case = opened_case(made, actor, "look", incident_id)
        require_to_be_looked_at(case)
        evidence = next((each for each in case.evidence if each.id == evidence_id), None)
        if evidence is None:
            raise ChangeError("not-found", "there is no such evidence in this incident")
        among = _shown_rows(made.conn, case, actor, evidence)
        rows = _rows(made.conn, among, max(1, min(limit, MOST_AT_ONCE)) + 1, _cursor(after))
        page = rows[: max(1, min(limit, MOST_AT_ONCE))]
        some = _without_staff(made.conn, case, actor, page)
        facts = {"evidence": evidence.id, "purpose": why, "rows": len(some)}
        write(made, case, "look", actor, facts)
        more = f"{stamp(page[-1].at)}~{page[-1].event_id}" if len(rows) > len(page) else None
        line = made.conn.scalar(select(func.max(change_log.c.seq))) or 0
        return Looked(evidence, tuple(some), more, line)


def _leads(case: Incident, who: Actor) -> bool:
    return leads(case, Looker(who.person_id, who.role))


def _is_about(case: Incident, person_id: str | None, device: str | None) -> bool:
    """What whoever is on the case by name, or works on a technical one, may add and read alone."""
    return (person_id is not None and person_id == case.person_id) or (
        person_id is None and device in (None, case.device)
    )


def _is_open_to(conn: Connection, case: Incident, actor: Actor, evidence: Evidence) -> bool:
    """Else whoever is named to the case of one pupil could read what every other one browsed."""
    if _leads(case, actor) or _is_about(case, evidence.person_id, evidence.device):
        return True
    added = person_by_id(conn, evidence.by)
    return evidence.by == SYSTEM.person_id or (
        added is not None and leads(case, Looker(added.id, added.role))
    )


def require_to_be_looked_at(case: Incident) -> None:
    """Raises ChangeError refused in the illegal lane."""
    if case.is_illegal:
        raise ChangeError("refused", NOT_LOOKED_AT)


def _shown_rows(conn: Connection, case: Incident, actor: Actor, evidence: Evidence) -> ColumnElement[bool]:
    """Raises ChangeError refused where it is all of a member of staff whom this reader must not read, or of
    whoever the case is not about."""
    if not _is_open_to(conn, case, actor, evidence):
        raise ChangeError("refused", NOT_LED)
    whose = person_by_id(conn, evidence.person_id) if evidence.person_id else None
    if whose is not None and whose.role in ADULTS and not _reads(case, actor, whose.id, whose.role):
        raise ChangeError("refused", NOT_YOURS)
    return _of_reader(conn, case, actor, evidence)


def readable(case: Incident, actor: Actor) -> ColumnElement[bool]:
    """Not the rows of the staff, but of whom the case is about, for who may know (S190); and what was made in
    its investigation."""
    if actor.role == Role.HEADTEACHER:
        return true()
    known = [LOG.role.is_(None), LOG.role.not_in(sorted(ADULTS)), LOG.rule == LOOKED_INTO + case.id]
    if case.person_id is not None:
        known.append(LOG.person_id == case.person_id)
    if actor.role == Role.COORDINATOR:
        known.append(LOG.role == Role.HEADTEACHER)
    return or_(*known)


def _reads(case: Incident, actor: Actor, person_id: str, role: str) -> bool:
    """The headteacher everybody; the coordinator of the headteacher; those on a case about them, them."""
    if actor.role == Role.HEADTEACHER or person_id == case.person_id:
        return True
    return actor.role == Role.COORDINATOR and role == Role.HEADTEACHER


def evidence_rows(
    conn: Connection, case: Incident, actor: Actor, evidence: Evidence, limit: int
) -> list[LogRow]:
    """Those that this reader may read, oldest first. Nothing is recorded of it here."""
    rows = _rows(conn, _of_reader(conn, case, actor, evidence), limit, None)
    return _without_staff(conn, case, actor, rows)


def _without_staff(conn: Connection, case: Incident, actor: Actor, rows: list[LogRow]) -> list[LogRow]:
    """Of rows that say a pupil and were corrected since: not those that are a member of staff's by that."""
    right = people_by_ids(conn, {row.person_id for row in rows if row.recorded_as and row.person_id})
    hidden = {
        id_ for id_, one in right.items() if one.role in ADULTS and not _reads(case, actor, id_, one.role)
    }
    return [row for row in rows if row.recorded_as is None or row.person_id not in hidden]


def _of_reader(conn: Connection, case: Incident, actor: Actor, evidence: Evidence) -> ColumnElement[bool]:
    if not _is_open_to(conn, case, actor, evidence):
        return false()
    return and_(rows_of_evidence(evidence, corrections(conn)), readable(case, actor))


def evidence_counts(conn: Connection, case: Incident, actor: Actor, evidence: Evidence) -> tuple[int, int]:
    """How many rows this reader may read, and how many others there are."""
    among = rows_of_evidence(evidence, corrections(conn)), _of_reader(conn, case, actor, evidence)
    all_, theirs = (
        conn.scalar(select(func.count()).select_from(filtering_log).where(each)) or 0 for each in among
    )
    return theirs, all_ - theirs


def looked_into(conn: Connection, case: Incident, limit: int) -> list[LogRow]:
    """The rows that were made in the investigation of this case, for child protection (S175)."""
    return _rows(conn, LOG.rule == LOOKED_INTO + case.id, limit, None)


def _rows(
    conn: Connection, among: ColumnElement[bool], limit: int, after: tuple[datetime, str] | None
) -> list[LogRow]:
    asked = select(*(LOG[name] for name in NAMES)).where(among).order_by(LOG.at, LOG.event_id).limit(limit)
    if after is not None:
        at, event_id = after
        asked = asked.where(and_(LOG.at >= at, or_(LOG.at > at, LOG.event_id > event_id)))
    known = corrections(conn)
    return [_as_whose(LogRow(*row), known) for row in conn.execute(asked)]


def _as_whose(row: LogRow, known: Sequence[Correction]) -> LogRow:
    right = corrected(row.person_id, row.at, row.client_address, known)
    return row if right == row.person_id else replace(row, person_id=right, recorded_as=row.person_id)


def _cursor(said: str | None) -> tuple[datetime, str] | None:
    if said is None:
        return None
    at, tilde, event_id = said.partition("~")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not tilde:
        raise bad_input({"after": "is no place in these rows"})
    return found, event_id

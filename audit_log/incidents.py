"""Cases, as queries: their lines, what follows from them, and what they keep open at the gate or in the log.

Nothing here decides who may see what; change_control/incident_rights.py does.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import Connection, and_, insert, or_, select, update

from audit_log.incident_fold import FoldError, fold
from audit_log.incident_model import ERASED_KIND, Incident, IncidentEntry, IncidentState, Isolated, Step
from audit_log.seal import SALT_BYTES
from audit_log.tables import incident, incident_entry

ROW = ("id", "state", "kind", "lane", "restricted", "person_id", "opened_at", "changed_at", "closed_at")


@dataclass(frozen=True, slots=True)
class Sealed:
    """Facts as they are sealed: `sha256` alone goes into the change log."""

    salt: bytes
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.salt + self.text.encode()).hexdigest()

    @property
    def facts(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.text)
        return found


def sealed(facts: Mapping[str, Any]) -> Sealed:
    """With a salt of its own, so that nobody can try out what they might be."""
    return Sealed(secrets.token_bytes(SALT_BYTES), rfc8785.dumps(dict(facts)).decode())


def store_entry(conn: Connection, entry: IncidentEntry, row: Incident) -> None:
    """The line, and the case as it is with it."""
    conn.execute(
        insert(incident_entry).values(
            seq=entry.seq,
            incident_id=entry.incident_id,
            act=entry.act,
            object_id=entry.object_id,
            actor_id=entry.actor_id,
            at=entry.at,
            salt=entry.salt,
            facts=entry.sealed,
        )
    )
    values = {name: getattr(row, name) for name in ROW}
    changed = conn.execute(update(incident).where(incident.c.id == row.id).values(values))
    if changed.rowcount == 0:
        conn.execute(insert(incident).values(values))


def entries_of(conn: Connection, incident_id: str) -> list[IncidentEntry]:
    """In their order."""
    asked = select(incident_entry).where(incident_entry.c.incident_id == incident_id)
    return [_entry(row) for row in conn.execute(asked.order_by(incident_entry.c.seq))]


def _entry(row: Any) -> IncidentEntry:
    facts = None if row.facts is None else json.loads(row.facts)
    return IncidentEntry(
        row.seq,
        row.incident_id,
        row.act,
        row.object_id,
        row.actor_id,
        row.at,
        facts,
        row.salt or b"",
        row.facts or "",
    )


def incident_of(conn: Connection, incident_id: str) -> Incident | None:
    """Raises FoldError where its lines were tampered with."""
    found = entries_of(conn, incident_id)
    return fold(found) if found else None


def open_cases(conn: Connection) -> list[Incident]:
    """All that are not closed, the oldest first."""
    asked = select(incident.c.id).where(incident.c.state != IncidentState.CLOSED)
    return _folded(conn, conn.scalars(asked.order_by(incident.c.opened_at, incident.c.id)).all())


def _folded(conn: Connection, ids: Sequence[str]) -> list[Incident]:
    found = (incident_of(conn, each) for each in ids)
    return [each for each in found if each is not None]


def readable(conn: Connection, ids: Sequence[str]) -> tuple[list[Incident], list[str]]:
    """In their order; and the ids of those whose lines make no case, which `verify` names: one that somebody
    tampered with hides no other.
    """
    asked = select(incident_entry).where(incident_entry.c.incident_id.in_(ids)).order_by(incident_entry.c.seq)
    lines: dict[str, list[IncidentEntry]] = {}
    for row in conn.execute(asked):
        lines.setdefault(row.incident_id, []).append(_entry(row))
    found: list[Incident] = []
    odd: list[str] = []
    for each in ids:
        try:
            found.append(fold(lines.get(each, ())))
        except FoldError:
            odd.append(each)
    return found, odd


def incident_ids(
    conn: Connection,
    limit: int,
    after: tuple[datetime, str] | None = None,
    *,
    state: str | None = None,
    kind: str | None = None,
    person: str | None = None,
    is_open: bool | None = None,
) -> list[tuple[datetime, str]]:
    """When each was opened, and its id; newest first, from the one after `after` on."""
    table = incident.c
    told = table.kind != ERASED_KIND  # of the others nothing is left but when they were
    asked = select(table.opened_at, table.id).where(told).limit(limit)
    asked = asked.order_by(table.opened_at.desc(), table.id.desc())
    if after is not None:
        at, id_ = after
        asked = asked.where(or_(table.opened_at < at, and_(table.opened_at == at, table.id < id_)))
    for column, value in ((table.state, state), (table.kind, kind), (table.person_id, person)):
        if value is not None:
            asked = asked.where(column == value)
    if is_open is not None:
        closed = table.state == IncidentState.CLOSED
        asked = asked.where(~closed if is_open else closed)
    return [(row.opened_at, row.id) for row in conn.execute(asked)]


def incidents(
    conn: Connection,
    limit: int,
    after: tuple[datetime, str] | None = None,
    *,
    state: str | None = None,
    kind: str | None = None,
    person: str | None = None,
    is_open: bool | None = None,
) -> list[Incident]:
    """Newest first, from the one after `after` on."""
    found = incident_ids(conn, limit, after, state=state, kind=kind, person=person, is_open=is_open)
    return _folded(conn, [id_ for _, id_ in found])


def open_about(conn: Connection, person: str, kind: str) -> Incident | None:
    """The open case about this person and of this kind, which a new report joins."""
    found = incidents(conn, 1, person=person, kind=kind, is_open=True)
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class OpenMode:
    """An investigation mode that two seniors signed, and its case."""

    incident_id: str
    step: Step


@dataclass(frozen=True, slots=True)
class ShutDevice:
    incident_id: str
    isolated: Isolated


def modes_signed(conn: Connection) -> list[OpenMode]:
    """All that were signed and not ended, of cases that allow them; the clock is not asked."""
    cases = [case for case in _with_act(conn, "sign") if case.is_open and not case.is_illegal]
    return [
        OpenMode(case.id, step)
        for case in cases
        for step in case.steps
        if step.act == "mode" and step.signed_at and not step.ended_at
    ]


def devices_shut(conn: Connection) -> list[ShutDevice]:
    """All that nobody released; the clock is not asked."""
    return [
        ShutDevice(case.id, each)
        for case in _with_act(conn, "isolate")
        for each in case.isolated
        if each.released_at is None
    ]


def _with_act(conn: Connection, act: str) -> list[Incident]:
    asked = select(incident_entry.c.incident_id).where(incident_entry.c.act == act).distinct()
    found = []
    for each in sorted(conn.scalars(asked).all()):
        try:
            found += _folded(conn, [each])
        except FoldError:  # opens nothing; `verify` names it
            continue
    return found

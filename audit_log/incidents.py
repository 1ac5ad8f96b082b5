"""Cases, as queries: their lines, what follows from them, and what they keep open at the gate or in the log.

Nothing here decides who may see what; change_control/incident_rights.py does.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import rfc8785
from sqlalchemy import Connection, Select, and_, insert, or_, select, update

from audit_log.incident_fold import FoldError, fold
from audit_log.incident_model import ERASED_KIND, Incident, IncidentEntry, IncidentState, Isolated
from audit_log.incident_now import as_now
from audit_log.incident_rows import CaseRow, KeptLine, case_row_of, entry_of, ids_of, lines_of, raw, rows
from audit_log.seal import SALT_BYTES
from audit_log.tables import incident, incident_entry

TABLE = incident.c
MOST_KEPT = 2000  # cases that a process has in mind
AT_ONCE = 500  # ids in one question
MOST_ALIKE = 20  # open cases of the same person and kind
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
    """In their order. Raises FoldError where one cannot be read."""
    return [entry_of(each) for each in lines_of(conn, [incident_id])]


def incident_of(conn: Connection, incident_id: str) -> Incident | None:
    """Raises FoldError where its lines were tampered with."""
    lines = tuple(lines_of(conn, [incident_id]))
    return as_now(conn, [_case_of(lines)])[0] if lines else None


@lru_cache(maxsize=MOST_KEPT)
def _case_of(lines: tuple[KeptLine, ...]) -> Incident:
    """The same lines are the same case: a page that asks for all open ones reads them, and folds few."""
    return fold(entry_of(each) for each in lines)


def forget_cases() -> None:
    """What was erased is not kept in memory either."""
    _case_of.cache_clear()


def open_cases(conn: Connection) -> list[Incident]:
    """All that are not closed, the oldest first."""
    asked = select(*raw(conn, TABLE.id)).where(TABLE.state != IncidentState.CLOSED)
    ids, _ = ids_of(conn, asked.order_by(TABLE.opened_at, TABLE.id))
    return readable(conn, ids)[0]


def readable(conn: Connection, ids: Sequence[str]) -> tuple[list[Incident], list[str]]:
    """In their order; and the ids of those whose lines make no case, which `verify` names: one that somebody
    tampered with hides no other.
    """
    lines: dict[str, list[KeptLine]] = {}
    for start in range(0, len(ids), AT_ONCE):
        for row in lines_of(conn, ids[start : start + AT_ONCE]):
            lines.setdefault(row.incident_id, []).append(row)
    found: list[Incident] = []
    odd: list[str] = []
    for each in ids:
        try:
            found.append(_case_of(tuple(lines.get(each, ()))))
        except FoldError:
            odd.append(each)
    return as_now(conn, found), odd


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
    told = TABLE.kind != ERASED_KIND  # of the others nothing is left but when they were
    asked = select(*raw(conn, *incident.c)).where(told)
    asked = asked.order_by(TABLE.opened_at.desc(), TABLE.id.desc())
    if after is not None:
        at, id_ = after
        asked = asked.where(or_(TABLE.opened_at < at, and_(TABLE.opened_at == at, TABLE.id < id_)))
    for column, value in ((TABLE.state, state), (TABLE.kind, kind), (TABLE.person_id, person)):
        if value is not None:
            asked = asked.where(column == value)
    if is_open is not None:
        closed = TABLE.state == IncidentState.CLOSED
        asked = asked.where(~closed if is_open else closed)
    return [(row.opened_at, row.id) for row in _sound(conn, asked, limit)]


def _sound(conn: Connection, asked: Select[Any], limit: int) -> list[CaseRow]:
    """As many as were asked for of those that can be read."""
    found: list[CaseRow] = []
    taken = 0
    while len(found) < limit:
        wanted = limit - len(found)
        some = rows(conn, asked.limit(wanted).offset(taken))
        taken += len(some)
        for row in some:
            with suppress(FoldError):
                found.append(case_row_of(row))
        if len(some) < wanted:
            break
    return found


def asked_of_closed(conn: Connection, since: datetime) -> list[Incident]:
    """Closed cases of which a step was asked for since then: to open one again, to let a device on again."""
    line = incident_entry.c
    asked = select(*raw(conn, line.incident_id)).where(line.act == "ask", line.at > since).distinct()
    ids, _ = ids_of(conn, asked)
    return [case for case in readable(conn, sorted(ids))[0] if not case.is_open]


def open_about(conn: Connection, person: str, kind: str) -> Incident | None:
    """The open case about this person and of this kind, which a new report joins: by its lines, and not by
    the table of cases alone. None as well where it cannot be read: then the report opens one of its own.

    Never one that somebody is left out of: what joins it would be kept from them too.
    """
    ids = incident_ids(conn, MOST_ALIKE, person=person, kind=kind, is_open=True)
    found, _damaged = readable(conn, [id_ for _, id_ in ids])
    alike = (each for each in found if (each.person_id, each.kind) == (person, kind) and each.is_open)
    return next((each for each in alike if not each.excluded), None)


@dataclass(frozen=True, slots=True)
class ShutDevice:
    incident_id: str
    isolated: Isolated


def devices_shut(conn: Connection) -> list[ShutDevice]:
    """All that nobody released; the clock is not asked."""
    return [
        ShutDevice(case.id, each)
        for case in _with_act(conn, "isolate")
        for each in case.isolated
        if each.released_at is None
    ]


def _with_act(conn: Connection, act: str) -> list[Incident]:
    """What cannot be read opens nothing; `verify` names it."""
    line = incident_entry.c
    ids, _ = ids_of(conn, select(*raw(conn, line.incident_id)).where(line.act == act).distinct())
    return readable(conn, sorted(ids))[0]

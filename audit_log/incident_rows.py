"""The tables of cases as they are kept, whatever somebody made of them: a row that cannot be read spoils its
own case, and no other.

A driver refuses a whole answer for one value that it cannot turn into a time or a text. So each value is
taken as it is kept, and read here.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeGuard

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, case, or_, select, type_coerce
from sqlalchemy.types import NULLTYPE

from audit_log.as_written import as_written, encodable
from audit_log.incident_fold import FoldError
from audit_log.incident_model import IncidentEntry
from audit_log.table_types import UtcTime
from audit_log.tables import incident, incident_entry, incident_file

# Lines that open a task, or several beside what else they say; of the latter a few too many are no harm.
OF_SEVERAL = incident_entry.c.facts.like('%"tasks":[{%')
OPEN_TASKS = or_(incident_entry.c.act == "task", OF_SEVERAL)
FIRST = datetime(1, 1, 2, tzinfo=UTC)  # PostgreSQL knows times that no program can read
LAST = datetime(9999, 12, 30, tzinfo=UTC)
SPELLED = "%Y-%m-%d %H:%M:%S.%f"  # as SQLite keeps a time


class KeptLine(NamedTuple):
    """A line as it is kept."""

    seq: Any
    incident_id: Any
    act: Any
    object_id: Any
    actor_id: Any
    at: Any
    salt: Any
    facts: Any


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What the table of cases says of one: it follows from the lines, unless somebody edited it."""

    id: str
    state: str
    kind: str
    lane: str
    restricted: bool
    person_id: str | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None


def raw(conn: Connection, *columns: Column[Any]) -> list[ColumnElement[Any]]:
    """Columns as they are kept."""
    return [_kept(conn, each) for each in columns]


def _kept(conn: Connection, column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, UtcTime) and conn.dialect.name == "postgresql":
        return case((column.between(FIRST, LAST), column)).label(column.name)
    return type_coerce(column, NULLTYPE).label(column.name)


def rows(conn: Connection, asked: Select[Any]) -> Sequence[Row[Any]]:
    with as_written(conn):
        return conn.execute(asked).all()


def lines_of(conn: Connection, ids: Sequence[str]) -> Iterator[KeptLine]:
    """Of these cases, in their order."""
    asked = select(*raw(conn, *(incident_entry.c[name] for name in KeptLine._fields)))
    asked = asked.where(incident_entry.c.incident_id.in_(ids)).order_by(incident_entry.c.seq)
    yield from (KeptLine._make(row) for row in rows(conn, asked))


def entry_of(line: KeptLine) -> IncidentEntry:
    """Raises FoldError, and nothing else."""
    try:
        return IncidentEntry(
            seq=_number(line.seq),
            incident_id=_text(line.incident_id),
            act=_text(line.act),
            object_id=_text(line.object_id),
            actor_id=_text(line.actor_id),
            at=_moment(line.at),
            facts=None if line.facts is None else json.loads(_text(line.facts)),
            salt=b"" if line.salt is None else _bytes(line.salt),
            sealed="" if line.facts is None else _text(line.facts),
        )
    except (ValueError, RecursionError) as error:
        raise FoldError(f"a line that cannot be read: {type(error).__name__}") from None


def case_row_of(row: Row[Any]) -> CaseRow:
    """Raises FoldError, and nothing else."""
    try:
        return CaseRow(
            id=_text(row.id),
            state=_text(row.state),
            kind=_text(row.kind),
            lane=_text(row.lane),
            restricted=_yes_or_no(row.restricted),
            person_id=None if row.person_id is None else _text(row.person_id),
            opened_at=_moment(row.opened_at),
            changed_at=_moment(row.changed_at),
            closed_at=None if row.closed_at is None else _moment(row.closed_at),
        )
    except ValueError as error:
        raise FoldError(f"a case that cannot be read: {type(error).__name__}") from None


def case_rows(conn: Connection) -> tuple[list[CaseRow], int]:
    """All that can be read, the oldest first; and how many cannot."""
    found: list[CaseRow] = []
    odd = 0
    for row in rows(conn, select(*raw(conn, *incident.c)).order_by(incident.c.opened_at, incident.c.id)):
        try:
            found.append(case_row_of(row))
        except FoldError:
            odd += 1
    return found, odd


def ids_of(conn: Connection, asked: Select[Any]) -> tuple[list[str], int]:
    """The ids that a query of one column of ids gives, in its order; and how many are none."""
    found = [row[0] for row in rows(conn, asked)]
    sound = [each for each in found if is_text(each)]
    return sound, len(found) - len(sound)


def file_content(conn: Connection, file_id: str) -> bytes | None:
    """None as well where it is no content."""
    asked = select(*raw(conn, incident_file.c.content)).where(incident_file.c.id == file_id)
    found = [row.content for row in rows(conn, asked)]
    return found[0] if len(found) == 1 and isinstance(found[0], bytes) else None


def is_text(said: object) -> TypeGuard[str]:
    return isinstance(said, str) and encodable(said)


def _text(said: object) -> str:
    if not is_text(said):
        raise ValueError("no text")
    return said


def _number(said: object) -> int:
    if not isinstance(said, int):
        raise ValueError("no number")
    return said


def _bytes(said: object) -> bytes:
    if not isinstance(said, bytes):
        raise ValueError("no bytes")
    return said


def _yes_or_no(said: object) -> bool:
    if not isinstance(said, int) or said not in (0, 1):
        raise ValueError("neither yes nor no")
    return bool(said)


def _moment(said: object) -> datetime:
    if isinstance(said, str):
        return datetime.strptime(said, SPELLED).replace(tzinfo=UTC)
    if not isinstance(said, datetime) or said.tzinfo is None:
        raise ValueError("no time")
    return said.astimezone(UTC)

"""Incidents as a reader may see them: what happened and when; and who, for those who have to act on it (I7).

Illegal content, a way round the filter, a shared account, guessed passwords: the coordinator and the
headteacher have to act on them. They read names as in the filtering log: with a purpose, and seen. Everybody
else who may read sees that there was one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Connection

from audit_api.answers import Instant, LogPersonOut, _Out
from audit_api.few import shared_role
from audit_api.looked_at import abouts
from audit_api.names import Names, a_role
from audit_api.problems import Problem
from audit_api.rows import read_cursor, write_cursor
from audit_api.shapes import Paging
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.incidents import CIRCUMVENTION, ILLEGAL_CONTENT, Incident, incidents
from audit_log.people import people_by_ids
from change_control.looks import record_look
from filter_policy.model import Role

Kind = Literal["illegal-content", "circumvention", "account-sharing", "guessing"]  # incidents.KINDS
SAYS: Mapping[str, str] = {
    ILLEGAL_CONTENT: "An address on a list of illegal content was asked for, and blocked.",
    CIRCUMVENTION: "A way round the filter was tried, and blocked.",
    "account-sharing": "One account was used on several devices at once.",
    "guessing": "Passwords were guessed.",
}
NAMING = frozenset({Role.COORDINATOR, Role.HEADTEACHER})
Word = Annotated[str, Field(max_length=253)]


class Asked(Paging):
    """`from` and `to` are half-open."""

    kind: Annotated[Kind | None, Field(description="one kind alone")] = None
    from_: Annotated[Word | None, Field(alias="from", description="ISO 8601")] = None
    to: Annotated[Word | None, Field(description="ISO 8601; not included")] = None
    names: Annotated[Literal["yes", "no"], Field(description="yes needs a purpose, and is recorded")] = "no"
    purpose: Annotated[str | None, Field(max_length=2000, description="why names are read")] = None


class IncidentOut(_Out):
    """Its address is nowhere; `hash` is the same for the same address of illegal content."""

    id: Annotated[str, Field(description="also that of its row in the filtering log")]
    kind: Annotated[str, Field(description="illegal-content, circumvention, account-sharing or guessing")]
    says: Annotated[str, Field(description="what happened, in plain words")]
    at: Instant
    happened: Annotated[str, Field(description="request, connect, …: as in the filtering log")]
    who: str
    person: LogPersonOut | None
    role: str | None
    groups: list[str]
    category: str | None
    list: str | None
    hash: str | None
    gate: str


def page_of(visit: Visit, asked: Asked) -> tuple[list[IncidentOut], str | None]:
    """Newest first. Raises Problem. A reading by name is recorded before anything is shown (S17, S101)."""
    by_name = asked.names == "yes"
    if by_name:
        _may_name(visit, asked)
    between = visit.instant("from", asked.from_), visit.instant("to", asked.to)
    after = read_cursor(asked.cursor)
    with reading(visit.desk.engine) as conn:
        found = incidents(conn, asked.limit + 1, after, between, asked.kind)
        rows, more = found[: asked.limit], len(found) > asked.limit
        shown = list((_named if by_name else _nameless)(conn, rows))
    if by_name:
        _record(visit, asked, rows)
    return shown, write_cursor((rows[-1].at, rows[-1].id)) if more else None


def _may_name(visit: Visit, asked: Asked) -> None:
    if visit.reader.role not in NAMING:
        raise Problem("wrong-role", f"{a_role(visit.reader.role).capitalize()} sees no names here.")
    if not (asked.purpose or "").strip():
        raise Problem("bad-input", errors={"purpose": "is needed to read by name, and is kept"})


def _record(visit: Visit, asked: Asked, rows: Sequence[Incident]) -> None:
    what, purpose, actor = _in_words(asked), asked.purpose or "", visit.reader.actor
    for about, theirs in abouts([[row.person_id] if row.person_id else [] for row in rows]):
        record_look(visit.desk, actor, about, what, purpose, visit.now, rows=theirs)


def _in_words(asked: Asked) -> str:
    given = (("kind", asked.kind), ("from", asked.from_), ("to", asked.to))
    filters = [f"{name} {said}" for name, said in given if said]
    return ", ".join(["incidents", *filters, *(["a further page"] if asked.cursor else [])])


def _named(conn: Connection, rows: Sequence[Incident]) -> Iterator[IncidentOut]:
    known = people_by_ids(conn, (row.person_id for row in rows if row.person_id))
    names = Names(known, pupils=True)
    for row in rows:
        person = None
        if row.person_id is not None:
            found = known.get(row.person_id)
            username = found.username if found else None
            person = LogPersonOut(id=row.person_id, username=username, name=names.name(row.person_id))
        who = person.name if person else "nobody signed in"
        yield _view(row, who, person, row.role, row.filter_groups)


def _nameless(_conn: Connection, rows: Sequence[Incident]) -> Iterator[IncidentOut]:
    """Without classes and groups: there are few incidents, and everybody would know who it was."""
    for row in rows:
        role = shared_role(row.role)
        yield _view(row, a_role(role) if role else "nobody signed in", None, role, ())


def _view(
    row: Incident, who: str, person: LogPersonOut | None, role: str | None, groups: Sequence[str]
) -> IncidentOut:
    return IncidentOut(
        id=row.id,
        kind=row.kind,
        says=SAYS.get(row.kind, row.kind),
        at=iso(row.at),
        happened=row.happened,
        who=who,
        person=person,
        role=role,
        groups=list(groups),
        category=row.category,
        list=row.list_id,
        hash=row.hash,
        gate=row.gate,
    )

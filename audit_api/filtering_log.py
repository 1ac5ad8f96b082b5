"""The filtering log as a reader may see it: nameless unless names are asked for, with a purpose that is kept.

Nameless means that nobody can be told from the row: no person, no address, no class of a teacher, no role
that only one adult has. Governors see no path either, whatever they ask (invariant 9).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Connection

from audit_api.names import Names, a_pupil, a_role
from audit_api.problems import Problem
from audit_api.rights import APPROVING
from audit_api.shapes import LogPersonOut, LogRowOut, Paging
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.filtering_log import CursorError, Filter, LogRow, search, without_people
from audit_log.people import Registered, people_by_ids, person_by_id, person_by_username
from change_control.looks import record_look
from filter_policy.model import Reason, Role, Verdict

# Many people have these; of the others a school may have only one.
SHARED_BY_MANY = frozenset({Role.PUPIL, Role.STAFF, Role.GUEST, Role.COMMUNITY})
NOT_FILTERS = {"person", "purpose", "names", "cursor", "limit"}
Kind = Literal["request", "connect", "tunnel", "websocket", "handshake", "unparsed"]
Word = Annotated[str, Field(max_length=253)]


class Wanted(Paging):
    """`from` and `to` are half-open. `host` is that host and all below it."""

    from_: Annotated[Word | None, Field(alias="from", description="ISO 8601")] = None
    to: Annotated[Word | None, Field(description="ISO 8601; not included")] = None
    group: Word | None = None
    class_: Annotated[Word | None, Field(alias="class")] = None
    host: Word | None = None
    category: Word | None = None
    verdict: Verdict | None = None
    reason: Reason | None = None
    kind: Kind | None = None
    unblock: Word | None = None
    reference: Annotated[Word | None, Field(description="as it stands on a block page")] = None
    names: Annotated[Literal["yes", "no"], Field(description="yes needs a purpose, and is recorded")] = "no"
    person: Annotated[Word | None, Field(description="user name or id; needs a purpose, and is recorded")] = (
        None
    )
    purpose: Annotated[str | None, Field(max_length=2000, description="why somebody's browsing is read")] = (
        None
    )

    @property
    def by_name(self) -> bool:
        return self.names == "yes" or bool(self.person)


def page_of(visit: Visit, asked: Wanted) -> tuple[list[LogRowOut], str | None]:
    """Newest first. Raises Problem. A reading by name is recorded before anything is read (S17, S101)."""
    what = _filter(visit, asked)
    if asked.by_name:
        what = replace(what, person_id=_look(visit, asked))
    try:
        with reading(visit.desk.engine) as conn:
            found = search(conn, what, asked.limit, asked.cursor or None)
            rows = list(_shown(conn, visit, asked, found.rows))
    except CursorError:
        raise Problem("bad-input", errors={"cursor": "not a cursor that this API made"}) from None
    return rows, found.next


def _look(visit: Visit, asked: Wanted) -> str | None:
    """The id of the person whose rows are wanted, once the change log says who looks."""
    if visit.reader.role not in APPROVING:
        raise Problem("wrong-role", f"{a_role(visit.reader.role).capitalize()} sees no names here.")
    if not (asked.purpose or "").strip():
        raise Problem("bad-input", errors={"purpose": "is needed to read by name, and is kept"})
    about = _person_id(visit, asked.person) if asked.person else None
    record_look(visit.desk, visit.reader.actor, about, _in_words(asked), asked.purpose or "", visit.now)
    return about


def _person_id(visit: Visit, named: str) -> str:
    with reading(visit.desk.engine) as conn:
        found = person_by_username(conn, named.strip()) or person_by_id(conn, named.strip())
    if found is None:
        raise Problem("bad-input", errors={"person": "nobody of that name is on the register"})
    return found.id


def _in_words(asked: Wanted) -> str:
    """The filters, for the line in the change log; whom it is about stands there by id alone."""
    told = asked.model_dump(
        mode="json",
        by_alias=True,
        exclude_none=True,
        exclude={"person", "purpose", "names", "cursor", "limit"},
    )
    words = ", ".join(f"{name} {value}" for name, value in told.items() if value)
    return words + (", a further page" if asked.cursor else "") if words else "everything"


def _filter(visit: Visit, asked: Wanted) -> Filter:
    return Filter(
        from_at=visit.instant("from", asked.from_),
        to_at=visit.instant("to", asked.to),
        filter_group=asked.group or None,
        class_name=asked.class_ or None,
        host=asked.host or None,
        category=asked.category or None,
        verdict=asked.verdict,
        reason=asked.reason,
        unblock_id=asked.unblock or None,
        kind=asked.kind,
        reference=asked.reference or None,
    )


def _shown(conn: Connection, visit: Visit, asked: Wanted, rows: tuple[LogRow, ...]) -> Iterator[LogRowOut]:
    illegal = {name for name, row in visit.window.bundle().policy.access.items() if row.illegal}
    if asked.by_name:
        known = people_by_ids(conn, (row.person_id for row in rows if row.person_id))
        names = Names(known, pupils=True)
        for row in rows:
            yield _view(row, _named(row, known, names), row.role, row.classes, illegal)
        return
    for row in rows:
        pupil = row.role == Role.PUPIL
        if asked.class_ and not pupil:
            continue  # a teacher of that class: the filter would tell who
        bare = row if visit.reader.role in APPROVING else without_people(row)
        role = _shared(row.role)
        yield _view(bare, _nameless(row, role), role, row.classes if pupil else (), illegal)


Who = tuple[str, LogPersonOut | None, bool]  # in words, by name, whether the address may be shown


def _named(row: LogRow, known: dict[str, Registered], names: Names) -> Who:
    if row.person_id is None:
        return "nobody signed in", None, True
    person = known.get(row.person_id)
    username = person.username if person else None
    name = names.name(row.person_id)
    return name, LogPersonOut(id=row.person_id, username=username, name=name), True


def _nameless(row: LogRow, role: str | None) -> Who:
    if role == Role.PUPIL:
        return a_pupil(row.classes), None, False
    if role is None:
        return "nobody signed in", None, False
    return a_role(role), None, False


def _shared(role: str | None) -> str | None:
    return role if role is None or role in SHARED_BY_MANY else Role.STAFF.value


def _view(row: LogRow, who: Who, role: str | None, classes: tuple[str, ...], illegal: set[str]) -> LogRowOut:
    words, person, with_address = who
    return LogRowOut(
        id=row.event_id,
        reference=row.reference,
        at=iso(row.at),
        kind=row.kind,
        who=words,
        person=person,
        role=role,
        groups=list(row.filter_groups),
        classes=list(classes),
        client_address=row.client_address if with_address else None,
        method=row.method,
        url=row.url,
        host=row.host,
        category=row.category,
        list=row.list_id,
        entry=None if row.category in illegal else row.entry,
        verdict=row.verdict,
        reason=row.reason,
        rule=row.rule,
        unblock_id=row.unblock_id,
        policy_revision=row.policy_revision,
        status=row.status,
        bytes_up=row.bytes_up,
        bytes_down=row.bytes_down,
        duration_ms=row.duration_ms,
        outcome=row.outcome,
    )

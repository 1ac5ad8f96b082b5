"""The filtering log as a reader may see it: nameless unless names are asked for, with a purpose that is kept.

Nameless means that nobody can be told from the row: no person, no address, no class of a teacher, no role
that only one adult has. Filters behind which a few people stand are a reading by name as well. Governors see
no path either, whatever they ask (invariant 9).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Connection

from audit_api.answers import LogPersonOut, LogRowOut
from audit_api.few import FEW, Narrowing, Veil, whom
from audit_api.names import Names, a_pupil, a_role
from audit_api.problems import Problem
from audit_api.rights import APPROVING
from audit_api.rows import NO_CURSOR, read_instant
from audit_api.shapes import Paging
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.filtering_log import Filter, LogRow, Page, search, without_people
from audit_log.people import Registered, people_by_ids, person_by_id, person_by_username
from change_control.looks import record_look
from filter_policy.model import Person, Reason, Role, Verdict

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
    """Newest first. Raises Problem. A reading by name is recorded before anything is shown (S17, S101)."""
    what = _filter(visit, asked)
    if asked.by_name:
        _may_name(visit, asked)
    with reading(visit.desk.engine) as conn:
        if asked.person:
            what = replace(what, person_id=_person_id(conn, asked.person))
        found = _search(conn, what, asked)
        behind = _behind(conn, visit, asked)
        by_name = asked.by_name or _is_about_few(visit, asked, behind, found.rows)
        if by_name:
            _may_name(visit, asked)
        shown = _named_rows if by_name else _nameless_rows
        rows = list(shown(conn, visit, asked, behind, found.rows))
    if by_name:
        for about in _about(what.person_id, behind, found.rows):
            record_look(
                visit.desk, visit.reader.actor, about, _in_words(asked), asked.purpose or "", visit.now
            )
    return rows, found.next


def _search(conn: Connection, what: Filter, asked: Wanted) -> Page:
    try:
        if asked.cursor:
            read_instant(asked.cursor.partition("~")[0])
        return search(conn, what, asked.limit, asked.cursor or None)
    except ValueError:  # CursorError is one
        raise Problem("bad-input", errors=NO_CURSOR) from None


@dataclass(frozen=True, slots=True)
class _Behind:
    """Whom the filters are about: all of them, and those of them whom nameless rows can be about now."""

    narrowing: Narrowing
    everybody: Sequence[Person]  # on the register
    people: frozenset[str]
    now: frozenset[str]


def _behind(conn: Connection, visit: Visit, asked: Wanted) -> _Behind:
    everybody = [each.person for each in visit.window.bundle().accounts.values()]
    for_whom = whom(conn, [asked.unblock]).get(asked.unblock) if asked.unblock else None
    narrowing = Narrowing(asked.group, asked.class_, asked.unblock, for_whom)
    fit = [each for each in everybody if narrowing and narrowing.fits(each)]
    now = [each for each in fit if each.ends_at is None or each.ends_at > visit.now]
    if asked.class_:  # rows of its teachers are left out
        now = [each for each in now if each.role is Role.PUPIL]
    return _Behind(narrowing, everybody, frozenset(p.id for p in fit), frozenset(p.id for p in now))


def _is_about_few(visit: Visit, asked: Wanted, behind: _Behind, rows: Sequence[LogRow]) -> bool:
    """Nobody at all is not few: then only what nobody signed in for is shown."""
    by_reference = bool(asked.reference) and any(row.person_id for row in rows)
    few = by_reference or 0 < len(behind.now) <= FEW
    if few and visit.reader.role not in APPROVING:
        raise Problem("wrong-role", f"At most {FEW} people stand behind this filter; choose a wider one.")
    if few and not (asked.purpose or "").strip():
        says = f"is needed, and is kept: at most {FEW} people stand behind this filter"
        raise Problem("bad-input", errors={"purpose": says})
    return few


def _may_name(visit: Visit, asked: Wanted) -> None:
    if visit.reader.role not in APPROVING:
        raise Problem("wrong-role", f"{a_role(visit.reader.role).capitalize()} sees no names here.")
    if not (asked.purpose or "").strip():
        raise Problem("bad-input", errors={"purpose": "is needed to read by name, and is kept"})


def _about(person_id: str | None, behind: _Behind, rows: Sequence[LogRow]) -> Sequence[str | None]:
    """Whom the change log says was looked at: the people when they are few, else the class or group.

    A class that nobody is in may be a name that somebody typed, so it is not sealed.
    """
    if person_id is not None:
        return [person_id]
    people = behind.people.union(row.person_id for row in rows if row.person_id)
    if 0 < len(people) <= FEW:
        return sorted(people)
    return [str(behind.narrowing) if behind.people else None]


def _person_id(conn: Connection, named: str) -> str:
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


def _named_rows(
    conn: Connection, visit: Visit, _asked: Wanted, _behind: _Behind, rows: Sequence[LogRow]
) -> Iterator[LogRowOut]:
    illegal = _illegal(visit)
    known = people_by_ids(conn, (row.person_id for row in rows if row.person_id))
    names = Names(known, pupils=True)
    for row in rows:
        yield _view(row, _named(row, known, names), illegal)


def _nameless_rows(
    conn: Connection, visit: Visit, asked: Wanted, behind: _Behind, rows: Sequence[LogRow]
) -> Iterator[LogRowOut]:
    illegal = _illegal(visit)
    unblocks = whom(conn, (row.unblock_id for row in rows if row.unblock_id))
    veil = Veil(behind.everybody, behind.narrowing, unblocks)
    for row in rows:
        if asked.class_ and row.role != Role.PUPIL:
            continue  # a teacher of that class: the filter would tell who
        if veil.leaves_out(row):
            continue
        bare = veil.over(row if visit.reader.role in APPROVING else without_people(row))
        yield _view(bare, _nameless(bare), illegal)


def _illegal(visit: Visit) -> set[str]:
    return {name for name, row in visit.window.bundle().policy.access.items() if row.illegal}


Who = tuple[str, LogPersonOut | None, bool]  # in words, by name, whether the address may be shown


def _named(row: LogRow, known: dict[str, Registered], names: Names) -> Who:
    if row.person_id is None:
        return "nobody signed in", None, True
    person = known.get(row.person_id)
    username = person.username if person else None
    name = names.name(row.person_id)
    return name, LogPersonOut(id=row.person_id, username=username, name=name), True


def _nameless(row: LogRow) -> Who:
    if row.role == Role.PUPIL:
        return a_pupil(row.classes), None, False
    if row.role is None:
        return "nobody signed in", None, False
    return a_role(row.role), None, False


def _view(row: LogRow, who: Who, illegal: set[str]) -> LogRowOut:
    words, person, with_address = who
    return LogRowOut(
        id=row.event_id,
        reference=row.reference,
        at=iso(row.at),
        kind=row.kind,
        who=words,
        person=person,
        role=row.role,
        groups=list(row.filter_groups),
        classes=list(row.classes),
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

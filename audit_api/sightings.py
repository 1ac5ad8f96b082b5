"""Sightings as a reader may see them: what happened and when; and who, for those who have to act on it (I7).

Illegal content, a way round the filter, a shared account, guessed passwords, one person blocked again and
again: the coordinator and the headteacher have to act on them. They read names as in the filtering log: with
a purpose, and seen. Everybody else who may read sees that there was one.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import Connection

from audit_api.answers import Instant, LogPersonOut, _Out
from audit_api.few import shared_role
from audit_api.looked_at import abouts
from audit_api.names import Names, a_role
from audit_api.problems import Problem
from audit_api.reader import Reader
from audit_api.rows import Cursor, read_cursor, write_cursor
from audit_api.shapes import Paging
from audit_api.staff_rows import ADULT_ROLES, reads_staff
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.people import people_by_ids
from audit_log.sighting_groups import Group, groups, tried_since
from audit_log.sightings import CIRCUMVENTION, ILLEGAL_CONTENT, REPEATED_BLOCKS, sightings
from change_control.looks import record_look
from filter_policy.model import Role

GUESSING = "guessing"
Kind = Literal[  # sightings.KINDS
    "illegal-content", "circumvention", "account-sharing", "guessing", "repeated-blocks"
]
SAYS: Mapping[str, str] = {
    ILLEGAL_CONTENT: "An address on a list of illegal content was asked for, and blocked.",
    CIRCUMVENTION: "A way round the filter was tried, and blocked.",
    "account-sharing": "One account was used on several devices at once.",
    GUESSING: "Somebody guessed at passwords.",
    REPEATED_BLOCKS: "One person asked again and again for what is not open.",
}
GUESSED_AT = "Somebody guessed at the password of {}."  # whose account it is did nothing
SINCE: Mapping[str, str] = {
    ILLEGAL_CONTENT: "{} asked for an address on a list of illegal content since yesterday; it was blocked.",
    CIRCUMVENTION: "{} tried ways round the filter since yesterday; they were blocked.",
    GUESSING: "Somebody guessed at the passwords of {} since yesterday.",
    "account-sharing": "The accounts of {} were used on several devices at once since yesterday.",
    REPEATED_BLOCKS: "{} asked again and again for what is not open since yesterday.",
}
NOBODY = "nobody signed in"
NAMING = frozenset({Role.COORDINATOR, Role.HEADTEACHER})
Word = Annotated[str, Field(max_length=253)]


class Asked(Paging):
    """`from` and `to` are half-open."""

    kind: Annotated[Kind | None, Field(description="one kind alone")] = None
    from_: Annotated[Word | None, Field(alias="from", description="ISO 8601")] = None
    to: Annotated[Word | None, Field(description="ISO 8601; not included")] = None
    each: Annotated[
        Literal["yes", "no"],
        Field(description="no: those of a person, kind and hour as one; yes: one by one"),
    ] = "no"
    names: Annotated[Literal["yes", "no"], Field(description="yes needs a purpose, and is recorded")] = "no"
    purpose: Annotated[str | None, Field(max_length=2000, description="why names are read")] = None


class SightingOut(_Out):
    """Its address is nowhere; `hash` is the same for the same address of illegal content. Of several that are
    told as one, what stands here is of the first; `each=yes` gives each by its own id.
    """

    id: Annotated[str, Field(description="also that of its row in the filtering log")]
    kind: Annotated[
        str, Field(description="illegal-content, circumvention, account-sharing, guessing or repeated-blocks")
    ]
    says: Annotated[str, Field(description="what happened, in plain words")]
    at: Instant
    last_at: Annotated[str, Field(description="of the last of them; as `at` where it happened once")]
    times: Annotated[int, Field(description="within this hour; never more than 1 of illegal content")]
    happened: Annotated[str, Field(description="request, connect, …: as in the filtering log")]
    who: Annotated[str, Field(description="of guessing: whose account it is, and not who guessed")]
    person: LogPersonOut | None
    role: str | None
    groups: list[str]
    category: str | None
    list: str | None
    hash: str | None
    gate: str


def page_of(visit: Visit, asked: Asked) -> tuple[list[SightingOut], str | None]:
    """Newest first. Raises Problem. A reading by name is recorded before anything is shown (S17, S101)."""
    by_name = asked.names == "yes"
    if by_name:
        _may_name(visit, asked)
    between = visit.instant("from", asked.from_), visit.instant("to", asked.to)
    after = read_cursor(asked.cursor)
    with reading(visit.desk.engine) as conn:
        found = _found(conn, asked, after, between)
        rows, more = found[: asked.limit], len(found) > asked.limit
        shown = list(_named(conn, rows, visit.reader) if by_name else _nameless(conn, rows))
    if by_name:
        _record(visit, asked, rows)
    return shown, write_cursor((rows[-1].first.at, rows[-1].first.id)) if more else None


def _found(
    conn: Connection, asked: Asked, after: Cursor | None, between: tuple[datetime | None, datetime | None]
) -> list[Group]:
    if asked.each == "no":
        return groups(conn, asked.limit + 1, after, between, asked.kind)
    found = sightings(conn, asked.limit + 1, after, between, asked.kind)
    return [Group(each, 1, each.at) for each in found]


def _may_name(visit: Visit, asked: Asked) -> None:
    if visit.reader.role not in NAMING:
        raise Problem("wrong-role", f"{a_role(visit.reader.role).capitalize()} sees no names here.")
    if not (asked.purpose or "").strip():
        raise Problem("bad-input", errors={"purpose": "is needed to read by name, and is kept"})


def _record(visit: Visit, asked: Asked, rows: Sequence[Group]) -> None:
    what, purpose, actor = _in_words(asked), asked.purpose or "", visit.reader.actor
    named = reads_staff(visit.reader)
    told = [each.first for each in rows if named or each.first.role not in ADULT_ROLES]
    for about, theirs in abouts([[each.person_id] if each.person_id else [] for each in told]):
        record_look(visit.desk, actor, about, what, purpose, visit.now, rows=theirs)


def _in_words(asked: Asked) -> str:
    given = (("kind", asked.kind), ("from", asked.from_), ("to", asked.to))
    filters = [f"{name} {said}" for name, said in given if said]
    return ", ".join(["sightings", *filters, *(["a further page"] if asked.cursor else [])])


def _named(conn: Connection, rows: Sequence[Group], reader: Reader) -> Iterator[SightingOut]:
    """The staff by name to the headteacher alone (S190)."""
    known = people_by_ids(conn, (each.first.person_id for each in rows if each.first.person_id))
    names = Names(known, pupils=True)
    for each in rows:
        row, person = each.first, None
        role = known[row.person_id].role if row.person_id in known else row.role
        if role in ADULT_ROLES and not reads_staff(reader):
            yield _view(each, a_role(Role.STAFF), None, Role.STAFF, ())
            continue
        if row.person_id is not None:
            found = known.get(row.person_id)
            username = found.username if found else None
            person = LogPersonOut(id=row.person_id, username=username, name=names.name(row.person_id))
        who = person.name if person else NOBODY
        yield _view(each, who, person, row.role, row.filter_groups)


def _nameless(_conn: Connection, rows: Sequence[Group]) -> Iterator[SightingOut]:
    """Without classes and groups: there are few sightings, and everybody would know who it was."""
    for each in rows:
        role = shared_role(each.first.role)
        yield _view(each, a_role(role) if role else NOBODY, None, role, ())


def _view(
    group: Group, who: str, person: LogPersonOut | None, role: str | None, groups_: Sequence[str]
) -> SightingOut:
    row = group.first
    guessed_at = row.kind == GUESSING and who != NOBODY
    return SightingOut(
        id=row.id,
        kind=row.kind,
        says=GUESSED_AT.format(who) if guessed_at else SAYS.get(row.kind, row.kind),
        at=iso(row.at),
        last_at=iso(group.last_at),
        times=group.times,
        happened=row.happened,
        who=who,
        person=person,
        role=role,
        groups=list(groups_),
        category=row.category,
        list=row.list_id,
        hash=row.hash,
        gate=row.gate,
    )


def tried_sentences(conn: Connection, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """What happened since yesterday morning, a sentence for each kind: how many people, and nobody's name."""
    yesterday = (now.astimezone(zone) - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    counted = tried_since(conn, yesterday.astimezone(UTC))
    for kind, says in SINCE.items():
        if people := counted.get(kind, 0):
            whom = "1 person" if people == 1 else f"{people:,} people"
            yield says.format(whom)

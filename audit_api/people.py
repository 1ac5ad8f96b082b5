"""The register and proposals to change it, for those who keep it. No hash and no password is ever shown."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, or_, select

from audit_api.agreeing import as_it_is, history, names_for
from audit_api.answers import PeopleProposalOut, PersonOut
from audit_api.problems import Problem
from audit_api.reader import Reader
from audit_api.rows import Cursor
from audit_api.shapes import PeopleProposalIn
from audit_api.times import EARLIEST, LATEST, iso_or_none, with_zone, within
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.people import Registered, people_by_ids
from audit_log.tables import person
from change_control.look_alikes import notes_on
from change_control.people import Imported, Sheet, import_people, read_people
from change_control.proposal import Proposal
from change_control.queries import list_proposals
from change_control.roles import is_active
from filter_policy.life_cycle import State
from filter_policy.model import Role

KIND = "people"


def page_of(
    visit: Visit,
    *,
    role: Role | None = None,
    search: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[list[PersonOut], str | None]:
    """By username. `search` is the beginning of a user name or a part of a name."""
    asked = select(person.c.id, person.c.username).order_by(person.c.username).limit(limit + 1)
    if role is not None:
        asked = asked.where(person.c.role == role)
    if search:
        begins = person.c.username.startswith(search.lower(), autoescape=True)
        asked = asked.where(or_(begins, person.c.name.icontains(search, autoescape=True)))
    if after:
        asked = asked.where(person.c.username > after)
    with reading(visit.desk.engine) as conn:
        found = conn.execute(asked).all()
        known = people_by_ids(conn, [row.id for row in found[:limit]])
    shown = [shown_person(known[row.id], visit) for row in found[:limit] if row.id in known]
    return shown, found[limit - 1].username if len(found) > limit else None


def shown_person(found: Registered, visit: Visit) -> PersonOut:
    return PersonOut(
        id=found.id,
        username=found.username,
        name=found.name,
        role=found.role,
        filter_groups=list(found.filter_groups),
        classes=list(found.classes),
        agreement_signed=found.agreement_signed,
        starts_at=iso_or_none(found.starts_at),
        ends_at=iso_or_none(found.ends_at),
        suspended_from=iso_or_none(found.suspended_from),
        suspended_until=iso_or_none(found.suspended_until),
        active=is_active(found, visit.now),
    )


def propose(visit: Visit, body: PeopleProposalIn) -> Imported:
    """Slow: an argon2 hash for each password. Raises ChangeError naming every row at fault, or Problem."""
    if (body.rows is None) == (body.csv is None):
        raise Problem("bad-input", errors={"rows": "give either rows or csv"})
    sheet = _sheet(body)
    if wrong := dict(_times_out_of_bounds(sheet, visit.zone)):
        raise Problem("bad-input", errors=wrong)
    return import_people(
        visit.desk, visit.reader.actor, sheet.rows, body.reason, visit.now, labels=sheet.labels
    )


def _times_out_of_bounds(sheet: Sheet, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Before anything is kept. What is no time at all change control names, with the other faults."""
    labels = sheet.labels or [f"rows[{number}]" for number in range(len(sheet.rows))]
    for label, row in zip(labels, sheet.rows, strict=True):
        for column in ("starts_at", "ends_at"):
            if (at := _time(row.get(column))) is None:
                continue
            try:
                within(with_zone(at, zone))
            except ValueError:
                yield f"{label}.{column}", f"between the years {EARLIEST.year} and {LATEST.year}"


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _sheet(body: PeopleProposalIn) -> Sheet:
    if body.csv is not None:
        return read_people(body.csv)
    return Sheet(tuple(row.model_dump(exclude_unset=True) for row in body.rows or ()))


def proposals_page(
    visit: Visit, *, state: str | None = None, limit: int = 50, cursor: Cursor | None = None
) -> tuple[list[PeopleProposalOut], Cursor | None]:
    with reading(visit.desk.engine) as conn:
        found = list_proposals(conn, visit.now, kind=KIND, state=state, limit=limit, cursor=cursor)
        return _shown(conn, visit.reader, found.rows), found.next


def one(visit: Visit, found: Proposal, made: Imported | None = None) -> PeopleProposalOut:
    """`made`: it was proposed just now, and its first passwords are told this once.

    So are the halves of codes that came with proposing or approving.
    """
    with reading(visit.desk.engine) as conn:
        view = as_it_is(visit, found, _shown(conn, visit.reader, [found])[0])
        notes = _look_alikes(conn, found) if found.state is State.REQUESTED else []
    told = {
        "notes": notes,
        "first_passwords": _first_passwords(made) if made else None,
        "code_halves": dict(found.handed) or None,
    }
    return view.model_copy(update=told)


def _look_alikes(conn: Connection, found: Proposal) -> list[str]:
    """Of each user name that the proposal would bring, against the register and the other rows."""
    wanted = {row["id"]: row["set"]["username"] for row in found.rows if "username" in row["set"]}
    taken = conn.execute(select(person.c.id, person.c.username)) if wanted else ()
    others = {row.id: row.username for row in taken} | wanted
    return [
        note
        for id_, name in wanted.items()
        for note in notes_on(name, (other for whose, other in others.items() if whose != id_))
    ]


def _first_passwords(made: Imported) -> dict[str, dict[str, str]]:
    return {username: {"proxy": each.proxy} for username, each in made.passwords.items()}


def _shown(conn: Connection, reader: Reader, found: Sequence[Proposal]) -> list[PeopleProposalOut]:
    names = names_for(conn, reader, found)
    known = people_by_ids(conn, (row["id"] for each in found for row in each.rows))
    return [
        PeopleProposalOut(
            **history(each, names(each)), kind=each.kind, rows=[_row(row, known) for row in each.rows]
        )
        for each in found
    ]


def _row(row: object, known: dict[str, Registered]) -> dict[str, object]:
    """With user name, name and role as they are now, so that the second person knows whom it is about."""
    assert isinstance(row, dict)  # noqa: S101  # change control's own shape, told to the type checker
    found = known.get(row["id"])
    now = {field: getattr(found, field, None) for field in ("username", "name", "role")}
    return {**{field: row["set"].get(field, was) for field, was in now.items()}, **row}

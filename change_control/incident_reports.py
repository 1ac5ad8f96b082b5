"""What people report: anybody from a block page or a short address (S54, S128), and staff with a form that
can leave a leader out (S37). Who reported stands with the case alone, and in no line of the change log.

However much is reported, nothing is dropped: what is more than a leader can look through one by one becomes
part of one case.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from audit_log.db import reading
from audit_log.event_id import ALPHABET, reference_from
from audit_log.filtering_log import Filter, LogRow, search
from audit_log.incident_fold import FoldError
from audit_log.incident_model import Incident, IncidentState, Place
from audit_log.incident_rows import ids_of, raw
from audit_log.incidents import open_about, readable
from audit_log.people import Registered, people, person_by_id, person_by_username
from audit_log.sightings import CIRCUMVENTION, ILLEGAL, ILLEGAL_CONTENT
from audit_log.tables import incident
from change_control.desk import SYSTEM, Actor, Desk
from change_control.errors import bad_input
from change_control.incident_kinds import UNSORTED, kind_of_sighting
from change_control.incident_lines import write
from change_control.incident_named import leaving_out_named
from change_control.incident_readers import readers
from change_control.incident_rights import LEADERS
from change_control.incidents import Told, report_in
from change_control.roles import is_active
from change_control.sealing import Change, change
from change_control.texts import LONGEST_TEXT
from filter_policy.model import Role

SAW, UNKIND, STRANGER, GROWN_UP, HEAD = "saw", "unkind", "stranger", "grown-up", "headteacher"
OTHER = "other"
HAPPENED: Mapping[str, str] = {
    SAW: "I saw something I did not want to see",
    UNKIND: "Somebody is unkind to me, or to somebody else",
    STRANGER: "Somebody wrote to me and it feels wrong",
    GROWN_UP: "A grown-up at school did something that worries me",
    HEAD: "The headteacher did something that worries me",
    OTHER: "Something else",
}
# For the headteacher alone, until it is sorted: it may be about anybody who would read it otherwise (S15).
# What is about the headteacher is for the coordinator.
ABOUT_A_GROWN_UP = "staff-professional-standing"
LONGEST_SAID = 1500  # characters; with a name and a code there is room for them in a text of ours
LONGEST_NAME = 100
MOST_LATELY = 100  # cases that are looked through
SEPARATE = 30  # cases about nobody who is known, within an hour: more than that become part of the newest
HOUR = timedelta(hours=1)
CODE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{3}-[0-9A-Za-z]{3}(?![0-9A-Za-z])")
NOBODY_COULD_READ_IT = (
    "nobody could read this report then: of the coordinator and the headteacher, one is left out by you and"
    " the other may not see a case of this kind; leave nobody out, or speak to the chair of governors"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says who did not sign in. `reference`: of the block page that led them here."""

    happened: str = OTHER  # a word of HAPPENED
    text: str = ""
    name: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class StaffReport:
    """`person`: a user name, or a whole name as it is on the register; "" where nobody is known. `exclude`:
    the user name of a leader who must not learn of it."""

    kind: str = UNSORTED
    text: str = ""
    person: str = ""
    exclude: str = ""
    place: str = Place.UNKNOWN
    happened_at: datetime | None = None
    reference: str = ""


def report_publicly(desk: Desk, said: Said, now: datetime) -> Incident:
    """Whatever it says is kept, whether its reference leads anywhere or not. Raises ChangeError bad-input."""
    with change(desk, now) as made:
        row = _row_of(made.conn, said.reference or _code_in(said.text))
        told = leaving_out_named(made.conn, _told(made.conn, said, row, now), said.text, now)
        pile = _pile(made.conn, told, now) if told.person is None else None
        return _opened(made, told) if pile is None else _onto(made, pile, told)


def _opened(made: Change, told: Told) -> Incident:
    """It joins only what somebody can read: a case that was damaged, or whose reader has left, loses none."""
    return report_in(made, replace(told, joins=told.joins and _is_read(made, told)))


def _is_read(made: Change, told: Told) -> bool:
    try:
        case = open_about(made.conn, told.person, told.kind) if told.person else None
    except FoldError:
        return False
    return case is not None and bool(readers(made.conn, case, made.at))


def _told(conn: Connection, said: Said, row: LogRow | None, now: datetime) -> Told:
    """Who saw something says so of themselves, and did nothing wrong by it (S179): the case is about them."""
    is_own = said.happened == SAW and row is not None
    person = row.person_id if row is not None and is_own else None
    if person is not None and person_by_id(conn, person) is None:
        person = None
    is_head = said.happened == HEAD
    return Told(
        "block-page" if said.reference else "short-address",
        _kind(said, row if person else None),
        person,
        text=_text(said, row),
        event_id=row.event_id if row else None,
        happened_at=row.at if row else None,
        happened=said.happened,
        device=row.client_address if row and is_own else None,
        self_reported=is_own,
        role=Role.HEADTEACHER if is_head else None,
        exclude=_heads(conn, now) if is_head else frozenset(),
    )


def _heads(conn: Connection, now: datetime) -> frozenset[str]:
    """Whoever it may be about reads it as little as anybody whom a case is about; but somebody reads it."""
    able = [each for each in people(conn) if is_active(each, now)]
    if not any(each.role == Role.COORDINATOR for each in able):
        return frozenset()
    return frozenset(each.id for each in able if each.role == Role.HEADTEACHER)


def _kind(said: Said, row: LogRow | None) -> str:
    """Of what the gate noticed by itself, the report joins that case."""
    if said.happened in (GROWN_UP, HEAD):
        return ABOUT_A_GROWN_UP
    if row is not None and row.reason == ILLEGAL:
        return kind_of_sighting(ILLEGAL_CONTENT, row.role).id
    if row is not None and row.category == CIRCUMVENTION:
        return kind_of_sighting(CIRCUMVENTION, row.role).id
    return UNSORTED


def _text(said: Said, row: LogRow | None) -> str:
    code = reference_from(said.reference)[:7] if said.reference else ""
    parts = [
        said.text.strip(),
        f"(They say who they are: {said.name.strip()})" if said.name.strip() else "",
        f"(The code on the page was {code}; no row of the log has it yet.)" if code and row is None else "",
    ]
    return "\n".join(part for part in parts if part)


def _code_in(text: str) -> str:
    found = CODE.search(text)
    return found[0] if found else ""


def _row_of(conn: Connection, reference: str) -> LogRow | None:
    code = reference_from(reference) if len(reference) <= 20 else ""
    if len(code) != 7 or not set(code.replace("-", "")) <= set(ALPHABET):
        return None
    rows = search(conn, Filter(reference=code), 1).rows
    return rows[0] if rows else None


def _pile(conn: Connection, told: Told, now: datetime) -> Incident | None:
    """The newest case about nobody who is known, where there were too many of them within the hour: one that
    is kept from nobody who is to read this report, and shown to nobody who is not."""
    row = incident.c
    alike = (row.kind == told.kind, row.person_id.is_(None), row.state == IncidentState.REPORTED)
    lately = (*alike, row.opened_at > now - HOUR)
    if (conn.scalar(select(func.count()).select_from(incident).where(*lately)) or 0) < SEPARATE:
        return None
    newest = (
        select(*raw(conn, row.id))
        .where(*lately)
        .order_by(row.opened_at.desc(), row.id.desc())
        .limit(MOST_LATELY)
    )
    found, _damaged = readable(conn, ids_of(conn, newest)[0])
    return next((case for case in found if (case.excluded, case.role) == (told.exclude, told.role)), None)


def _onto(made: Change, pile: Incident, told: Told) -> Incident:
    facts = {
        "source": told.source,
        "by": None,
        "text": told.text,
        "event": told.event_id,
        "happened": told.happened,
    }
    return write(made, pile, "report", SYSTEM, facts)


def report_by_staff(desk: Desk, actor: Actor, said: StaffReport, now: datetime) -> Incident:
    """Raises ChangeError bad-input, also where nobody who may see such a case would be left."""
    with change(desk, now) as made:
        told = _of_staff(made.conn, actor, said, now)
        case = _opened(made, told)
        if not readers(made.conn, case, now):
            raise bad_input({"exclude": NOBODY_COULD_READ_IT})
        return case


def _of_staff(conn: Connection, actor: Actor, said: StaffReport, now: datetime) -> Told:
    faults: dict[str, str] = {}
    person = _about(conn, said.person.strip(), faults)
    left_out = _left_out(conn, said.exclude.strip(), now, faults)
    if not said.text.strip():
        faults["text"] = "is needed: what happened, in your own words"
    elif len(said.text) > LONGEST_TEXT:
        faults["text"] = f"has {len(said.text)} characters; at most {LONGEST_TEXT} are kept"
    if said.place not in tuple(Place):
        faults["place"] = f"one of {', '.join(Place)} is needed"
    if said.happened_at is not None and said.happened_at > now:
        faults["happened_at"] = "is in the future"
    row = _row_of(conn, said.reference) if said.reference.strip() else None
    if said.reference.strip() and row is None:
        faults["reference"] = "leads to no row of the log (yet); leave it out, or write it into the text"
    if faults:
        raise bad_input(faults)
    return Told(
        "staff",
        said.kind,
        person.id if person else None,
        actor.person_id,
        said.text,
        row.event_id if row else None,
        said.happened_at or (row.at if row else None),
        place=Place(said.place),
        self_reported=person is not None and person.id == actor.person_id,
        exclude=frozenset({left_out.id} if left_out else ()),
        joins=left_out is None,  # nobody who works on a case already is shut out of it
    )


def _about(conn: Connection, typed: str, faults: dict[str, str]) -> Registered | None:
    if not typed:
        return None
    if (found := person_by_username(conn, typed)) is not None:
        return found
    named = [each for each in people(conn) if each.name.casefold() == typed.casefold()]
    if len(named) != 1:
        many = "is the name of several people; give the user name"
        faults["person"] = many if named else "is nobody on the register; leave it empty if you do not know"
        return None
    return named[0]


def _left_out(conn: Connection, typed: str, now: datetime, faults: dict[str, str]) -> Registered | None:
    if not typed:
        return None
    found = person_by_username(conn, typed)
    if found is None or found.role not in LEADERS or not is_active(found, now):
        faults["exclude"] = "must be the user name of a coordinator or headteacher"
        return None
    return found


def leaders(desk: Desk, now: datetime) -> list[Registered]:
    """Who could be left out: no secret, since everybody at a school knows who they are."""
    with reading(desk.engine) as conn:
        return [each for each in people(conn) if each.role in LEADERS and is_active(each, now)]

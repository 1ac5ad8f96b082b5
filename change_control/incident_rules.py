"""Cases that nobody had to open: of what the gate noticed, and the recorder stored as a sighting.

One case for each person and kind, and none of whoever guesses at a password, since the account is somebody
else's. With each case stands which rows are evidence: an hour either side. What such a stretch holds already
adds nothing, so that a browser which tries a thousand times a day leaves a few lines and not a thousand.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import structlog
from sqlalchemy import Connection, and_, case, delete, or_, select

from audit_log.db import reading, writing
from audit_log.incident_model import Evidence, Incident
from audit_log.incidents import incident_ids, open_about, readable
from audit_log.people import person_by_id
from audit_log.seal import stamp
from audit_log.sightings import ILLEGAL_CONTENT, of_rows
from audit_log.tables import filtering_log, sighting, sighting_waiting
from change_control.desk import SYSTEM, Desk
from change_control.incident_followups import reported
from change_control.incident_kinds import OF_SIGHTING, IncidentKind, kind_of_sighting
from change_control.incidents import Told, report_in, write
from change_control.sealing import Change, UnsealedChangeError, change, one_at_a_time

AROUND = timedelta(hours=1)  # of a row that is evidence, either side
MOST_AT_ONCE = 25  # in one transaction: nobody else writes while it lasts
MOST_CASES = 200  # open ones of a kind that are looked through
SEPARATE = 30  # open ones of a kind about nobody who is known: what comes then is part of the newest
MOST_REPORTS = 300  # of such a one: then its rows are sightings and nothing more
GUESSING = "guessing"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Noticed:
    """One row that opens a case."""

    id: str
    kind: str  # one of incident_kinds.OF_SIGHTING
    at: datetime
    person_id: str | None
    role: str | None
    device: str | None


@dataclass(frozen=True, slots=True)
class Whose:
    """About whom the case is, and whose rows are evidence: of a guess, those of the device it came from."""

    person: str | None
    rows_of: str | None
    device: str | None


class _SomethingNewError(Exception):
    """It came while nothing could be sealed: the next look takes it."""


def take_in(desk: Desk, now: datetime) -> int:
    """What waits becomes cases. How many sightings were looked at; the next look takes what was too much.

    Twice, or in two processes at once, does nothing twice.
    """
    for skipped in count(step=MOST_AT_ONCE):  # what cannot be taken waits, and keeps no other waiting
        ids = _next(desk, skipped)
        if not ids or (taken := _take(desk, ids, now)):
            return taken if ids else 0
    raise AssertionError("counted to the end")


def _next(desk: Desk, skipped: int) -> Sequence[str]:
    """What happens now is not behind what happened before, and what is illegal is behind nothing."""
    table = sighting_waiting.c
    of_it = sighting_waiting.outerjoin(sighting, sighting.c.id == table.id)
    first = case({ILLEGAL_CONTENT: 0}, value=sighting.c.kind, else_=1)
    asked = select(table.id).select_from(of_it).order_by(first, table.id.desc())
    with reading(desk.engine) as conn:
        return conn.scalars(asked.limit(MOST_AT_ONCE).offset(skipped)).all()


def _take(desk: Desk, ids: Sequence[str], now: datetime) -> int:
    try:
        with change(desk, now) as made:
            return _take_some(made, ids)
    except UnsealedChangeError:  # cases hold all of it already
        return _forget(desk, ids, now)


def _forget(desk: Desk, ids: Sequence[str], now: datetime) -> int:
    """What adds nothing waits no more."""
    try:
        with writing(desk.engine) as conn:
            one_at_a_time(conn)
            made = Change(conn, now)
            taken = _take_some(made, ids)
            if made.events:
                raise _SomethingNewError
            return taken
    except _SomethingNewError:
        return 0


def _take_some(made: Change, asked: Sequence[str]) -> int:
    """How many; less what another process took meanwhile."""
    waiting = sighting_waiting.c.id
    ids = made.conn.scalars(select(waiting).where(waiting.in_(asked))).all()
    cases = _Cases(made.conn)
    stay: set[str] = set()
    for each in _noticed(made.conn, ids):
        events = len(made.events)
        try:
            with made.conn.begin_nested():
                _take_one(made, each, cases)
        except Exception as error:  # noqa: BLE001  # and no traceback: its locals name people
            log.error("incidents.not_taken_in", sighting=each.id, error=type(error).__name__)
            del made.events[events:]
            made.cases.clear()
            cases = _Cases(made.conn)
            stay.add(each.id)
    taken = [each for each in ids if each not in stay]
    made.conn.execute(delete(sighting_waiting).where(sighting_waiting.c.id.in_(taken)))
    return len(taken)


class _Cases:
    """The open ones, each read once however many sightings are about it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._by_id: dict[str, Incident] = {}
        self._of: dict[tuple[str, Whose], str] = {}
        self._of_nobody: dict[str, list[str]] = {}  # by kind, the newest first

    def find(self, kind: str, whose: Whose) -> Incident | None:
        """None as well where somebody damaged it: then what was noticed is a case of its own."""
        if (known := self._of.get((kind, whose))) is not None:
            return self._by_id[known]
        if whose.person is not None:
            return open_about(self._conn, whose.person, kind)
        found = self._about_nobody(kind)
        alike = next((case for case in found if _is_of(case, whose)), None)
        return alike or (found[0] if len(found) >= SEPARATE else None)

    def _about_nobody(self, kind: str) -> list[Incident]:
        if kind not in self._of_nobody:
            ids = incident_ids(self._conn, MOST_CASES, kind=kind, is_open=True)
            found, _damaged = readable(self._conn, [id_ for _, id_ in ids])
            # One that somebody is left out of takes nothing in: they would never learn of it.
            of_nobody = {case.id: case for case in found if case.person_id is None and not case.excluded}
            self._of_nobody[kind] = list(of_nobody)
            self._by_id |= of_nobody
        return [self._by_id[each] for each in self._of_nobody[kind]]

    def keep(self, kind: str, whose: Whose, case: Incident) -> None:
        """As it is now."""
        if whose.person is None and case.id not in self._by_id and kind in self._of_nobody:
            self._of_nobody[kind].insert(0, case.id)
        self._by_id[case.id] = case
        self._of[kind, whose] = case.id


def _noticed(conn: Connection, ids: Iterable[str]) -> Iterator[Noticed]:
    """What is illegal first, then in the order of their times. What is gone from the log meanwhile is not
    among them."""
    log = filtering_log.c
    found = sorted(of_rows(conn, ids), key=lambda one: (one.kind != ILLEGAL_CONTENT, one.at, one.id))
    if not found:
        return
    asked = select(log.event_id, log.at, log.client_address)
    asked = asked.where(or_(*(and_(log.event_id == each.id, log.at == each.at) for each in found)))
    devices = {(row.event_id, row.at): row.client_address for row in conn.execute(asked)}
    for each in found:
        device = devices.get((each.id, each.at))
        yield Noticed(each.id, each.kind, each.at, each.person_id, each.role, device)


def _take_one(made: Change, seen: Noticed, cases: _Cases) -> None:
    if seen.kind not in OF_SIGHTING:
        return  # of a newer version of the program
    kind, whose = kind_of_sighting(seen.kind, seen.role), _whose(made.conn, seen)
    case = cases.find(kind.id, whose)
    if case is None or not _holds(case, whose, seen.at):
        case = _reported(made, case, kind, whose, seen)
        case = _with_evidence(made, case, whose, seen)
    cases.keep(kind.id, whose, case)


def _whose(conn: Connection, seen: Noticed) -> Whose:
    if seen.kind == GUESSING:
        return Whose(None, None if seen.device else seen.person_id, seen.device)
    person = person_by_id(conn, seen.person_id) if seen.person_id else None
    if person is None:  # nobody signed in, or they were erased meanwhile
        return Whose(None, seen.person_id, None if seen.person_id else seen.device)
    return Whose(person.id, person.id, None)


def _is_of(case: Incident, whose: Whose) -> bool:
    by_rule = any(each.source == "rule" for each in case.reports)
    if whose.rows_of is None and whose.device is None:
        return by_rule and not case.evidence
    return by_rule and any(_same(each, whose) for each in case.evidence)


def _same(each: Evidence, whose: Whose) -> bool:
    return (each.person_id, each.device) == (whose.rows_of, whose.device)


def _holds(case: Incident, whose: Whose, at: datetime) -> bool:
    """Whether its evidence has this row already; of nobody and no device: whether it was told just now."""
    if whose.person is None and len(case.reports) >= MOST_REPORTS:
        return True
    if whose.rows_of is None and whose.device is None:
        return any(each.happened_at and abs(at - each.happened_at) < AROUND for each in case.reports)
    return any(_same(each, whose) and each.from_at <= at < each.to_at for each in case.evidence)


def _reported(
    made: Change, case: Incident | None, kind: IncidentKind, whose: Whose, seen: Noticed
) -> Incident:
    if case is None:
        told = Told(
            "rule",
            kind.id,
            whose.person,
            event_id=seen.id,
            happened_at=seen.at,
            happened=seen.kind,
            device=seen.device,
            joins=False,
        )
        return report_in(made, told)
    facts = {
        "source": "rule",
        "by": None,
        "event": seen.id,
        "happened_at": stamp(seen.at),
        "happened": seen.kind,
        "lane": kind.lane,
    }
    return reported(made, case, facts)


def _with_evidence(made: Change, case: Incident, whose: Whose, seen: Noticed) -> Incident:
    if whose.rows_of is None and whose.device is None:
        return case  # whose rows they are is not known, and nobody else's are evidence
    facts = {
        "id": secrets.token_hex(8),
        "from": stamp(seen.at - AROUND),
        "to": stamp(seen.at + AROUND),
        "person": whose.rows_of,
        "device": whose.device,
        "event": seen.id,
        "why": seen.kind,
    }
    return write(made, case, "evidence", SYSTEM, facts)

"""Rows of the filtering log that are evidence of a case: they stay as long as it is open (S104, S168, S174).

What is held follows from the lines of the cases (agreed_incidents.py holds each against the change log),
and not from the table of cases: a row edited there lets go of nothing. Lines that make no case stop whoever
would remove something.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, false, or_, select

from audit_log.corrections import Correction, rows_of, wide_rows_of
from audit_log.fault import Fault
from audit_log.incident_model import Evidence, Incident, IncidentState
from audit_log.incident_rows import ids_of, raw, rows
from audit_log.incidents import readable
from audit_log.tables import filtering_log, incident, incident_entry

LOG = filtering_log.c
HOLDING = ("evidence", "isolate", "sign")  # acts by which a case comes to hold rows
BEFORE_ISOLATION = timedelta(days=7)  # what a device did before it was shut off is held with it
LOOKED_INTO = "investigation."  # and the case's id: the rule of rows that were made for child protection
MAPPED = "::ffff:"  # an address of IPv4 as a socket of both kinds may have told it
AT_ONCE = 200  # conditions side by side; a database goes only so deep into them
Condition = ColumnElement[bool]
Whose = Callable[[str, Sequence[Correction]], Condition]


@dataclass(frozen=True, slots=True)
class Held:
    """Rows in [from_at, to_at): of a person, at a device, or of a person at a device."""

    person_id: str | None
    device: str | None
    from_at: datetime
    to_at: datetime


def holding(conn: Connection) -> list[Incident]:
    """The open cases that may hold something. Raises Fault where the lines of one make no case."""
    line = incident_entry.c
    asked = select(*raw(conn, line.incident_id)).where(line.act.in_(HOLDING)).distinct()
    ids, unknown = ids_of(conn, asked)
    found, odd = readable(conn, sorted(ids))
    if odd or unknown:
        which = f"the incident {odd[0]}" if odd else "an incident"
        raise Fault(1, f"The lines of {which} make no case, so what it holds is not known.")
    return [each for each in found if each.is_open]


def held_by_cases(conn: Connection, known: Sequence[Correction], days: Sequence[date] = ()) -> Condition:
    """The rows that nobody may remove. `days`: of which is asked; none: of all. Raises Fault."""
    return any_of(list(_conditions(holding(conn), known, days)))


def holds_person(conn: Connection, person_id: str) -> bool:
    """Whether an open case is about this person, or holds what they did. Raises Fault."""
    about = select(*raw(conn, incident.c.id)).where(incident.c.person_id == person_id)
    if rows(conn, about.where(incident.c.state != IncidentState.CLOSED).limit(1)):
        return True
    return any(each.person_id == person_id for case_ in holding(conn) for each in case_.evidence)


def rows_of_evidence(each: Evidence, known: Sequence[Correction]) -> Condition:
    """To be looked at: what is this person's by the corrections agreed on, and the row that it is about."""
    found = _range_of(each)
    of_range = _rows(found, known, rows_of) if found else false()
    return or_(of_range, LOG.event_id == each.event_id) if each.event_id else of_range


def any_of(conditions: Sequence[Condition]) -> Condition:
    """However many they are. Neither yes nor no is no."""
    some = [or_(*conditions[at : at + AT_ONCE]) for at in range(0, len(conditions), AT_ONCE)]
    return case(*((each, 1) for each in some), else_=0) == 1 if some else false()


def _conditions(
    cases: Iterable[Incident], known: Sequence[Correction], days: Sequence[date]
) -> Iterator[Condition]:
    ranges: list[Held] = []
    for each in cases:
        yield from (LOG.event_id == one.event_id for one in each.evidence if one.event_id is not None)
        if any(step.act == "mode" and step.signed_at for step in each.steps):
            yield LOG.rule == LOOKED_INTO + each.id
        ranges += held_ranges(each)
    yield from (_rows(one, known) for one in joined(ranges) if _meets(one, days))


def held_ranges(case_: Incident) -> list[Held]:
    """Of its evidence, and of the devices that it shut off."""
    ranges = [found for each in case_.evidence if (found := _range_of(each)) is not None]
    return ranges + [
        Held(None, each.device, each.starts_at - BEFORE_ISOLATION, each.ends_at) for each in case_.isolated
    ]


def _range_of(each: Evidence) -> Held | None:
    """None: it is one row alone, of nobody who is known."""
    if each.person_id is None and each.device is None:
        return None
    return Held(each.person_id, each.device, each.from_at, each.to_at)


def _rows(each: Held, known: Sequence[Correction], whose: Whose = wide_rows_of) -> Condition:
    """Held is what was recorded as this person, or is theirs by any correction that ever was."""
    wanted = [LOG.at >= each.from_at, LOG.at < each.to_at]
    if each.person_id is not None:
        wanted.append(whose(each.person_id, known))
    if each.device is not None:
        wanted.append(LOG.client_address.in_((each.device, f"{MAPPED}{each.device}")))
    return and_(*wanted)


def joined(ranges: Iterable[Held]) -> Iterator[Held]:
    """Those of the same person and device that touch become one: a rule may have found hundreds."""
    of: dict[tuple[str | None, str | None], list[Held]] = defaultdict(list)
    for each in ranges:
        of[each.person_id, each.device].append(each)
    for same in of.values():
        first, *more = sorted(same, key=lambda each: each.from_at)
        for each in more:
            if each.from_at <= first.to_at:
                first = Held(first.person_id, first.device, first.from_at, max(first.to_at, each.to_at))
            else:
                yield first
                first = each
        yield first


def _meets(each: Held, days: Sequence[date]) -> bool:
    if not days:
        return True
    first, last = min(days), max(days)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    return each.from_at < end and start < each.to_at

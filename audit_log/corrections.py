"""Whose rows they really are: what two people agreed on where somebody was recorded as another (S103).

A row is never rewritten. A correction is about the person *as recorded*; of those that fit a row, the one
agreed on last counts, so that a wrong correction is mended by another one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, literal, or_, select

from audit_log.tables import correction, filtering_log

LOG = filtering_log.c


@dataclass(frozen=True, slots=True)
class Correction:
    """Rows recorded as `person_id` in [from_at, to_at) are of `right_person_id`; None: of nobody known."""

    id: str
    person_id: str
    right_person_id: str | None
    from_at: datetime
    to_at: datetime
    client_address: str | None  # None: from any address
    agreed_at: datetime

    def fits(self, person_id: str | None, at: datetime, client_address: str | None) -> bool:
        of_them = person_id == self.person_id and self.from_at <= at < self.to_at
        return of_them and self.client_address in (None, client_address)


def corrections(conn: Connection) -> tuple[Correction, ...]:
    """All of them, the oldest agreement first."""
    rows = conn.execute(select(correction).order_by(correction.c.agreed_at, correction.c.id))
    return tuple(Correction(**row._mapping) for row in rows)


def corrected(
    person_id: str | None, at: datetime, client_address: str | None, known: Sequence[Correction]
) -> str | None:
    """Whose row this is, by what is recorded in it and by `corrections(conn)`; None: nobody known."""
    for each in reversed(known):
        if each.fits(person_id, at, client_address):
            return each.right_person_id
    return person_id


def rows_of(person_id: str, known: Sequence[Correction]) -> ColumnElement[bool]:
    """The rows of the filtering log that are this person's, corrections applied: `corrected`, in SQL."""
    recorded_as = {person_id} | {each.person_id for each in known if each.right_person_id == person_id}
    bearing = [each for each in known if each.person_id in recorded_as]
    among = LOG.person_id.in_(sorted(recorded_as))
    if not bearing:
        return among
    whens = [(_recorded(each), _right(each.right_person_id)) for each in reversed(bearing)]
    return and_(among, case(*whens, else_=LOG.person_id) == person_id)


def taken_from(person_id: str, known: Sequence[Correction]) -> ColumnElement[bool]:
    """Rows that were recorded as this person and are not theirs."""
    return and_(LOG.person_id == person_id, ~rows_of(person_id, _of(person_id, known)))


def wide_rows_of(person_id: str, known: Iterable[Correction]) -> ColumnElement[bool]:
    """Recorded as this person, or theirs by any correction that ever was: what to keep, not what to show."""
    theirs = [_recorded(each) for each in known if each.right_person_id == person_id]
    return or_(LOG.person_id == person_id, *theirs)


def _of(person_id: str, known: Sequence[Correction]) -> list[Correction]:
    return [each for each in known if each.person_id == person_id]


def _recorded(each: Correction) -> ColumnElement[bool]:
    fits = [LOG.person_id == each.person_id, LOG.at >= each.from_at, LOG.at < each.to_at]
    if each.client_address is not None:
        fits.append(LOG.client_address == each.client_address)
    return and_(*fits)


def _right(person_id: str | None) -> ColumnElement[str]:
    """Nobody is "" here: what is compared with NULL is neither theirs nor not theirs."""
    return literal(person_id or "")

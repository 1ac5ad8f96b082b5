"""Legal holds: rows that stay though their time is over, until two people let them go (S104)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from audit_log.corrections import Correction, wide_rows_of
from audit_log.tables import filtering_log, legal_hold

LOG = filtering_log.c


@dataclass(frozen=True, slots=True)
class Hold:
    """The rows of [from_at, to_at) of one person; `person_id` None: of everybody."""

    id: str
    person_id: str | None
    from_at: datetime
    to_at: datetime
    placed_by: str
    placed_at: datetime
    released_at: datetime | None = None


def holds(conn: Connection) -> tuple[Hold, ...]:
    """Those in force, the oldest first."""
    return tuple(each for each in all_holds(conn) if each.released_at is None)


def all_holds(conn: Connection) -> tuple[Hold, ...]:
    """Those that were released as well."""
    rows = conn.execute(select(legal_hold).order_by(legal_hold.c.placed_at, legal_hold.c.id))
    return tuple(Hold(**row._mapping) for row in rows)


def rows_held(held: Iterable[Hold], known: Sequence[Correction]) -> ColumnElement[bool]:
    """The rows of the filtering log that none may remove. `known`: `corrections(conn)`.

    A hold on somebody keeps what was recorded as them and what was corrected to them.
    """
    return or_(false(), *(_held(each, known) for each in held))


def _held(each: Hold, known: Sequence[Correction]) -> ColumnElement[bool]:
    within = and_(LOG.at >= each.from_at, LOG.at < each.to_at)
    return within if each.person_id is None else and_(within, wide_rows_of(each.person_id, known))

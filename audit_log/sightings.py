"""Sightings: what must not be overlooked, found while rows are stored, and read back newest first.

Each follows from its row alone: an address on a list of illegal content (I1 to I8), a blocked way round the
filter (A433, A455), one account on several devices at once (S83; one change alone, which a laptop that roams
makes too, has its row and no sighting), guessed passwords, and one person who asks again and again for what
is not open (S31). No address is in it: who may see it reads the row, which has the same id. A CONNECT that
was then decrypted is no sighting of its own: the request in it is. What the gate asks itself (canaries) never
is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select, true

from audit_log.rollups import CANARY, CATEGORY, EVENT, VERDICT
from audit_log.rows import AT, OPENING
from audit_log.tables import filtering_log, sighting

ILLEGAL_CONTENT = "illegal-content"
BLOCK = "block"
CIRCUMVENTION = "circumvention"  # the category of the row, and the kind
REPEATED_BLOCKS = "repeated-blocks"  # the reason of an `event`, and the kind
KIND_OF_EVENT = {  # by the reason of an `event`
    "account-shared": "account-sharing",
    "guessing": "guessing",
    REPEATED_BLOCKS: REPEATED_BLOCKS,
}
ONE_CHANGE = "devices: 2, one change"  # the rule of a laptop that moved to another part of the network
KINDS = (ILLEGAL_CONTENT, CIRCUMVENTION, *KIND_OF_EVENT.values())
# Which recorders made sightings of them: row_seal.INCIDENTS, of their seals. Not named here: from 2 on.
KNOWN_SINCE = {ILLEGAL_CONTENT: 1, REPEATED_BLOCKS: 3}
ILLEGAL = "illegal"  # the reason on the row
REASONS = frozenset((ILLEGAL, *KIND_OF_EVENT))
SEALED = "sealed:"  # what its url begins with
COLUMNS = tuple(column.name for column in sighting.columns)
_TAKEN = {name: OPENING.index(name) for name in COLUMNS if name in OPENING}
_ID, _HAPPENED, _URL, _REASON = (OPENING.index(name) for name in ("event_id", "kind", "url", "reason"))
_RULE = OPENING.index("rule")
_PERSON, _ENTRY = OPENING.index("person_id"), OPENING.index("entry")


@dataclass(frozen=True, slots=True)
class Sighting:
    """`hash` is the same for the same address; None where the row was written by an older version."""

    id: str
    kind: str
    at: datetime
    happened: str
    gate: str
    person_id: str | None
    role: str | None
    filter_groups: tuple[str, ...]
    category: str | None
    list_id: str | None
    hash: str | None


def kind_of(row: Sequence[Any]) -> str | None:
    """Of a row's values in the order of OPENING; None where it is no sighting."""
    if row[_HAPPENED] == CANARY:
        return None
    if row[_REASON] == ILLEGAL:
        return ILLEGAL_CONTENT
    if row[_HAPPENED] == EVENT and row[_RULE] == ONE_CHANGE:
        return None
    if row[_HAPPENED] == EVENT:
        return KIND_OF_EVENT.get(row[_REASON])
    return CIRCUMVENTION if row[CATEGORY] == CIRCUMVENTION and row[VERDICT] == BLOCK else None


def is_sighting(row: Sequence[Any]) -> bool:
    """Of a row's values in the order of OPENING."""
    return kind_of(row) is not None


def sighting_values(row: Sequence[Any]) -> tuple[Any, ...]:
    """In the order of COLUMNS."""
    url = str(row[_URL] or "")
    found = {name: row[place] for name, place in _TAKEN.items()} | {
        "id": row[_ID],
        "kind": kind_of(row),
        "happened": row[_HAPPENED],
        "hash": url[:64] if url.startswith(SEALED) else None,
    }
    return tuple(found[name] for name in COLUMNS)


def alike(row: Sequence[Any]) -> tuple[Any, ...]:
    """Of a row's values in the order of OPENING: what needs one line in the log, however often it happens."""
    return (kind_of(row), row[_PERSON], row[_ENTRY], row[AT][:13])  # the hour


def in_words(values: Sequence[Any]) -> dict[str, Any]:
    """What a log line may say of it: nobody's name, and no address or trace of one."""
    told = dict(zip(COLUMNS, values, strict=True))
    return {name: told[name] for name in ("id", "kind", "category", "list_id", "gate")}


def sightings(
    conn: Connection,
    limit: int,
    after: tuple[datetime, str] | None = None,
    between: tuple[datetime | None, datetime | None] = (None, None),
    kind: str | None = None,
) -> list[Sighting]:
    """Newest first, from the one after `after` on; `between` is half-open. `kind` None: all."""
    table = sighting.c
    decrypted = (
        select(filtering_log.c.event_id)
        .where(filtering_log.c.event_id == table.id, filtering_log.c.at == table.at)
        .where(filtering_log.c.decrypted == true())
        .exists()
    )
    query = select(sighting).where(~decrypted).order_by(table.at.desc(), table.id.desc()).limit(limit)
    if after is not None:
        at, id_ = after
        query = query.where(or_(table.at < at, and_(table.at == at, table.id < id_)))
    if kind is not None:
        query = query.where(table.kind == kind)
    first, last = between
    if first is not None:
        query = query.where(table.at >= first)
    if last is not None:
        query = query.where(table.at < last)
    return [_read(row) for row in conn.execute(query)]


def of_rows(conn: Connection, ids: Iterable[str]) -> list[Sighting]:
    """In no order."""
    return [_read(row) for row in conn.execute(select(sighting).where(sighting.c.id.in_(list(ids))))]


def _read(row: Row[Any]) -> Sighting:
    return Sighting(**dict(row._mapping) | {"filter_groups": tuple(row.filter_groups)})

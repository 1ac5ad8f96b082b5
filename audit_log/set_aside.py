"""Records that could not become rows: how many, why, since when; and themselves, which may tell of people."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from audit_log.event_id import ALPHABET, RANDOM_BITS
from audit_log.intake_known import NO_OPEN
from audit_log.segments import NAME
from audit_log.tables import journal_aside

TABLE = journal_aside.c
REFUSED = "the database refuses it"  # and the kind of error
_DIGITS = {char: value for value, char in enumerate(ALPHABET)}


@dataclass(frozen=True, slots=True)
class Aside:
    """Those that have the same fault, told without what was in them. `waits`: ends that came before their
    beginnings, which is no fault."""

    why: str
    records: int
    first_at: datetime | None  # of those whose id tells a time

    @property
    def waits(self) -> bool:
        return self.why == NO_OPEN


@dataclass(frozen=True, slots=True)
class AsideRecord:
    key: str
    why: str
    record: Any  # as the gate wrote it, or in two halves

    @property
    def people(self) -> frozenset[str]:
        """Whom it tells of."""
        return frozenset(str(part["person"]) for part in self.parts if part.get("person"))

    @property
    def parts(self) -> tuple[Mapping[str, Any], ...]:
        """What was asked, and how it ended, as far as it is there."""
        return tuple(_parts(self.record))

    @property
    def times(self) -> tuple[datetime, ...]:
        """When it was, by all that tells it: what it says itself first, then its id, then its segment."""
        said = (*(part.get("at") for part in self.parts),)
        told = (*map(_instant, said), time_of(self.key), _segment_time(self.key))
        return tuple(at for at in told if at is not None)


def set_aside(conn: Connection) -> list[Aside]:
    """Most first."""
    query = select(TABLE.why, func.count(), func.min(TABLE.key)).group_by(TABLE.why)
    found: dict[str, Aside] = {}
    for why, records, first in conn.execute(query):
        fault = fault_in(why)
        before = found.get(fault, Aside(fault, 0, None))
        times = [at for at in (before.first_at, time_of(first)) if at is not None]
        found[fault] = Aside(fault, before.records + records, min(times, default=None))
    return sorted(found.values(), key=lambda each: (-each.records, each.why))


def fault_in(why: str) -> str:
    """Without the value at fault, which came from the record: it may be what somebody asked for."""
    return why if why.startswith(REFUSED) else why.partition(":")[0]


def records_aside(conn: Connection, limit: int, after: str = "") -> list[AsideRecord]:
    """In the order of their keys."""
    query = select(journal_aside).where(TABLE.key > after).order_by(TABLE.key).limit(limit)
    return [AsideRecord(row.key, row.why, _readable(row.record)) for row in conn.execute(query)]


def time_of(key: str) -> datetime | None:
    """When that event was: its id begins with the time. None for what is no id."""
    head = key[:26]
    if len(head) < 26 or not set(head) <= _DIGITS.keys():
        return None
    bits = 0
    for char in head:
        bits = bits << 5 | _DIGITS[char]
    return datetime.fromtimestamp((bits >> RANDOM_BITS) / 1_000_000, UTC)


def _instant(said: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _segment_time(key: str) -> datetime | None:
    """When the segment was begun that it stood in, where that is its key."""
    match = NAME.fullmatch(key.rpartition(":")[0])
    if match is None:
        return None
    try:
        return datetime.fromtimestamp(int(match["ns"]) / 1e9, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _readable(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _parts(record: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(record, Mapping):
        yield record
        yield from (half for half in record.values() if isinstance(half, Mapping))

"""The past, cut where a period of either of two timetables begins or ends: within a stretch no time decides.

Stretches in which the same periods are open have one number, their slot, whatever the day: what is decided
for one instant of a slot holds for all of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from filter_policy import timetable
from filter_policy.model import Timetable

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretches:
    """`begins`: from when on, and which slot; each until the next. `instants`: one of each slot."""

    begins: tuple[tuple[datetime, int], ...]
    instants: tuple[datetime, ...]


def stretches(old: Timetable, new: Timetable, starts_at: datetime, ends_at: datetime) -> Stretches:
    """From `starts_at` on, which is before `ends_at`; aware UTC."""
    cuts = {starts_at, *_cuts(old, starts_at, ends_at), *_cuts(new, starts_at, ends_at)}
    slots: dict[tuple[frozenset[str], frozenset[str]], int] = {}
    begins: list[tuple[datetime, int]] = []
    instants: list[datetime] = []
    for at in sorted(cuts):
        slot = slots.setdefault((_open(old, at), _open(new, at)), len(slots))
        if slot == len(instants):
            instants.append(at)
        if not begins or begins[-1][1] != slot:
            begins.append((at, slot))
    return Stretches(tuple(begins), tuple(instants))


def _cuts(table: Timetable, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    day = starts_at.astimezone(table.zone).date()
    last = ends_at.astimezone(table.zone).date()
    while day <= last:
        for at in _of_day(table, day):
            if starts_at < at < ends_at:
                yield at
        day += DAY


def _of_day(table: Timetable, day: date) -> Iterator[datetime]:
    """Its midnight, too: what is open is asked by the day."""
    yield datetime.combine(day, time(0), table.zone).astimezone(UTC)
    for name in table.periods:
        for span in timetable.open_spans(table, (name,), day):
            yield from span


def _open(table: Timetable, at: datetime) -> frozenset[str]:
    return frozenset(name for name in table.periods if timetable.is_open(table, (name,), at))

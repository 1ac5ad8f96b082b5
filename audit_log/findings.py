"""What `verify` found: rows by name as far as twenty, all of them in numbers."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from audit_log.as_written import shown
from audit_log.event_id import ALPHABET, RANDOM_BITS

NAMED = 20
EDITED, REMOVED, ADDED = "edited", "removed", "added"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_SHOWN = 40


@dataclass(slots=True)
class Findings:
    rows: Counter[str] = field(default_factory=Counter)
    other: int = 0
    named: list[str] = field(default_factory=list)
    first_bad: int | None = None  # the number of a seal

    @property
    def none(self) -> bool:
        return not self.named

    def row(self, what: str, event_id: object, when: str, seal: int | None, how: str = "") -> None:
        """`when`: the time of the row, as far as it is known."""
        self.rows[what] += 1
        self._name(f"Row {shown(event_id)[:LONGEST_SHOWN]} of {when} was {what}{how and f': {how}'}.", seal)

    def add(self, says: str, seal: int | None) -> None:
        self.other += 1
        self._name(says, seal)

    def _name(self, says: str, seal: int | None) -> None:
        if not self.named:
            self.first_bad = seal or 1
        if len(self.named) < NAMED:
            self.named.append(says)

    @property
    def says(self) -> str:
        if sum(self.rows.values()) + self.other < 2:
            return self.named[0]
        counts = [_counted(number, what) for what in (EDITED, REMOVED, ADDED) if (number := self.rows[what])]
        if self.other:
            counts.append(f"{self.other:,} other {'fault' if self.other == 1 else 'faults'}")
        return f"{self.named[0]} In all: {', '.join(counts)}."


def _counted(number: int, what: str) -> str:
    return f"{number:,} {'row' if number == 1 else 'rows'} {what}"


def time_of(at: object) -> str:
    """A row's own time, for people: 22 November 2026 10:42 (UTC)."""
    try:
        return f"{datetime.fromisoformat(str(at)):%-d %B %Y %H:%M}"
    except ValueError:
        return shown(at)[:LONGEST_SHOWN]


def time_in(event_id: str, day: date) -> str:
    """Of a row that is not there any more: its id tells the time, and its part the day."""
    try:
        bits = 0
        for letter in event_id:
            bits = bits << 5 | ALPHABET.index(letter)
        at = EPOCH + timedelta(microseconds=bits >> RANDOM_BITS)
    except (ValueError, OverflowError):
        return f"{day:%-d %B %Y}"
    return time_of(at) if at.date() == day else f"{day:%-d %B %Y}"

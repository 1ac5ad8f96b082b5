"""A month as the school counts it: from its first midnight by the clock on the wall to its last."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from audit_api.problems import Problem

WRITTEN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
FIRST_YEAR = 2000  # nobody filtered with this before


@dataclass(frozen=True, slots=True)
class Month:
    year: int
    number: int
    zone: ZoneInfo

    @classmethod
    def read(cls, text: str, zone: ZoneInfo) -> "Month":
        """`2026-11`. Raises ValueError."""
        found = WRITTEN.fullmatch(text)
        if found is None or int(found[1]) < FIRST_YEAR:
            raise ValueError("a month like 2026-11 is needed")
        return cls(int(found[1]), int(found[2]), zone)

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo) -> "Month":
        local = at.astimezone(zone)
        return cls(local.year, local.month, zone)

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """No longer in it."""
        return self.next.starts_at

    @property
    def next(self) -> "Month":
        return self._other(1)

    @property
    def before(self) -> "Month":
        return self._other(-1)

    def _other(self, months: int) -> "Month":
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, number + 1, self.zone)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def name(self) -> str:
        return f"{self.first:%B} {self.year}"


def month_asked(asked: str | None, now: datetime, zone: ZoneInfo) -> Month:
    """This month, where none is named. Raises Problem naming the field."""
    this = Month.of(now, zone)
    try:
        month = Month.read(asked.strip(), zone) if asked and asked.strip() else this
    except ValueError as error:
        raise Problem("bad-input", errors={"month": str(error)}) from None
    if month.starts_at > now:
        raise Problem("bad-input", errors={"month": f"{month.name} has not begun; this month is {this}"})
    return month

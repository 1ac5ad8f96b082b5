"""What the change log says about the filtering log: each hour's seals, and what went when its time was over.

    filtering-log:seal         the seals of an hour: from, to, first, last, rows, closed, root
    retention:purge            a part that went: keep, day, rows, kept_back, upto_seal, root, totals_sha256
    retention:purge-totals     totals that went: all before a day
    retention:purge-incidents  incidents that went
    retention:purge-cases      what was said in incidents that were closed long ago: before, cases
    retention:purge-aside      records that were set aside and damaged bytes of the journal that went

Read from the stored lines as they are. That nobody wrote them past us is for `verify` of the change log.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from audit_log.as_written import as_written
from audit_log.fault import Fault
from audit_log.first_seals import EARLIER

HOUR = "filtering-log:seal"
PURGE = "retention:purge"
PURGE_TOTALS = "retention:purge-totals"
PURGE_INCIDENTS = "retention:purge-incidents"
PURGE_CASES = "retention:purge-cases"
PURGE_ASIDE = "retention:purge-aside"
# RFC 8785 spells an entry in one way; a text that somebody wrote is not in it, and quotes are escaped.
LINES = text(
    "SELECT seq, entry FROM change_log WHERE seq > :after AND entry LIKE :like ORDER BY seq",
)


@dataclass(frozen=True, slots=True)
class HourLine:
    """What was sealed in `[start, end)`; `first` and `last`: numbers of seals, None where there was none."""

    seq: int
    start: datetime
    end: datetime
    first: int | None
    last: int | None
    rows: int
    closed: int
    root: str


@dataclass(frozen=True, slots=True)
class PurgeLine:
    """Rows of one part that went. `totals`: by day, what the totals hashed to when this was done."""

    seq: int
    at: datetime
    keep: str
    day: date | None  # None: of the time before there were parts, all of them
    rows: int
    kept_back: int
    upto_seal: int
    root: str
    held_root: str
    totals: Mapping[str, str]

    @property
    def part(self) -> str:
        return EARLIER if self.day is None else f"{self.keep}/{self.day}"


@dataclass(frozen=True, slots=True)
class TotalsGone:
    """All totals of the days before."""

    seq: int
    before: date


def lines_of(conn: Connection, event: str, after: int = 0) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The entries of this event, oldest first; what is no JSON is none."""
    with as_written(conn):
        rows = conn.execute(LINES, {"after": after, "like": f'%"event":"{event}"%'}).all()
    for row in rows:
        try:
            entry = json.loads(row.entry)
            if entry["event"] == event:
                yield row.seq, entry
        except (ValueError, KeyError, TypeError, RecursionError):
            continue


def hour_lines(conn: Connection) -> list[HourLine]:
    """Raises Fault for one that says nothing."""
    return [_hour(seq, entry) for seq, entry in lines_of(conn, HOUR)]


def purge_lines(conn: Connection) -> list[PurgeLine]:
    """Raises Fault for one that says nothing."""
    return [_purge(seq, entry) for seq, entry in lines_of(conn, PURGE)]


def totals_gone_before(conn: Connection) -> list[TotalsGone]:
    """Each removal of totals. Raises Fault for one that says nothing."""
    return [_totals(seq, entry) for seq, entry in lines_of(conn, PURGE_TOTALS)]


def _totals(seq: int, entry: Mapping[str, Any]) -> TotalsGone:
    try:
        return TotalsGone(seq, date.fromisoformat(entry["detail"]["before"]))
    except (ValueError, KeyError, TypeError):
        raise Fault(1, f"Entry {seq} of the change log does not say which totals were removed.") from None


def _hour(seq: int, entry: Mapping[str, Any]) -> HourLine:
    try:
        said = entry["detail"]
        start, end = (datetime.fromisoformat(said[name]) for name in ("from", "to"))
        first, last = (None if said[name] is None else int(said[name]) for name in ("first", "last"))
        return HourLine(seq, start, end, first, last, said["rows"], said["closed"], said["root"])
    except (ValueError, KeyError, TypeError):
        raise Fault(1, f"Entry {seq} of the change log does not say what was sealed in its hour.") from None


def _purge(seq: int, entry: Mapping[str, Any]) -> PurgeLine:
    try:
        said = entry["detail"]
        day = None if said["day"] is None else date.fromisoformat(said["day"])
        totals = said["totals_sha256"]
        return PurgeLine(
            seq,
            datetime.fromisoformat(entry["at"]),
            str(said["keep"]),
            day,
            int(said["rows"]),
            int(said["kept_back"]),
            int(said["upto_seal"]),
            said["root"],
            said["held_root"],
            {str(day): totals} if day is not None else dict(totals),
        )
    except (ValueError, KeyError, TypeError):
        raise Fault(1, f"Entry {seq} of the change log does not say what was removed.") from None

"""Is the filtering log whole? Every row is read again, held against the leaf it was sealed with, and named if
it was edited, removed or added.

It goes a day at a time, and memory is for one day. Where the log is long, `RowCheck` lets each day be read in
a transaction of its own, so that nobody who writes has to wait.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Connection, text

from audit_log.as_written import as_written
from audit_log.day_check import DayCheck, Record, seal_holds
from audit_log.day_totals import as_day, day_bounds, days_with_totals
from audit_log.earlier_check import check_earlier
from audit_log.fault import Fault
from audit_log.findings import ADDED, NAMED, Findings, time_of
from audit_log.parts import tables
from audit_log.seal_chain import Chain
from audit_log.sealed_lines import PurgeLine, hour_lines, purge_lines, totals_gone_before
from audit_log.sighting_check import check_sightings, check_sightings_outside
from audit_log.verification import Verification

Progress = Callable[[str, int, int], None]  # the stage in words, how much of it is done, of how much
READING = "Reading the rows"
ONE_DAY = timedelta(days=1)


def verify_rows(
    conn: Connection,
    heads: Mapping[int, bytes] | None = None,
    *,
    days: Collection[date] | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Read the whole filtering log again, or the rows of these days; `first_bad` is the number of a seal.

    `heads`: the leaves of seals as signed checkpoints have them, by number; without, a cut tail is not found.
    What the change log says of hours and of removed rows is believed here: `whole.py` verifies that too.
    """
    check = RowCheck(heads or {}, days)
    check.begin(conn)
    for number, day in enumerate(check.days, start=1):
        check.one_day(conn, day)
        if progress is not None:
            progress(READING, number, len(check.days))
    check.finish(conn)
    return check.verdict


def verify_seals(conn: Connection, heads: Mapping[int, bytes] | None = None) -> Verification:
    """The chain of the seals and what the change log says of each hour; no row is read."""
    check = RowCheck(heads or {}, ())
    check.begin(conn)
    if not check.found.none:
        return check.verdict
    number = check.record.chain.seq
    return Verification(True, number, None, f"{_follow(number)}; its rows were not read.")


def _follow(number: int) -> str:
    if not number:
        return "There is no seal yet"
    if number == 1:
        return "The one seal is the first, and is as was said of each hour"
    return f"All {number:,} seals follow each other, and are as was said of each hour"


@dataclass(slots=True)
class RowCheck:
    """The steps of one verification. Each may be given a connection of its own."""

    heads: Mapping[int, bytes]
    only: Collection[date] | None = None
    days: Sequence[date] = ()
    rows: int = 0
    found: Findings = field(default_factory=Findings)
    record: Record = field(init=False)
    _broken: bool = False  # the chain itself: nothing can be held against it

    def begin(self, conn: Connection) -> None:
        """Follow the chain of the seals, and find out which days there are."""
        self._follow(conn, None)
        if not self._broken:
            self.record.chain.ranges.check(conn, self.found)
        if not self._broken and self.only is None:
            self.days = sorted(self._all_days(conn), reverse=True)
        elif not self._broken:
            self.days = sorted(self.only or ())

    def one_day(self, conn: Connection, day: date) -> None:
        if self._broken:
            return
        self._follow(conn, self.record.chain)
        if not self._broken:
            check = DayCheck(conn, day, self.record, self.found)
            check.run()
            self.rows += check.rows
            check_sightings(conn, day, self.found, self.record.chain.sightings_from)

    def finish(self, conn: Connection) -> None:
        """What is in no day."""
        if self._broken or self.only is not None:
            return
        with as_written(conn):
            check_earlier(conn, self.record, self.found)
            self._nothing_outside(conn)
            check_sightings_outside(conn, _gaps(self.days), self.found)

    @property
    def verdict(self) -> Verification:
        if not self.found.none:
            return Verification(
                False, self.rows, self.found.first_bad, self.found.says, tuple(self.found.named)
            )
        return Verification(True, self.rows, None, self._whole())

    def _follow(self, conn: Connection, chain: Chain | None) -> None:
        """Seals may have come since the last step, and parts may have gone."""
        try:
            with as_written(conn):
                purges = purge_lines(conn)
                ongoing = chain or Chain(self.heads, hour_lines(conn))
                ongoing.follow(conn)
                gone = totals_gone_before(conn)
        except Fault as fault:
            self.found.add(fault.says, fault.seq)
            self._broken = True
            return
        self.record = Record(ongoing, purges, gone, self.only is None)

    def _all_days(self, conn: Connection) -> set[date]:
        days = {day for part in self.record.chain.parts if (day := as_day(part.rpartition("/")[2]))}
        for table in tables(conn):
            days |= {table.first + n * ONE_DAY for n in range((table.end - table.first).days)}
        return days | set(days_with_totals(conn))

    def _nothing_outside(self, conn: Connection) -> None:
        """Rows with a time that is in none of the days that were read, in whatever table they lie."""
        for low, high in _gaps(self.days):
            first = day_bounds(conn, low)["end"] if low else None
            end = day_bounds(conn, high)["first"] if high else None
            conditions = [*(["at >= :first"] if first else []), *(["at < :end"] if end else [])]
            where = " AND ".join(conditions) or "true"
            query = f"SELECT event_id, at, opened_in FROM filtering_log WHERE {where}"  # noqa: S608  # our own names
            found = conn.execute(
                text(f"{query} LIMIT {NAMED}"), {"first": first, "end": end} if conditions else {}
            )
            for row in found.all():
                if not seal_holds(conn, row.opened_in, row.event_id):
                    self.found.row(
                        ADDED, row.event_id, time_of(row.at), None, "it is in none of the log's days"
                    )

    def _whole(self) -> str:
        which = "" if self.only is None else f" of {_and([f'{day:%-d %B %Y}' for day in self.days])}"
        said = f"All {self.rows:,} rows{which} are as they were sealed."
        if gone := _removed(self.record.purges if self.only is None else ()):
            said += f" {gone}"
        return said


def _gaps(days: Collection[date]) -> Iterator[tuple[date | None, date | None]]:
    """Before the first, between those that do not follow each other, and after the last."""
    before: date | None = None
    for day in sorted(days):
        if before is None or day - before > ONE_DAY:
            yield before, day
        before = day
    yield before, None


def _removed(lines: Sequence[PurgeLine]) -> str:
    if not lines:
        return ""
    rows = sum(line.rows for line in lines)
    return (
        f"{rows:,} more were removed when their time was over; the change log says so, and agrees with"
        " their seals."
    )


def _and(words: Sequence[str]) -> str:
    *some, last = words or [""]
    return f"{', '.join(some)} and {last}" if some else last

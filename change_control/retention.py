"""What goes when its time is over (S104): rows by day and by whom they are kept for, incidents, totals.

How long is in the policy in force. Each part that goes leaves a sealed line, in the transaction that removes
it. Rows under a legal hold stay, and those of incidents for as long as incidents do. Days are UTC days: what
was recorded on one and is kept for 90 goes once 90 whole days have passed after it.

Nothing is removed while the log cannot be signed, nor after the clock has leapt (`steady_for`), nor while
policy, corrections or holds are not what the signed lines say was agreed on: what is gone is gone, and
somebody must look first.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from audit_log.agreed_purges import EVERYONE as EVERYONE
from audit_log.agreed_purges import days_kept as days_kept
from audit_log.case_purging import cases_over, erase_cases
from audit_log.db import reading, writing
from audit_log.fault import Fault
from audit_log.first_seals import EARLIER
from audit_log.incident_holds import holding
from audit_log.parts import table_for, tables
from audit_log.purging import Part, drop_empty, hold_still, remove, remove_sightings, remove_totals, weigh
from audit_log.rows import day_of
from audit_log.seal_chain import parsed
from audit_log.sealed_lines import (
    HOUR,
    PURGE,
    PURGE_CASES,
    PURGE_INCIDENTS,
    PURGE_TOTALS,
    lines_of,
    purge_lines,
)
from audit_log.signed_record import SignedRecord
from change_control.desk import SYSTEM, Desk
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.sealing import Change, change
from filter_policy.model import Policy

LEAP = timedelta(days=2)  # a silence that is longer looks like a clock that was put forward
STEADY = timedelta(days=2)  # for so long must the clock have gone on since
ONE_DAY = timedelta(days=1)
GIVE_UP_AFTER = 3  # parts that somebody kept us from
WHOLE = "filtering-log"
BUSY = "somebody kept the tables busy; it is tried again in some minutes"
LATE_AFTER = 2  # days
# One look at an index for each part, however many seals it has.
PARTS = text(
    "WITH RECURSIVE p(part) AS (SELECT min(part) FROM filtering_seal UNION ALL SELECT (SELECT min(part)"
    " FROM filtering_seal WHERE part > p.part) FROM p WHERE p.part IS NOT NULL)"
    " SELECT part FROM p WHERE part IS NOT NULL"
)
LATE = text("SELECT seq, entry FROM filtering_seal WHERE part = :part AND seq > :upto ORDER BY seq LIMIT 1")
LAST_EARLIER = text("SELECT seq, entry FROM filtering_seal WHERE part IS NULL ORDER BY seq DESC LIMIT 1")
FIRST_EARLIER = text("SELECT seq, entry FROM filtering_seal WHERE part IS NULL ORDER BY seq LIMIT 1")

Work = Callable[[Desk, SignedRecord, datetime], int]  # how many rows went

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Purged:
    """`waits`: why nothing was, or not everything."""

    rows: int = 0
    parts: int = 0
    waits: str | None = None
    busy: bool = False  # it may succeed in some minutes


class _NothingToDo(Exception):
    pass


def purge(desk: Desk, now: datetime, *, stop: Callable[[], bool] = lambda: False) -> Purged:
    """Remove all that is due, part by part. Raises ChangeError while nothing can be signed or believed."""
    record = SignedRecord(desk.key.public_key())
    with reading(desk.engine) as conn:
        if (waits := why_not_now(conn, now)) is not None:
            log.warning("retention.waits", why=waits)
            return Purged(waits=waits)
        _believe(conn, record)  # the long look, while nobody waits
        policy = parsed_policy(conn)
        due = due_parts(conn, policy, now)
    rows = done = kept_from = 0
    each: list[Work] = [partial(_purge_part, part=part) for part in due]
    for work in (_purge_incidents, _purge_cases, *each, _purge_totals):
        if stop() or kept_from >= GIVE_UP_AFTER:
            return Purged(rows, done, BUSY, busy=True)
        try:
            removed = work(desk, record, now)
        except OperationalError as error:  # somebody reads, and for longer than we wait
            kept_from += 1
            log.warning("retention.is_busy", error=type(error).__name__)
            continue
        rows, done = rows + removed, done + bool(removed)
    _drop_empty(desk, policy, now)
    return Purged(rows, done, BUSY if kept_from else None, busy=kept_from > 0)


@contextmanager
def _removing(desk: Desk, record: SignedRecord, now: datetime) -> Iterator[Change]:
    """A change that removes something, by what is agreed on. Undone where there is nothing to do."""
    with suppress(_NothingToDo), change(desk, now) as made:
        hold_still(made.conn)
        _believe(made.conn, record)
        yield made


def _believe(conn: Connection, record: SignedRecord) -> None:
    try:
        record.check(conn)
        holding(conn)
    except Fault as fault:
        log.error("retention.refused", why=fault.says)
        says = f"nothing is removed, since what is agreed on cannot be believed: {fault.says}"
        raise ChangeError("refused", says) from fault


def due_parts(conn: Connection, policy: Policy, now: datetime) -> list[Part]:
    """Those of which some rows may go, oldest first."""
    lines = {line.part: line for line in purge_lines(conn)}
    there = {each.name for each in tables(conn)}
    due = []
    for name in conn.scalars(PARTS).all():
        part = part_of(name)
        if (
            part.keep == EARLIER
            or not is_due(policy, part, now)
            or table_for(conn, day_of(name)) not in there
        ):
            continue
        line = lines.get(name)
        if (
            line is None
            or line.kept_back
            or conn.execute(LATE, {"part": name, "upto": line.upto_seal}).first()
        ):
            due.append(part)
    earlier = lines.get(EARLIER)
    if _earlier_is_due(conn, policy, now) and (earlier is None or earlier.kept_back):
        due.append(Part(EARLIER, None))
    return sorted(due, key=lambda part: (part.day or date.min, part.keep))


def overdue_days(conn: Connection, policy: Policy, now: datetime) -> int:
    """For how many days the part that waits longest has been due; 0 or 1 is usual.

    Not of what stayed when its part went: a hold may keep that for years.
    """
    lines = {line.part: line for line in purge_lines(conn)}
    longest = 0
    for part in due_parts(conn, policy, now):
        if part.day is None:
            continue
        since = part.day + (days_kept(policy, part.keep) + 1) * ONE_DAY
        if (line := lines.get(part.name)) is not None:
            late = conn.execute(LATE, {"part": part.name, "upto": line.upto_seal}).one_or_none()
            if late is None:
                continue
            since = max(since, _today(datetime.fromisoformat(parsed(late.entry, late.seq).at)))
        longest = max(longest, (_today(now) - since).days)
    return longest


def what_waits(conn: Connection, policy: Policy, now: datetime) -> str | None:
    """Why nothing goes just now, or that something should have gone and did not."""
    if (waits := why_not_now(conn, now)) is not None:
        return waits
    days = overdue_days(conn, policy, now)
    return overdue_says(days) if days > LATE_AFTER else None


def overdue_says(days: int) -> str:
    return (
        f"rows that are over have waited for {days} days to be removed: somebody keeps the tables busy, or"
        " what is agreed on cannot be believed; see retention.refused in the api's log, and schoolgate log"
        " verify"
    )


def oldest_days(conn: Connection) -> dict[str, date]:
    """For each row of the policy's table the oldest day of which there are rows, held ones among them."""
    gone = {line.part for line in purge_lines(conn) if not line.kept_back}
    there = {each.name for each in tables(conn)}
    oldest: dict[str, date] = {}
    for name in conn.scalars(PARTS).all():
        part = part_of(name)
        if name not in gone and part.keep != EARLIER and table_for(conn, day_of(name)) in there:
            oldest[part.keep] = min(oldest.get(part.keep, day_of(name)), day_of(name))
    if EARLIER not in gone and (first := conn.execute(FIRST_EARLIER).one_or_none()) is not None:
        oldest[EARLIER] = _today(datetime.fromisoformat(parsed(first.entry, first.seq).at))
    return oldest


def part_of(name: str) -> Part:
    return Part(name.rpartition("/")[0], day_of(name))


def is_due(policy: Policy, part: Part, now: datetime) -> bool:
    return part.day is not None and part.day + days_kept(policy, part.keep) * ONE_DAY < _today(now)


def _earlier_is_due(conn: Connection, policy: Policy, now: datetime) -> bool:
    """When the last row of that time is old enough for anybody."""
    last = conn.execute(LAST_EARLIER).one_or_none()
    if last is None:
        return False
    at = datetime.fromisoformat(parsed(last.entry, last.seq).at)
    return _today(at) + days_kept(policy, EARLIER) * ONE_DAY < _today(now)


def why_not_now(conn: Connection, now: datetime) -> str | None:
    """A clock that has been put forward would remove what is not old yet, and it does not come back.

    So after each leap the hours must have been stated one by one for two days, in which somebody may notice.
    """
    went_on = steady_for(conn, now)
    if went_on >= STEADY:
        return None
    hours = int((STEADY - went_on) / timedelta(hours=1))
    return (
        "after the first start, or a leap of the clock, nothing is removed for two days in which each hour is"
        f" stated; {hours} hours of these are left"
    )


def steady_for(conn: Connection, now: datetime) -> timedelta:
    """For how long lines of hours have been written without a leap between them."""
    went_on, later = timedelta(0), now
    for at in reversed([datetime.fromisoformat(entry["at"]) for _, entry in lines_of(conn, HOUR)]):
        gap = later - at
        if gap > LEAP or went_on >= STEADY:
            break
        went_on += max(gap, timedelta(0))
        later = at
    return went_on


def _purge_part(desk: Desk, record: SignedRecord, now: datetime, *, part: Part) -> int:
    """Holds are asked for under the lock that placing one takes: one that was placed just before counts."""
    rows = 0
    with _removing(desk, record, now) as made:
        conn, policy = made.conn, parsed_policy(made.conn)
        still_due = is_due(policy, part, now) or (part.day is None and _earlier_is_due(conn, policy, now))
        since = _today(now) - policy.retention.incidents * ONE_DAY
        weighed = weigh(conn, part, _first_format(conn), since) if still_due else None
        if weighed is None:
            raise _NothingToDo
        made.seal(PURGE, SYSTEM, part.name, weighed.detail(part, days_kept(policy, part.keep)))
        remove(conn, part, weighed)
        rows = weighed.rows
    if rows:
        log.info("retention.purged", part=part.name, rows=rows)
    return rows


def _first_format(conn: Connection) -> int:
    last = conn.execute(LAST_EARLIER).one_or_none()
    return last.seq if last else 0


def _purge_incidents(desk: Desk, record: SignedRecord, now: datetime) -> int:
    with _removing(desk, record, now) as made:
        before = _today(now) - parsed_policy(made.conn).retention.incidents * ONE_DAY
        if not (gone := remove_sightings(made.conn, before)):
            raise _NothingToDo
        made.seal(PURGE_INCIDENTS, SYSTEM, WHOLE, {"before": str(before), "incidents": gone})
    return 0


def _purge_cases(desk: Desk, record: SignedRecord, now: datetime) -> int:
    """What was said in cases that were closed so long ago; that they were, and when, stays."""
    with _removing(desk, record, now) as made:
        before = _today(now) - parsed_policy(made.conn).retention.incidents * ONE_DAY
        if not (gone := cases_over(made.conn, before)):
            raise _NothingToDo
        made.seal(PURGE_CASES, SYSTEM, "incidents", {"before": str(before), "cases": gone})
        erase_cases(made.conn, gone)
    return 0


def _purge_totals(desk: Desk, record: SignedRecord, now: datetime) -> int:
    with _removing(desk, record, now) as made:
        before = _today(now) - parsed_policy(made.conn).retention.totals * ONE_DAY
        hours, days = remove_totals(made.conn, before)
        if not hours + days:
            raise _NothingToDo
        made.seal(PURGE_TOTALS, SYSTEM, WHOLE, {"before": str(before), "hours": hours, "days": days})
    return 0


def _drop_empty(desk: Desk, policy: Policy, now: datetime) -> None:
    """Tables that were made ahead for days without a request."""
    longest = max(days_kept(policy, EARLIER), policy.retention.incidents)
    with suppress(OperationalError), writing(desk.engine) as conn:
        drop_empty(conn, _today(now) - longest * ONE_DAY)


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()

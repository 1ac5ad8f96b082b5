"""What goes when its time is over (S104): rows by day and by whom they are kept for, incidents, totals.

How long is in the policy in force. Each part that goes leaves a sealed line, in the transaction that removes
it. Rows under a legal hold stay, and those of incidents for as long as incidents do. Days are UTC days: what
was recorded on one and is kept for 90 goes once 90 whole days have passed after it.

Nothing is removed while the log cannot be signed, nor after the clock has leapt (`steady_for`): what is gone
is gone, and somebody must look at both first.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from audit_log.db import reading, writing
from audit_log.first_seals import EARLIER
from audit_log.parts import table_for, tables
from audit_log.purging import Part, drop_empty, remove, remove_incidents, remove_totals, weigh
from audit_log.rows import day_of
from audit_log.seal_chain import parsed
from audit_log.sealed_lines import HOUR, PURGE, PURGE_INCIDENTS, PURGE_TOTALS, lines_of, purge_lines
from change_control.desk import SYSTEM, Desk
from change_control.in_force import parsed_policy
from change_control.sealing import change
from filter_policy.model import Policy, Record

LEAP = timedelta(days=2)  # a silence that is longer looks like a clock that was put forward
STEADY = timedelta(days=2)  # for so long must the clock have gone on since
ONE_DAY = timedelta(days=1)
EVERYONE = "everyone"
GIVE_UP_AFTER = 3  # parts that somebody kept us from
WHOLE = "filtering-log"
# One look at an index for each part, however many seals it has.
PARTS = text(
    "WITH RECURSIVE p(part) AS (SELECT min(part) FROM filtering_seal UNION ALL SELECT (SELECT min(part)"
    " FROM filtering_seal WHERE part > p.part) FROM p WHERE p.part IS NOT NULL)"
    " SELECT part FROM p WHERE part IS NOT NULL"
)
LATE = text("SELECT 1 FROM filtering_seal WHERE part = :part AND seq > :upto LIMIT 1")
LAST_EARLIER = text("SELECT seq, entry FROM filtering_seal WHERE part IS NULL ORDER BY seq DESC LIMIT 1")
FIRST_EARLIER = text("SELECT seq, entry FROM filtering_seal WHERE part IS NULL ORDER BY seq LIMIT 1")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Purged:
    """`waits`: why nothing was, or not everything."""

    rows: int = 0
    parts: int = 0
    waits: str | None = None


class _NothingToDo(Exception):
    pass


def purge(desk: Desk, now: datetime, *, stop: Callable[[], bool] = lambda: False) -> Purged:
    """Remove all that is due, part by part. Raises ChangeError while nothing can be signed."""
    with reading(desk.engine) as conn:
        if (waits := why_not_now(conn, now)) is not None:
            log.warning("retention.waits", why=waits)
            return Purged(waits=waits)
        policy = parsed_policy(conn)
        due = due_parts(conn, policy, now)
    _purge_incidents(desk, now)
    rows = done = kept_from = 0
    for part in due:
        if stop() or kept_from >= GIVE_UP_AFTER:
            return Purged(rows, done, "somebody kept the tables busy; it goes on another night")
        try:
            removed = _purge_part(desk, part, now)
        except OperationalError as error:  # somebody reads, and for longer than we wait
            kept_from += 1
            log.warning("retention.part_is_busy", part=part.name, error=type(error).__name__)
            continue
        rows, done = rows + removed, done + bool(removed)
    _purge_totals(desk, now)
    _drop_empty(desk, policy, now)
    return Purged(
        rows, done, "somebody kept the tables busy; it goes on another night" if kept_from else None
    )


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


def days_kept(policy: Policy, keep: str) -> int:
    """By the policy in force now; a row of its table that is gone counts as everybody's."""
    if keep == EARLIER:
        return max(days_kept(policy, EVERYONE), *(record.days for record in policy.record.values()), 0)
    return (policy.record.get(keep) or policy.record.get(EVERYONE) or Record()).days


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


def _purge_part(desk: Desk, part: Part, now: datetime) -> int:
    """Holds are asked for under the lock that placing one takes: one that was placed just before counts."""
    try:
        with change(desk, now) as made:
            conn, policy = made.conn, parsed_policy(made.conn)
            first = _first_format(conn)
            still_due = is_due(policy, part, now) or (part.day is None and _earlier_is_due(conn, policy, now))
            weighed = weigh(conn, part, first) if still_due else None
            if weighed is None:
                raise _NothingToDo
            made.seal(PURGE, SYSTEM, part.name, weighed.detail(part, days_kept(policy, part.keep)))
            remove(conn, part, weighed)
    except _NothingToDo:
        return 0
    log.info("retention.purged", part=part.name, rows=weighed.rows, kept_back=weighed.kept_back)
    return weighed.rows


def _first_format(conn: Connection) -> int:
    last = conn.execute(LAST_EARLIER).one_or_none()
    return last.seq if last else 0


def _purge_incidents(desk: Desk, now: datetime) -> None:
    with suppress(_NothingToDo), change(desk, now) as made:
        before = _today(now) - parsed_policy(made.conn).retention.incidents * ONE_DAY
        if not (gone := remove_incidents(made.conn, before)):
            raise _NothingToDo
        made.seal(PURGE_INCIDENTS, SYSTEM, WHOLE, {"before": str(before), "incidents": gone})


def _purge_totals(desk: Desk, now: datetime) -> None:
    with suppress(_NothingToDo), change(desk, now) as made:
        before = _today(now) - parsed_policy(made.conn).retention.totals * ONE_DAY
        hours, days = remove_totals(made.conn, before)
        if not hours + days:
            raise _NothingToDo
        made.seal(PURGE_TOTALS, SYSTEM, WHOLE, {"before": str(before), "hours": hours, "days": days})


def _drop_empty(desk: Desk, policy: Policy, now: datetime) -> None:
    """Tables that were made ahead for days without a request."""
    longest = max(days_kept(policy, EARLIER), policy.retention.incidents)
    with suppress(OperationalError), writing(desk.engine) as conn:
        drop_empty(conn, _today(now) - longest * ONE_DAY)


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()

"""Of the doctor: is there room for the records, and do they all arrive?"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from schoolgate.finding import Finding
from schoolgate.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

MOST_BEHIND = 100_000_000  # bytes: some hours of a large school
LEAST_DAYS = 3.0  # without a database, over a weekend, the journal must have room
DAY = timedelta(days=1)


def damage(settings: Settings) -> Iterator[Finding]:
    """The recorder steps over no damaged place by itself."""
    from audit_log.heartbeat import read_heartbeat

    told = read_heartbeat(settings.state)
    for each in told.stopped if told else ():
        place = f"{each.segment} is damaged from byte {each.offset} to {each.resume}"
        yield Finding("journal damage", False, f"{place}; the recorder waits there: schoolgate log damage")
    if told and not told.stopped:
        yield Finding("journal damage", True, "the recorder waits at no damaged place")


def backlog(settings: Settings) -> Iterator[Finding]:
    from audit_log.heartbeat import read_heartbeat

    told = read_heartbeat(settings.state)
    if told is None:
        yield Finding("journal", True, "no recorder has run here yet")
        return
    says = (
        f"{_size(told.behind_bytes)} wait to be stored, as the recorder said at {told.at:%d %B %H:%M:%S} UTC"
    )
    yield Finding("journal", told.behind_bytes <= MOST_BEHIND, says)


def room(settings: Settings) -> Iterator[Finding]:
    """For how many days gates can write while nothing is stored: a full disk shuts them."""
    from audit_log.heartbeat import JOURNAL

    folder = settings.state / JOURNAL
    grown = written_since(folder, datetime.now(UTC) - DAY) if folder.is_dir() else 0
    if not grown:
        return  # a day without a request says nothing
    days = shutil.disk_usage(folder).free / grown
    says = f"{_size(grown)} in the last day; there is room for {_days(days)} of it"
    yield Finding("journal disk", days >= LEAST_DAYS, says)


def written_since(folder: Path, since: datetime) -> int:
    """Bytes of the segments that were written to since then."""
    from audit_log.segments import segments

    found = 0
    for segment in segments(folder):
        try:
            stat = segment.path.stat()
        except FileNotFoundError:  # stored whole, and deleted meanwhile
            continue
        if stat.st_mtime >= since.timestamp():
            found += stat.st_size
    return found


def stored(settings: Settings) -> Iterator[Finding]:
    """What the database holds: how much, whether it is too much for SQLite, and what it could not take."""
    from audit_log.db import open_engine, reading
    from audit_log.set_aside import set_aside
    from audit_log.sizes import SQLITE_BYTES, SQLITE_ROWS, size_of

    if settings.database.startswith("sqlite") and not Path(settings.database.partition("///")[2]).exists():
        return  # which another check says
    engine = open_engine(settings.database)
    try:
        size = size_of(engine)
        with reading(engine) as conn:
            aside = [each for each in set_aside(conn) if not each.waits]
        retention = list(overdue(engine))
    finally:
        engine.dispose()
    says = f"about {size.rows:,} rows of the filtering log, {_size(size.bytes)}"
    if size.outgrown:
        most = f"{SQLITE_ROWS // 1_000_000} million rows or {_size(SQLITE_BYTES)}"
        says += f": too large for SQLite, which is for up to {most}; move to PostgreSQL"
    yield Finding("size", not size.outgrown, says)
    for each in aside:
        says = f"{each.records:,} could not become rows ({each.why}); they are kept: schoolgate log damage"
        yield Finding("records set aside", False, says)
    yield from retention


def overdue(engine: "Engine") -> Iterator[Finding]:
    """Rows that should be gone and are not. Nothing before the founding."""
    from audit_log.db import reading
    from audit_log.fault import Fault
    from change_control.errors import ChangeError
    from change_control.in_force import parsed_policy
    from change_control.retention import LATE_AFTER, overdue_days, overdue_says
    from filter_policy.parse import PolicyError

    try:
        with reading(engine) as conn:
            days = overdue_days(conn, parsed_policy(conn), datetime.now(UTC))
    except (ChangeError, PolicyError, Fault):
        return  # other checks say so
    says = overdue_says(days) if days > LATE_AFTER else "what is over is removed"
    yield Finding("retention", days <= LATE_AFTER, says)


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _days(days: float) -> str:
    return "more than a year" if days > 365 else f"{days:.1f} days"

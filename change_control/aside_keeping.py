"""What could not become a row goes as rows do (S104): records set aside, and copies of damaged bytes.

Nothing tells by which row of the policy's table such a record would have been kept, so the longest of them
counts. How old one is, it says itself; else its event id does, else the segment it stood in; a copy is as old
as its file. A time that is still to come is not believed, and what tells no other time stays. The damaged
segment goes once its copies have gone: that is for the recorder.

A legal hold keeps what tells of the person, what tells of nobody, and every copy: nobody knows what is in it.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path

import structlog
from sqlalchemy import Connection, delete

from audit_log.corrections import Correction, corrections
from audit_log.db import reading
from audit_log.fault import Fault
from audit_log.first_seals import EARLIER
from audit_log.heartbeat import JOURNAL, read_heartbeat
from audit_log.holds import Hold, holds
from audit_log.purging import hold_still
from audit_log.quarantine import copies
from audit_log.sealed_lines import PURGE_ASIDE
from audit_log.set_aside import AsideRecord, records_aside
from audit_log.signed_record import SignedRecord
from audit_log.tables import journal_aside
from change_control.desk import SYSTEM, Desk
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.retention import days_kept, why_not_now
from change_control.sealing import change

WHAT = "journal"
SOME = 400
ONE_DAY = timedelta(days=1)

Due = tuple[list[str], list[Path]]  # keys of records, and copies of damaged bytes

log = structlog.get_logger()


class _NothingToDo(Exception):
    pass


def purge_aside(desk: Desk, now: datetime) -> tuple[int, int]:
    """How many records and copies went. Raises ChangeError while nothing can be signed or believed."""
    record = SignedRecord(desk.key.public_key())
    with reading(desk.engine) as conn:
        if why_not_now(conn, now) is not None or not any(_due(conn, desk.state, now)):
            return 0, 0
        _believe(conn, record)  # the long look, while nobody waits
    keys, files = _remove(desk, record, now)
    _unlink(files)
    log.info("retention.purged_aside", records=len(keys), files=len(files))
    return len(keys), len(files)


def _believe(conn: Connection, record: SignedRecord) -> None:
    try:
        record.check(conn)
    except Fault as fault:
        says = f"nothing is removed, since what is agreed on cannot be believed: {fault.says}"
        raise ChangeError("refused", says) from fault


def _remove(desk: Desk, record: SignedRecord, now: datetime) -> Due:
    """The records, with their line, which names the number of files as well; these go after it."""
    keys: list[str] = []
    files: list[Path] = []
    with suppress(_NothingToDo), change(desk, now) as made:
        hold_still(made.conn)
        _believe(made.conn, record)
        keys, files = _due(made.conn, desk.state, now)  # under the lock that placing a hold takes
        if not (keys or files):
            raise _NothingToDo
        for some in batched(keys, SOME):
            made.conn.execute(delete(journal_aside).where(journal_aside.c.key.in_(some)))
        made.seal(PURGE_ASIDE, SYSTEM, WHAT, {"records": len(keys), "files": len(files)})
    return keys, files


def _due(conn: Connection, state: Path, now: datetime) -> Due:
    days = days_kept(parsed_policy(conn), EARLIER)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    before = midnight - days * ONE_DAY
    held = holds(conn)
    return _records_due(conn, before, now, held), _copies_due(state, before, held)


def _records_due(conn: Connection, before: datetime, now: datetime, held: Sequence[Hold]) -> list[str]:
    known, due, after = corrections(conn), [], ""
    while some := records_aside(conn, SOME, after):
        after = some[-1].key
        due += [each.key for each in some if _is_over(each, before, now) and not _is_held(each, held, known)]
    return due


def _is_over(each: AsideRecord, before: datetime, now: datetime) -> bool:
    """By the first time that can be."""
    at = next((at for at in each.times if at <= now), None)
    return at is not None and at < before


def _is_held(each: AsideRecord, held: Sequence[Hold], known: Sequence[Correction]) -> bool:
    return any(
        _concerns(hold, each.people, known) and any(hold.from_at <= at < hold.to_at for at in each.times)
        for hold in held
    )


def _concerns(hold: Hold, people: Collection[str], known: Sequence[Correction]) -> bool:
    """Also what any correction gave to them, and what may be anybody's."""
    if hold.person_id is None or not people:
        return True
    theirs = {hold.person_id} | {each.person_id for each in known if each.right_person_id == hold.person_id}
    return not theirs.isdisjoint(people)


def _copies_due(state: Path, before: datetime, held: Sequence[Hold]) -> list[Path]:
    """Of places where the recorder waits no more."""
    told = read_heartbeat(state)
    if told is None:
        return []
    due = []
    for place, path in copies(state / JOURNAL).items():
        put_aside = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        is_held = any(hold.from_at <= put_aside for hold in held)
        if put_aside < before and place not in told.stopped and not is_held:
            due.append(path)
    return sorted(due)


def _unlink(files: Sequence[Path]) -> None:
    """One that cannot be removed is due again the next night."""
    for path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as fault:
            log.error("quarantine.not_removed", file=path.name, fault=fault.strerror)

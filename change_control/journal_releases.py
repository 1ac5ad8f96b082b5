"""A damaged place of the journal: somebody looks at it, and lets the recorder go on after it.

The recorder steps over nothing by itself. Who lets it go on says which bytes are left out; the line holds
their number and the hash of their copy, so that a later look at them is a look at the same bytes. The segment
stays, and so does the copy.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from audit_log.heartbeat import JOURNAL, Stopped, read_heartbeat
from audit_log.quarantine import QUARANTINE
from audit_log.tables import journal_release
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.roles import entitle
from change_control.sealing import change
from change_control.texts import needed

RELEASE = "journal:release"


@dataclass(frozen=True, slots=True)
class Release:
    place: Stopped
    released_by: str
    released_at: datetime


def release(desk: Desk, actor: Actor, place: Stopped, reason: str, now: datetime) -> Release:
    """The recorder goes on at `place.resume` within seconds. Raises ChangeError."""
    why = needed(reason)
    require_reported(place, waiting(desk.state))
    digest = hash_of_copy(desk.state, place)
    with change(desk, now) as made:
        entitle(made.conn, actor, RELEASE, now)
        _forget_other_end(made.conn, place)
        new = Release(place, actor.person_id, now)
        made.conn.execute(
            insert(journal_release).values(
                segment=place.segment,
                offset=place.offset,
                resume=place.resume,
                released_by=new.released_by,
                released_at=new.released_at,
            )
        )
        detail = {
            "segment": place.segment,
            "offset": place.offset,
            "resume": place.resume,
            "bytes": place.bytes,
            "sha256": digest,
        }
        made.seal(RELEASE, actor, place.segment, detail, {"reason": why})
        return new


def waiting(state: Path) -> tuple[Stopped, ...]:
    """Where the recorder says that it waits."""
    told = read_heartbeat(state)
    return told.stopped if told else ()


def releases(conn: Connection, limit: int = 100) -> list[Release]:
    """Newest first."""
    newest = select(journal_release).order_by(journal_release.c.released_at.desc()).limit(limit)
    return [
        Release(Stopped(row.segment, row.offset, row.resume), row.released_by, row.released_at)
        for row in conn.execute(newest)
    ]


def require_reported(place: Stopped, reported: tuple[Stopped, ...]) -> None:
    """Nobody lets sound records be skipped. Raises ChangeError naming what does not fit."""
    if place in reported:
        return
    if not reported:
        raise bad_input({"segment": "the recorder waits at no damaged place"})
    there = [each for each in reported if each.segment == place.segment]
    if not there:
        names = ", ".join(sorted({each.segment for each in reported}))
        raise bad_input({"segment": f"the recorder does not wait in this file, but in {names}"})
    places = ", ".join(f"offset {each.offset}, resume {each.resume}" for each in there)
    raise bad_input({"offset": f"the recorder waits in this file at {places}"})


def hash_of_copy(state: Path, place: Stopped) -> str:
    """Of the damaged bytes, as the recorder put them aside. Raises ChangeError where it has not."""
    copy = state / JOURNAL / QUARANTINE / f"{place.segment}.{place.offset}-{place.resume}"
    try:
        with copy.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if file.tell() == place.bytes:
                return digest
    except OSError:
        pass
    raise ChangeError("not-found", f"the copy of the damaged bytes is not there whole: {copy.name}")


def _forget_other_end(conn: Connection, place: Stopped) -> None:
    """Damage that has grown since it was released is released anew; the line of the first release stays."""
    table = journal_release.c
    here = (table.segment == place.segment) & (table.offset == place.offset)
    if conn.scalar(select(table.resume).where(here)) == place.resume:
        raise ChangeError("wrong-state", "somebody has let the recorder go on there already")
    conn.execute(delete(journal_release).where(here))

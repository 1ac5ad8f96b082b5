"""The change log as a reader may see it: adults by name, pupils never, each line told as a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from audit_api.answers import ChangeOut, SomebodyOut
from audit_api.behind import Behind
from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.sentences import people_in, sentence
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.change_log import UNREADABLE, Entry, entries, verify
from audit_log.db import reading
from audit_log.people import person_by_username
from audit_log.sealed_lines import HOUR
from audit_log.tables import filtering_seal
from audit_log.verification import Verification
from audit_log.whole import verify_changes
from change_control.looks import SEARCHED_FOR
from filter_policy.model import Role

NOBODY = "nobody"  # not an id


def page_of(
    visit: Visit,
    *,
    event: str | None = None,
    actor: str | None = None,
    object_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
    seals: bool = False,
) -> tuple[list[ChangeOut], int | None]:
    """Newest first; with `after`, oldest first from there on. The number is where the next page starts.

    `seals`: with the line of each hour that tells of the filtering log's seals; else only where asked for.
    Raises Problem not-whole when somebody has made a line unreadable.
    """
    with reading(visit.desk.engine) as conn, _readable():
        found = entries(
            conn,
            event=event or None,
            actor=_actor_id(conn, actor) if actor else None,
            object_id=object_id or None,
            since=since,
            until=until,
            before=before,
            after=after,
            limit=limit + 1,
            without=() if seals or event == HOUR else (HOUR,),
        )
        behind = Behind.of(conn, found[:limit])
        told = (*found, *behind.all)
        is_head = visit.reader.role is Role.HEADTEACHER
        people = (who for each in told for who in people_in(each))
        names = Names.of(conn, people, pupils=False, suspended_staff=is_head)
        shown = [_view(each, names, visit, behind) for each in found[:limit]]
    return shown, shown[-1].seq if len(found) > limit else None


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Problem("not-whole") from error


def is_it_whole(visit: Visit, *, with_seals: bool = True) -> Verification:
    """The change log is read and computed again, in one view of the database.

    `with_seals`: and the chain of the filtering log's seals. Its rows are millions, and for `row_checks`.
    A log that was cut back is whole by itself: it is held against what this server has seen, too.
    """
    with reading(visit.desk.engine) as conn:
        found = (verify_changes if with_seals else verify)(conn, visit.desk.key.public_key())
        below = visit.desk.log_lines.vouched.below(conn) if found.whole else ""
    if not below:
        return found
    return replace(found, whole=False, first_bad=found.entries + 1, says=f"{below[0].upper()}{below[1:]}.")


def has_more_seals(conn: Connection, many: int) -> bool:
    """Whether there are too many to be followed again on every view."""
    query = select(filtering_seal.c.seq).where(filtering_seal.c.seq > many).limit(1)
    return conn.execute(query).first() is not None


def _actor_id(conn: Connection, named: str) -> str:
    """By username or id. A pupil is nobody here, or asking would tell which lines are theirs."""
    found = person_by_username(conn, named.strip())
    if found is None:
        return named.strip()
    return NOBODY if found.role is Role.PUPIL else found.id


def _view(entry: Entry, names: Names, visit: Visit, behind: Behind) -> ChangeOut:
    """A line that somebody has made unreadable has no time, and nobody in it."""
    readable = entry.event != UNREADABLE
    return ChangeOut(
        seq=entry.seq,
        at=iso(entry.at) if readable else None,
        event=entry.event,
        actor=names.somebody(entry.actor) if readable else SomebodyOut(id=None, name=NOBODY),
        role=entry.role,
        object=entry.object_id,
        says=sentence(entry, names, visit.zone, behind),
        texts=_texts(entry, visit),
        detail=dict(entry.detail),
        sealed=entry.sealed,
        prev=entry.prev,
        leaf=entry.leaf,
    )


def _texts(entry: Entry, visit: Visit) -> dict[str, str | None]:
    hidden = hidden_texts(visit)
    return {field: text for field, text in entry.texts.items() if field not in hidden}


def hidden_texts(visit: Visit) -> frozenset[str]:
    """What somebody looked for in search terms may name a child: governors see none (invariant 9)."""
    return frozenset({SEARCHED_FOR}) if visit.reader.role is Role.GOVERNOR else frozenset()

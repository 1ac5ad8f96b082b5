"""Who saw the change log, and who reviewed it, up to which entry (S11, S12): a line each, and a row.

"Seen" says that somebody holds the checkpoint of that size; "reviewed" that they read what happened, with a
note. Nobody goes back to an earlier entry. A governor's review is due every so many days, counted from the
first entry that no governor has read: who reviews the first entry alone puts nothing off.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, func, insert, select

from audit_log.change_log import NO_TIME, entries, entries_at
from audit_log.checkpoint import Checkpoint, NoteError, read_note
from audit_log.tables import change_log, checkpoint, log_review
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.roles import entitle
from change_control.sealing import Change, change
from change_control.texts import needed
from filter_policy.model import Policy, Role

SEEN, REVIEWED = "seen", "reviewed"
INCIDENTS = "incidents"  # the incident log and the change log together: incident_reviews.py
EVENTS = {SEEN: "change-log:seen", REVIEWED: "change-log:review", INCIDENTS: "incident-log:review"}
CONTRADICTED = (
    "is not the root of that checkpoint here. If it was copied rightly, the change log was written anew"
    " since: tell the headteacher, and run schoolgate changes verify with the checkpoint that you hold"
)
LOOKED_AT = 100  # rows, newest first, among which the last review of a governor is found

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LogReview:
    seq: int  # of its line
    kind: str  # seen | reviewed
    person_id: str
    at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Due:
    """`last`: a governor's last review, if there was one. `at`: when the next one is due."""

    last: LogReview | None
    at: datetime
    since: int  # entries that no governor has read

    def is_overdue(self, now: datetime) -> bool:
        return self.at <= now


def sign_seen(desk: Desk, actor: Actor, size: int, root: str, now: datetime) -> LogReview:
    """`root`: as it stands in the note that they hold, or empty. Raises ChangeError."""
    return sign_kind(desk, actor, SEEN, size, now, root=root)


def sign_review(desk: Desk, actor: Actor, size: int, note: str, now: datetime) -> LogReview:
    """`note`: what they found. Raises ChangeError."""
    return sign_kind(desk, actor, REVIEWED, size, now, texts={"note": needed(note, "note")})


def sign_kind(  # noqa: PLR0917  # the order of every verb here: desk, who, what, now
    desk: Desk,
    actor: Actor,
    kind: str,
    size: int,
    now: datetime,
    root: str = "",
    texts: dict[str, str] | None = None,
) -> LogReview:
    with change(desk, now) as made:
        entitle(made.conn, actor, EVENTS[kind], now)
        note, signed = _checkpoint_of(desk, made.conn, size)
        _require_forward(made.conn, actor, kind, size)
        if root and root.strip() != base64.b64encode(signed.root).decode():
            log.error("change_log.root_contradicted", size=size)
            raise bad_input({"root": CONTRADICTED})
        return _keep(made, actor, kind, signed, hashlib.sha256(note.encode()).hexdigest(), texts or {})


def _require_forward(conn: Connection, actor: Actor, kind: str, size: int) -> None:
    """Raises ChangeError that says from where on it may be signed."""
    last = _of_a_governor(conn) if kind == REVIEWED and actor.role == Role.GOVERNOR else None
    if last is not None and size <= last.size:
        raise bad_input({"size": f"a governor has reviewed up to entry {last.size}; only above that is new"})
    if kind == REVIEWED:
        return
    own = (log_review.c.kind == kind) & (log_review.c.person_id == actor.person_id)
    seen = conn.scalar(select(func.max(log_review.c.size)).where(own))
    if seen is not None and size < seen:
        did = "seen" if kind == SEEN else "reviewed"
        raise bad_input({"size": f"you have {did} it up to entry {seen}; {seen} or above is allowed"})


def _keep(  # noqa: PLR0917  # as above
    made: Change, actor: Actor, kind: str, signed: Checkpoint, digest: str, texts: dict[str, str]
) -> LogReview:
    detail = {
        "size": signed.size,
        "root": base64.b64encode(signed.root).decode(),
        "note_sha256": digest,
    }
    seq = made.seal(EVENTS[kind], actor, str(signed.size), detail, texts)
    done = LogReview(seq, kind, actor.person_id, made.at, signed.size)
    made.conn.execute(
        insert(log_review).values(
            seq=seq, kind=kind, person_id=done.person_id, at=done.at, size=done.size, sha256=digest
        )
    )
    return done


def _checkpoint_of(desk: Desk, conn: Connection, size: int) -> tuple[str, Checkpoint]:
    """The note of that size, signed here and not beyond the end. Raises ChangeError naming what there is."""
    longest = conn.scalar(select(func.max(change_log.c.seq))) or 0
    if size > longest:
        raise bad_input({"size": f"the change log has {longest} entries"})
    note = conn.scalar(select(checkpoint.c.note).where(checkpoint.c.size == size))
    if note is None:
        raise bad_input({"size": _nearest(conn, size)})
    try:
        signed = read_note(note)
    except NoteError:
        signed = None
    if signed is None or signed.size != size or not signed.is_signed_by(desk.key.public_key()):
        raise ChangeError("refused", f"the checkpoint of {size} entries is not one that was signed here")
    return note, signed


def _nearest(conn: Connection, size: int) -> str:
    sizes = checkpoint.c.size
    before = conn.scalar(select(func.max(sizes)).where(sizes < size))
    after = conn.scalar(select(func.min(sizes)).where(sizes > size))
    known = " and ".join(str(each) for each in (before, after) if each is not None)
    return f"no checkpoint was signed at {size} entries" + (f"; the nearest are {known}" if known else "")


def log_reviews(
    conn: Connection, kind: str, *, before: int | None = None, limit: int = 100
) -> list[LogReview]:
    """Newest first, by the number of the line."""
    table = log_review.c
    query = select(table.seq, table.kind, table.person_id, table.at, table.size)
    query = query.where(table.kind == kind).order_by(table.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(table.seq < before)
    return [LogReview(**row._mapping) for row in conn.execute(query)]


def review_due(conn: Connection, policy: Policy) -> Due:
    """Whether governors look at it as often as the school said they would (S12)."""
    entries_now = conn.scalar(select(func.max(change_log.c.seq))) or 0
    last = _of_a_governor(conn)
    begun = _at_of(conn, last.size + 1 if last is not None else 1)
    since = entries_now - (last.size if last is not None else 0)
    return Due(last, begun + timedelta(days=policy.reviews.change_log_days), since)


def _of_a_governor(conn: Connection) -> LogReview | None:
    """By the role in the sealed line: what somebody is today says nothing of what they were."""
    query = select(log_review.c.seq).where(log_review.c.kind == REVIEWED)
    newest: Sequence[int] = conn.scalars(query.order_by(log_review.c.seq.desc()).limit(LOOKED_AT)).all()
    for line in reversed(entries_at(conn, newest)):
        if line.event == EVENTS[REVIEWED] and line.role == Role.GOVERNOR:
            size = line.detail.get("size")
            return LogReview(line.seq, REVIEWED, line.actor, line.at, size if isinstance(size, int) else 0)
    return None


def _at_of(conn: Connection, seq: int) -> datetime:
    """When this entry was made: the first unread one. After a review there is one, the review's own."""
    found = next(iter(entries(conn, after=seq - 1, limit=1)), None)
    return found.at if found is not None else NO_TIME

"""What one person did at once is looked at by others, within the time that the policy sets (S34).

A tightening takes one other person, a use of the envelope two. Who does not agree keeps it open until he
does: what was done can be undone by proposal, and he can sign again.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, func, insert, or_, select, update

from audit_log.change_log import entries, entries_at
from audit_log.people import Registered, people_by_ids
from audit_log.tables import review, review_signature
from change_control.desk import Actor, Desk
from change_control.drafts import instant
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.probation import BREAK_GLASS as BREAK_GLASS
from change_control.roles import READING, entitle
from change_control.sealing import Change, change
from change_control.texts import needed

TIGHTENING = "tightening"
NEEDED = {TIGHTENING: 1, BREAK_GLASS: 2}
SIGN = "review:sign"

Cursor = tuple[datetime, str]  # when it was opened, and its id


@dataclass(frozen=True, slots=True)
class Signature:
    person_id: str
    at: datetime
    agrees: bool


@dataclass(frozen=True, slots=True)
class Review:
    id: str
    kind: str
    object_id: str
    about_seq: int
    opened_by: str
    opened_at: datetime
    due_at: datetime
    needed: int
    done_at: datetime | None
    signatures: tuple[Signature, ...] = ()  # the last word of each, oldest first

    def is_overdue(self, now: datetime) -> bool:
        return self.done_at is None and self.due_at <= now


def open_review(made: Change, kind: str, object_id: str, seq: int, actor: Actor) -> None:
    """`seq`: the line that it is about. It says who and when, so opening has no line of its own."""
    reviews = parsed_policy(made.conn).reviews
    days = reviews.tightening_days if kind == TIGHTENING else reviews.break_glass_days
    made.conn.execute(
        insert(review).values(
            id=secrets.token_hex(8),
            kind=kind,
            object_id=object_id,
            about_seq=seq,
            opened_by=actor.person_id,
            opened_at=made.at,
            due_at=made.at + timedelta(days=days),
            needed=NEEDED[kind],
        )
    )


def sign(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, review_id: str, agrees: bool, note: str, now: datetime
) -> Review:
    """Another person has looked. Raises ChangeError same-person for those whom it is about."""
    said = needed(note, "note")
    with change(desk, now) as made:
        entitle(made.conn, actor, SIGN, now)
        found = get_review(made.conn, review_id)
        if found.done_at is not None:
            raise ChangeError("wrong-state", "enough others have signed this already")
        if actor.person_id in concerned(made.conn, found):
            raise ChangeError("same-person", "nobody signs for what they did themselves; others look at it")
        _keep(made, found, actor, agrees)
        signed = get_review(made.conn, review_id)
        gone = _gone(made.conn, signed, now)
        if is_done(signed, gone):
            made.conn.execute(update(review).where(review.c.id == review_id).values(done_at=now))
        detail = {
            "agrees": agrees,
            "about": found.about_seq,
            "kind": found.kind,
            "signatures": sum(each.agrees for each in signed.signatures),
            "needed": found.needed,
            "gone": gone,
        }
        made.seal(SIGN, actor, review_id, detail, {"note": said})
        return get_review(made.conn, review_id)


def is_done(found: Review, gone: Iterable[str] = ()) -> bool:
    """As many as are needed agree, and nobody who is still here says otherwise."""
    against = {each.person_id for each in found.signatures if not each.agrees}
    return sum(each.agrees for each in found.signatures) >= found.needed and against <= set(gone)


def _keep(made: Change, found: Review, actor: Actor, agrees: bool) -> None:
    """The last word of each person counts."""
    before = next((each for each in found.signatures if each.person_id == actor.person_id), None)
    if before is not None and before.agrees == agrees:
        raise ChangeError("wrong-state", "you have said so already")
    values = {"at": made.at, "agrees": agrees}
    if before is None:
        row = {"review_id": found.id, "person_id": actor.person_id, **values}
        made.conn.execute(insert(review_signature).values(row))
        return
    theirs = and_(review_signature.c.review_id == found.id, review_signature.c.person_id == actor.person_id)
    made.conn.execute(update(review_signature).where(theirs).values(values))


def _gone(conn: Connection, found: Review, now: datetime) -> list[str]:
    """Those who did not agree, and cannot come back to it: their account has ended, or reads nothing here.

    Not by the hand of those whom this is about: whoever did it silences nobody.
    """
    against = [each.person_id for each in found.signatures if not each.agrees]
    known, doers = people_by_ids(conn, against), concerned(conn, found)
    return sorted(each for each in against if each not in known or _is_gone(conn, known[each], doers, now))


def _is_gone(conn: Connection, person: Registered, doers: set[str], now: datetime) -> bool:
    if person.ends_at is None or person.ends_at > now:
        return person.role not in READING
    ended = entries(conn, event="person:end", object_id=person.id, limit=1)
    by_them = bool(ended) and ended[0].actor in doers
    return not (by_them and ended[0].detail.get("ends_at") == instant(person.ends_at))


def concerned(conn: Connection, found: Review) -> set[str]:
    """Whoever did it, and for whose sake the envelope was opened: they do not sign."""
    lines = entries_at(conn, [found.about_seq]) if found.kind == BREAK_GLASS else []
    detail = lines[0].detail if lines else {}
    named = {detail.get("person"), detail.get("proposed_by")}
    return {found.opened_by} | {each for each in named if isinstance(each, str)}


def get_review(conn: Connection, review_id: str) -> Review:
    """Raises ChangeError not-found."""
    row = conn.execute(select(review).where(review.c.id == review_id)).first()
    if row is None:
        raise ChangeError("not-found", "there is no such review")
    return Review(**row._mapping, signatures=_signatures(conn, [review_id]).get(review_id, ()))


def list_reviews(
    conn: Connection, *, is_open: bool | None = None, limit: int = 50, cursor: Cursor | None = None
) -> tuple[list[Review], Cursor | None]:
    """Newest first."""
    asked = select(review).order_by(review.c.opened_at.desc(), review.c.id.desc()).limit(limit + 1)
    if is_open is not None:
        asked = asked.where(review.c.done_at.is_(None) if is_open else review.c.done_at.is_not(None))
    if cursor is not None:
        at, last = cursor
        older = and_(review.c.opened_at == at, review.c.id < last)
        asked = asked.where(or_(review.c.opened_at < at, older))
    rows = conn.execute(asked).all()
    signed = _signatures(conn, [row.id for row in rows[:limit]])
    found = [Review(**row._mapping, signatures=signed.get(row.id, ())) for row in rows[:limit]]
    return found, (found[-1].opened_at, found[-1].id) if len(rows) > limit else None


def open_reviews(conn: Connection, kind: str | None = None) -> list[Review]:
    """Oldest first, all of them."""
    asked = select(review).where(review.c.done_at.is_(None)).order_by(review.c.opened_at, review.c.id)
    rows = conn.execute(asked if kind is None else asked.where(review.c.kind == kind)).all()
    signed = _signatures(conn, [row.id for row in rows])
    return [Review(**row._mapping, signatures=signed.get(row.id, ())) for row in rows]


def open_counts(conn: Connection, now: datetime) -> tuple[int, int, int]:
    """How many are open, overdue, and about the envelope; no review is loaded for it."""
    late = func.sum(case((review.c.due_at <= now, 1), else_=0))
    envelopes = func.sum(case((review.c.kind == BREAK_GLASS, 1), else_=0))
    row = conn.execute(select(func.count(), late, envelopes).where(review.c.done_at.is_(None))).one()
    return row[0], int(row[1] or 0), int(row[2] or 0)


def _signatures(conn: Connection, ids: list[str]) -> dict[str, tuple[Signature, ...]]:
    found: dict[str, tuple[Signature, ...]] = {}
    for start in range(0, len(ids), 500):  # a statement has a limit on its parameters
        some = review_signature.c.review_id.in_(ids[start : start + 500])
        for row in conn.execute(
            select(review_signature).where(some).order_by(review_signature.c.at, review_signature.c.person_id)
        ):
            one = Signature(row.person_id, row.at, row.agrees)
            found[row.review_id] = (*found.get(row.review_id, ()), one)
    return found

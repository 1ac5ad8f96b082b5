"""Reviews as their readers see them: what was done, by whom, until when others have to look, and who did."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from audit_api.behind import Behind
from audit_api.change_links import link_to_object
from audit_api.names import Names
from audit_api.policy_effects import differences
from audit_api.review_shapes import ReviewOut, SignatureOut
from audit_api.rights import APPROVING
from audit_api.rows import Cursor
from audit_api.sentences import people_in, sentence
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from audit_log.change_log import Entry, entries, entries_at
from audit_log.db import reading
from change_control import reviews
from change_control.reviews import BREAK_GLASS, SIGN, Review
from filter_policy.model import Role

MOST_SIGNATURES = 10_000
Notes = Mapping[tuple[str, str], str | None]  # by review and person


def page_of(
    visit: Visit, *, is_open: bool | None = None, limit: int = 50, cursor: Cursor | None = None
) -> tuple[list[ReviewOut], Cursor | None]:
    """Newest first."""
    with reading(visit.desk.engine) as conn:
        found, next_ = reviews.list_reviews(conn, is_open=is_open, limit=limit, cursor=cursor)
        return _shown(conn, visit, found, [each for each in found if each.done_at is None]), next_


def one(visit: Visit, review_id: str) -> ReviewOut:
    """Raises ChangeError not-found."""
    with reading(visit.desk.engine) as conn:
        found = reviews.get_review(conn, review_id)
        shown = _shown(conn, visit, [found], [found])[0]
        return shown.model_copy(update={"what": _differences(conn, found)})


def _differences(conn: Connection, found: Review) -> list[str]:
    """Of a policy, in the words of the school's own table."""
    lines = entries_at(conn, [found.about_seq])
    behind = Behind.of(conn, lines)
    subjects = [_subject(line, behind) for line in lines]
    texts = Behind.of(conn, subjects).policies
    return [
        each.says
        for line in subjects
        for each in differences(texts.get(str(line.detail.get("base")), ""), texts.get(line.object_id, ""))
    ]


def sign(visit: Visit, review_id: str, agrees: bool, note: str) -> ReviewOut:
    reviews.sign(visit.desk, visit.reader.actor, review_id, agrees, note, visit.now)
    return one(visit, review_id)


def open_envelopes(visit: Visit) -> list[Review]:
    """Uses of the sealed envelope that two others have not signed yet: the red banner of every page."""
    with reading(visit.desk.engine) as conn:
        return reviews.open_reviews(conn, BREAK_GLASS)


def counts(conn: Connection, now: datetime) -> tuple[int, int, int]:
    """How many reviews are open, overdue, and about the envelope."""
    return reviews.open_counts(conn, now)


def _shown(
    conn: Connection, visit: Visit, found: Sequence[Review], noted: Sequence[Review]
) -> list[ReviewOut]:
    lines = {line.seq: line for line in entries_at(conn, [each.about_seq for each in found])}
    behind = Behind.of(conn, list(lines.values()))
    ids = {who for line in (*lines.values(), *behind.all) for who in people_in(line)}
    ids |= {each.person_id for one_ in found for each in one_.signatures} | {one_.opened_by for one_ in found}
    role = visit.reader.role
    names = Names.of(conn, ids, pupils=role in APPROVING, suspended_staff=role is Role.HEADTEACHER)
    notes = _notes(conn, noted)
    return [
        _out(each, lines.get(each.about_seq), names, notes, visit, reviews.concerned(conn, each), behind)
        for each in found
    ]


def _out(  # noqa: PLR0917  # a review, and what is known beside it
    found: Review,
    line: Entry | None,
    names: Names,
    notes: Notes,
    visit: Visit,
    concerned: set[str],
    behind: Behind,
) -> ReviewOut:
    return ReviewOut(
        id=found.id,
        kind=found.kind,
        says=sentence(line, names, visit.zone, behind) if line else "The entry that tells of this is gone.",
        reason=line.texts.get("reason") if line else None,
        about=found.about_seq,
        by=names.somebody(found.opened_by),
        opened_at=iso(found.opened_at),
        due_at=iso(found.due_at),
        overdue=found.is_overdue(visit.now),
        needed=found.needed,
        done_at=iso_or_none(found.done_at),
        signatures=[
            SignatureOut(
                by=names.somebody(each.person_id),
                at=iso(each.at),
                agrees=each.agrees,
                note=notes.get((found.id, each.person_id)),
            )
            for each in found.signatures
        ],
        link=_link(line, behind, visit) if line else None,
        what=[],
        yours=visit.reader.person_id in concerned,
    )


def _subject(line: Entry, behind: Behind) -> Entry:
    """The line of what was done: of the envelope, that of the proposal that it agreed to."""
    return behind.begun.get(str(line.detail.get("proposal")), line)


def _link(line: Entry, behind: Behind, visit: Visit) -> str | None:
    subject = _subject(line, behind)
    return link_to_object(subject.event, subject.object_id, visit.reader.role)


def _notes(conn: Connection, found: Sequence[Review]) -> dict[tuple[str, str], str | None]:
    """What each wrote last. Read from the first of these reviews on: the log is long."""
    signed = [each.about_seq for each in found if each.signatures]
    if not signed:
        return {}
    lines = entries(conn, after=min(signed), event=SIGN, limit=MOST_SIGNATURES)
    return {(line.object_id, line.actor): line.texts.get("note") for line in lines}

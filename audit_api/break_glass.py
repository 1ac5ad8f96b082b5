"""The sealed envelope at the window (S84): made here, opened here, and told of at once.

A guess costs the same and is answered the same whatever is wrong with it, and more of them wait longer and
longer. No code and no half is in an address, a log or a repr.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection
from starlette.requests import Request

from audit_api import times
from audit_api.agreeing import history
from audit_api.names import Names
from audit_api.review_shapes import ApprovedOut, EnvelopeOut, EnvelopeProposalOut
from audit_api.rows import Cursor
from audit_api.sign_in import slow_down
from audit_api.telling_people import heard_and_unheard, tell_at_once
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit, Window
from audit_log.db import reading
from audit_log.people import person_by_username
from change_control import break_glass, envelope, reviews
from change_control.desk import SYSTEM
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from change_control.proposal import Proposal
from change_control.queries import list_proposals, overtaken
from filter_policy.life_cycle import State

GUESS = "the sealed envelope"  # what attempts are counted by, with the address; no user name has blanks
log = structlog.get_logger()

ABOUT = "the sealed envelope was opened"


def status(visit: Visit) -> EnvelopeOut:
    with reading(visit.desk.engine) as conn:
        found = break_glass.current_envelope(conn)
        if found is None:
            return EnvelopeOut(ready=False)
        names = Names.of(conn, (found.made_by, found.agreed_by, found.used_by), pupils=False)
    return EnvelopeOut(
        ready=found.used_at is None,
        made_by=names.somebody(found.made_by),
        agreed_by=names.somebody(found.agreed_by),
        made_at=iso(found.made_at),
        used_by=names.somebody_or_none(found.used_by),
        used_at=iso_or_none(found.used_at),
    )


def heard(visit: Visit) -> tuple[list[str], list[str]]:
    """Who would be told by mail when the envelope is opened, and who would not."""
    with reading(visit.desk.engine) as conn:
        return heard_and_unheard(visit.window, parsed_policy(conn))


def make(visit: Visit, reason: str) -> EnvelopeProposalOut:
    return one(visit, envelope.propose_envelope(visit.desk, visit.reader.actor, reason, visit.now))


def one(visit: Visit, found: Proposal) -> EnvelopeProposalOut:
    """With the half that came with proposing or approving just now."""
    half = found.handed.get(break_glass.HALF)
    which = None if half is None else "first" if found.state == State.REQUESTED else "second"
    return _shown(visit, [found])[0].model_copy(update={"half": half, "which": which})


def proposals_page(
    visit: Visit, *, state: str | None = None, limit: int = 50, cursor: Cursor | None = None
) -> tuple[list[EnvelopeProposalOut], Cursor | None]:
    with reading(visit.desk.engine) as conn:
        found = list_proposals(
            conn, visit.now, kind=break_glass.KIND, state=state, limit=limit, cursor=cursor
        )
    return _shown(visit, found.rows), found.next


def waiting(visit: Visit) -> list[Proposal]:
    """What the envelope could agree to: proposals of people that wait for somebody."""
    with reading(visit.desk.engine) as conn:
        found = [
            each
            for kind in envelope.APPROVABLE
            for each in list_proposals(conn, visit.now, kind=kind, state=State.REQUESTED, limit=99).rows
        ]
        late = overtaken(conn, found)
    return [each for each in found if each.proposed_by != SYSTEM.person_id and each.id not in late]


def approve_with(visit: Visit, request: Request, proposal_id: str, code: str, reason: str) -> ApprovedOut:
    """Raises ChangeError, or Problem too-many-attempts."""

    def use() -> Proposal:
        return envelope.approve_with(visit.desk, visit.reader.actor, proposal_id, code, reason, visit.now)

    agreed = _guessed(visit.window, request, visit.now, use)
    reader = visit.reader
    did = f"{reader.name} ({reader.role}) agreed alone to a proposal ({agreed.kind}) with the envelope."
    review = _told(visit.window, lambda _: did, visit.now)
    return ApprovedOut(id=agreed.id, kind=agreed.kind, state=agreed.state, review=review)


def new_code(window: Window, request: Request, username: str, code: str, reason: str) -> str:
    """Nobody is signed in. Returns an enrolment code. Raises ChangeError, or Problem too-many-attempts."""
    now = window.clock()
    made = _guessed(window, request, now, lambda: envelope.new_code(window.desk, username, code, reason, now))

    def did(conn: Connection) -> str:
        person = person_by_username(conn, username.strip())
        who = f"{person.name} ({person.role})" if person else "somebody"
        return f"The sealed envelope was opened to give {who} a new code to sign in with."

    _told(window, did, now)
    return made


def _guessed[T](window: Window, request: Request, now: datetime, use: Callable[[], T]) -> T:
    """A wrong code counts as an attempt; whatever else hinders does not."""
    key = slow_down(window, request, GUESS, now)
    try:
        done = use()
    except ChangeError as error:
        if error.code != "not-found":
            window.throttle.not_made(key)
        raise
    except Exception:
        window.throttle.not_made(key)
        raise
    window.throttle.succeeded(key)
    return done


def _told(window: Window, did: Callable[[Connection], str], now: datetime) -> str:
    """The headteacher, the coordinator and the governors, at once. Returns the id of the review.

    What was done is done, and its code told once: whatever fails here, the answer goes out. Then "".
    """
    try:
        with reading(window.desk.engine) as conn:
            opened = max(reviews.open_reviews(conn, reviews.BREAK_GLASS), key=attrgetter("about_seq"))
            text = _letter(did(conn), opened, parsed_policy(conn).timetable.zone, now)
    except Exception as error:  # noqa: BLE001  # as above; the red line stands on every page all the same
        log.error("break_glass.used", told=False, error=type(error).__name__)
        return ""
    log.error("break_glass.used", review=opened.id, entry=opened.about_seq)
    tell_at_once(window, ABOUT, text)
    return opened.id


def _letter(did: str, opened: reviews.Review, zone: ZoneInfo, now: datetime) -> str:
    return (
        f"{did}\n\nThis was on {times.when(now, zone)}. Why, and what was changed, is in the change log,"
        f" entry {opened.about_seq}.\nTwo people other than the one who did this have to look at it by"
        f" {times.when(opened.due_at, zone)}, under Reviews in the console. Until then every page there"
        " says so in red. If you do not agree, say so there."
    )


def _shown(visit: Visit, found: Sequence[Proposal]) -> list[EnvelopeProposalOut]:
    ids = [who for each in found for who in (each.proposed_by, each.decided_by, each.ended_by)]
    with reading(visit.desk.engine) as conn:
        names = Names.of(conn, ids, pupils=False)
    return [EnvelopeProposalOut(**history(each, names), kind=each.kind) for each in found]

"""What a member of staff browsed, shown to whoever leads them and asked (S190): asking, agreeing, reading."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Connection

from audit_api.agreeing import Verb, history
from audit_api.answers import Instant, LogPersonOut, LogRowOut, ProposalOut, _Out
from audit_api.log_rows import Named, illegal_in
from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.protecting_shapes import At
from audit_api.protecting_shapes import Named as Whom
from audit_api.rows import NO_CURSOR, read_instant
from audit_api.shapes import Paging, Why
from audit_api.times import iso
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.filtering_log import Filter, Page, search
from audit_log.people import people_by_ids
from change_control.disclosures import (
    KIND,
    LONGEST,
    Wanted,
    in_force,
    record_read,
    require_reader,
    sees,
    stretch_of,
)
from change_control.errors import ChangeError
from change_control.proposal import Proposal
from change_control.protecting import propose_disclosure
from change_control.queries import get_proposal, list_proposals
from filter_policy.life_cycle import State

MOST = 200


class DisclosureIn(Why):
    """Rows of one member of staff of [from, to); readable for some days by whoever asks."""

    person: Whom
    from_: Annotated[At, Field(alias="from")]
    to: At
    days: Annotated[int, Field(ge=1, le=LONGEST, description="from now; then it is over")] = 7


class DisclosureOut(ProposalOut):
    person: LogPersonOut
    from_: Annotated[Instant, Field(serialization_alias="from")]
    to: Instant
    ends_at: Instant
    in_force: bool


class DisclosedOut(_Out):
    rows: list[LogRowOut]
    next: str | None


def ask(visit: Visit, body: DisclosureIn) -> DisclosureOut:
    """Raises ChangeError or Problem."""
    times = [visit.instant(name, said) for name, said in (("from", body.from_), ("to", body.to))]
    from_at, to_at = times
    if from_at is None or to_at is None:
        raise Problem("bad-input", errors={"from": "a time like 2026-11-24T12:30 is needed"})
    wanted = Wanted(body.person, from_at, to_at, body.days)
    return one(visit, propose_disclosure(visit.desk, visit.reader.actor, wanted, body.reason, visit.now).id)


def settle(visit: Visit, disclosure_id: str, verb: Verb, reason: str) -> DisclosureOut:
    """Raises ChangeError or Problem not-found."""
    _found(visit, disclosure_id)
    verb(visit.desk, visit.reader.actor, disclosure_id, reason, visit.now)
    return one(visit, disclosure_id)


def one(visit: Visit, disclosure_id: str) -> DisclosureOut:
    """Raises Problem not-found: there is none, or it is not this reader's."""
    found = _found(visit, disclosure_id)
    with reading(visit.desk.engine) as conn:
        return _shown(conn, visit, found)


def waiting(visit: Visit) -> int:
    """How many this reader could answer."""
    with reading(visit.desk.engine) as conn:
        found = list_proposals(conn, visit.now, kind=KIND, state=State.REQUESTED, limit=MOST).rows
        actor = visit.reader.actor
        return sum(sees(conn, actor, each) and each.proposed_by != actor.person_id for each in found)


def every(visit: Visit) -> list[DisclosureOut]:
    """Those that this reader asked for or decides, newest first."""
    with reading(visit.desk.engine) as conn:
        found = list_proposals(conn, visit.now, kind=KIND, limit=MOST).rows
        mine = [each for each in found if sees(conn, visit.reader.actor, each)]
        return [_shown(conn, visit, each) for each in mine]


def rows_of(visit: Visit, disclosure_id: str, asked: Paging) -> DisclosedOut:
    """Newest first; a line of the change log for each page, before it is shown. Raises ChangeError."""
    with reading(visit.desk.engine) as conn:
        found = require_reader(conn, visit.reader.actor, disclosure_id, visit.now)
        from_at, to_at = stretch_of(found)
        person = found.payload["person"]
        what = Filter(from_at=from_at, to_at=to_at, person_id=person, pages_only=True)
        page = _search(conn, what, asked)
        shown = list(Named(illegal_in(visit.window.bundle().policy)).shown(conn, page.rows))
    record_read(visit.desk, visit.reader.actor, disclosure_id, len(shown), visit.now)
    return DisclosedOut(rows=shown, next=page.next)


def _search(conn: Connection, what: Filter, asked: Paging) -> Page:
    try:
        if asked.cursor:
            read_instant(asked.cursor.partition("~")[0])
        return search(conn, what, asked.limit, asked.cursor or None)
    except ValueError:
        raise Problem("bad-input", errors=NO_CURSOR) from None


def _found(visit: Visit, disclosure_id: str) -> Proposal:
    try:
        with reading(visit.desk.engine) as conn:
            found = get_proposal(conn, disclosure_id, visit.now)
            if found.kind == KIND and sees(conn, visit.reader.actor, found):
                return found
    except ChangeError as error:
        raise Problem("not-found") from error
    raise Problem("not-found")


def _shown(conn: Connection, visit: Visit, found: Proposal) -> DisclosureOut:
    about = found.payload["person"]
    ids = [each for each in (found.proposed_by, found.decided_by, found.ended_by, about) if each]
    known = people_by_ids(conn, ids)
    names = Names(known, pupils=True)
    person = LogPersonOut(
        id=about, username=known[about].username if about in known else None, name=names.name(about)
    )
    from_at, to_at = stretch_of(found)
    more: dict[str, Any] = {"kind": found.kind, "from_": iso(from_at), "to": iso(to_at)}
    return DisclosureOut(
        **history(found, names),
        **more,
        person=person,
        ends_at=iso(found.ends_at or to_at),
        in_force=in_force(found, visit.now),
    )

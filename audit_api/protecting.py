"""Corrections, legal holds and erasures, for those who keep the register: all of them know pupils' names."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from audit_api.agreeing import find, history
from audit_api.answers import LogPersonOut, ProposalOut
from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.protecting_shapes import (
    CorrectionIn,
    CorrectionOut,
    ErasureIn,
    ErasureOut,
    HoldIn,
    HoldOut,
    ReleaseOut,
    TextOut,
)
from audit_api.rows import Cursor
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from audit_log.change_log import entries
from audit_log.db import reading
from audit_log.holds import Hold, all_holds
from audit_log.people import Registered, people_by_ids
from audit_log.tables import change_text
from change_control import corrections, erasing, holds
from change_control.holds import get_hold, place_hold
from change_control.proposal import Proposal
from change_control.protecting import WrongIdentity, propose_correction, propose_erasure, propose_release
from change_control.queries import list_proposals
from filter_policy.life_cycle import State

MOST_HOLDS = 10_000
Known = Mapping[str, Registered]


def correct(visit: Visit, body: CorrectionIn) -> Proposal:
    asked = WrongIdentity(
        body.person, body.right_person, _at(visit, "from", body.from_), _at(visit, "to", body.to),
        body.client_address,
    )  # fmt: skip
    return propose_correction(visit.desk, visit.reader.actor, asked, body.reason, visit.now)


def hold(visit: Visit, body: HoldIn) -> HoldOut:
    from_at, to_at = _at(visit, "from", body.from_), _at(visit, "to", body.to)
    made = place_hold(visit.desk, visit.reader.actor, body.person, from_at, to_at, body.reason, visit.now)
    return next(each for each in holds_now(visit) if each.id == made.id)


def release(visit: Visit, hold_id: str, reason: str) -> Proposal:
    return propose_release(visit.desk, visit.reader.actor, hold_id, reason, visit.now)


def erase(visit: Visit, body: ErasureIn) -> Proposal:
    return propose_erasure(visit.desk, visit.reader.actor, body.person, body.texts, body.reason, visit.now)


def holds_now(visit: Visit, *, released: bool = False) -> list[HoldOut]:
    """Newest first. `released`: those that are over as well."""
    with reading(visit.desk.engine) as conn:
        found = [each for each in all_holds(conn) if released or each.released_at is None]
        known = people_by_ids(conn, _ids_of_holds(found))
        reasons = _reasons(conn)
    return [_hold(each, known, reasons) for each in reversed(found)]


def page_of(
    visit: Visit, kind: str, *, state: str | None = None, limit: int = 50, cursor: Cursor | None = None
) -> tuple[list[ProposalOut], Cursor | None]:
    with reading(visit.desk.engine) as conn:
        found = list_proposals(conn, visit.now, kind=kind, state=state, limit=limit, cursor=cursor)
        return [SHOW[kind](conn, each) for each in found.rows], found.next


def correction(visit: Visit, proposal_id: str) -> CorrectionOut:
    found = find(visit, corrections.KIND, proposal_id)
    with reading(visit.desk.engine) as conn:
        return _correction(conn, found)


def a_release(visit: Visit, proposal_id: str) -> ReleaseOut:
    found = find(visit, holds.KIND, proposal_id)
    with reading(visit.desk.engine) as conn:
        return _release(conn, found)


def erasure(visit: Visit, proposal_id: str) -> ErasureOut:
    """What goes is shown to who is to agree to it; afterwards there is nothing to show."""
    found = find(visit, erasing.KIND, proposal_id)
    with reading(visit.desk.engine) as conn:
        shown = _erasure(conn, found)
        waits = found.state is State.REQUESTED
        texts = _texts(conn, found.payload["texts"]) if waits else None
    return shown.model_copy(update={"texts": texts, "stays": erasing.WRITTEN_IN_CASES if waits else None})


def _at(visit: Visit, field: str, said: str) -> datetime:
    at = visit.instant(field, said)
    if at is None:
        raise Problem("bad-input", errors={field: "a time like 2026-11-24T12:30 is needed"})
    return at


def _correction(conn: Connection, found: Proposal) -> CorrectionOut:
    told = found.payload
    known = people_by_ids(conn, _ids(found, told["person"], told["right_person"]))
    times: dict[str, Any] = {name: iso(corrections.instant_of(told[name])) for name in ("from", "to")}
    return CorrectionOut(
        **_history(found, known),
        **times,
        person=_somebody(known, told["person"]),
        right_person=_somebody(known, told["right_person"]) if told["right_person"] else None,
        client_address=told["client_address"],
    )


def _release(conn: Connection, found: Proposal) -> ReleaseOut:
    about = get_hold(conn, found.payload["hold"])
    known = people_by_ids(conn, _ids(found, about.person_id, about.placed_by))
    return ReleaseOut(**_history(found, known), hold=_hold(about, known, _reasons(conn, about.id)))


def _erasure(conn: Connection, found: Proposal) -> ErasureOut:
    known = people_by_ids(conn, _ids(found, found.payload["person"]))
    return ErasureOut(**_history(found, known), person=_somebody(known, found.payload["person"]))


SHOW: Mapping[str, Callable[[Connection, Proposal], ProposalOut]] = {
    corrections.KIND: _correction,
    holds.KIND: _release,
    erasing.KIND: _erasure,
}


def _history(found: Proposal, known: Known) -> dict[str, Any]:
    return {**history(found, Names(known, pupils=True)), "kind": found.kind}


def _ids(found: Proposal, *about: str | None) -> list[str]:
    ids = (found.proposed_by, found.decided_by, found.ended_by, *about)
    return [each for each in ids if each]


def _ids_of_holds(found: Sequence[Hold]) -> list[str]:
    return [id_ for each in found for id_ in (each.person_id, each.placed_by) if id_]


def _somebody(known: Known, person_id: str) -> LogPersonOut:
    found = known.get(person_id)
    name = Names(known, pupils=True).name(person_id)
    return LogPersonOut(id=person_id, username=found.username if found else None, name=name)


def _hold(found: Hold, known: Known, reasons: Mapping[str, str | None]) -> HoldOut:
    return HoldOut(
        id=found.id,
        person=_somebody(known, found.person_id) if found.person_id else None,
        **{"from": iso(found.from_at)},
        to=iso(found.to_at),
        reason=reasons.get(found.id),
        placed_by=Names(known, pupils=True).somebody(found.placed_by),
        placed_at=iso(found.placed_at),
        released_at=iso_or_none(found.released_at),
    )


def _reasons(conn: Connection, hold_id: str | None = None) -> dict[str, str | None]:
    """By hold: what whoever placed it wrote, beside the change log."""
    lines = entries(conn, event="hold:place", object_id=hold_id, limit=MOST_HOLDS)
    return {line.object_id: line.texts.get("reason") for line in lines}


def _texts(conn: Connection, places: Sequence[Sequence[Any]]) -> list[TextOut]:
    told = []
    for seq, field in places:
        here = (change_text.c.seq == seq) & (change_text.c.field == field)
        text = conn.scalar(select(change_text.c.text).where(here))
        told.append(TextOut(seq=seq, field=field, text=text))
    return told

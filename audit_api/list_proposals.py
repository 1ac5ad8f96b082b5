"""Proposals of other lists, and updates that are held until somebody agrees."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from audit_api.agreeing import as_it_is, history, names_for
from audit_api.list_answers import ListChangeOut, ListsProposalOut, OverstepOut
from audit_api.lists import KIND
from audit_api.names import SYSTEM
from audit_api.reader import Reader
from audit_api.rows import Cursor
from audit_api.window import Visit
from audit_log.db import reading
from change_control.errors import ChangeError
from change_control.list_tolerance import Overstep, Why
from change_control.proposal import Proposal
from change_control.queries import get_proposal, list_proposals, overtaken
from filter_policy.life_cycle import State


def page_of(
    visit: Visit, *, state: str | None = None, limit: int = 50, cursor: Cursor | None = None
) -> tuple[list[ListsProposalOut], Cursor | None]:
    """Newest first, without the texts."""
    with reading(visit.desk.engine) as conn:
        found = list_proposals(conn, visit.now, kind=KIND, state=state, limit=limit, cursor=cursor)
        views = _shown(conn, visit.reader, found.rows)
    return [each.model_copy(update={"text": None}) for each in views], found.next


def one(visit: Visit, found: Proposal) -> ListsProposalOut:
    with reading(visit.desk.engine) as conn:
        return as_it_is(visit, found, _shown(conn, visit.reader, [found])[0])


def base_text(visit: Visit, view: ListsProposalOut) -> str:
    """The lists.yaml that this one would replace, or did."""
    if view.base_id is None:
        return ""
    try:
        with reading(visit.desk.engine) as conn:
            return get_proposal(conn, view.base_id, visit.now).config_text or ""
    except ChangeError:
        return ""


def needs(found: Proposal) -> str:
    """Whose word is missing."""
    if found.state is not State.REQUESTED:
        return ""
    if found.proposed_by != SYSTEM:
        return "agree"
    return "take-up" if found.loosening else "confirm"


def _shown(conn: Connection, reader: Reader, found: Sequence[Proposal]) -> list[ListsProposalOut]:
    names = names_for(conn, reader, found)
    late = overtaken(conn, found)
    return [
        ListsProposalOut(
            **history(each, names(each)),
            kind=each.kind,
            what=each.payload["what"],
            text=each.config_text,
            generation=each.generation or "",
            base=each.payload["base"],
            base_id=each.payload["base_id"],
            held=each.payload["held"],
            changes=[ListChangeOut(**row) for row in each.changes],
            because=[_overstep(row) for row in each.because],
            needs="" if each.id in late else needs(each),
            overtaken=each.id in late,
        )
        for each in found
    ]


def _overstep(row: Mapping[str, Any]) -> OverstepOut:
    told = Overstep(**{**row, "why": Why(row["why"])})
    return OverstepOut(list_id=told.list_id, category=told.category, why=told.why.value, says=str(told))

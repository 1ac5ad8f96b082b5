"""Other lists: proposed by one person and agreed by another; and updates that are held."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from audit_api import list_proposals, list_tasks
from audit_api.agreeing import Verb, find, settle
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.list_answers import ListsProposalOut, TaskOut
from audit_api.lists import KIND
from audit_api.rows import listed, read_cursor, write_cursor
from audit_api.shapes import NO_MORE, NO_REMARK, Approval, ListsProposalIn, Paging, Remark, Why
from audit_api.window import Here, Id, Visit
from change_control import lists, proposals
from filter_policy.life_cycle import State

router = APIRouter(route_class=GuardedRoute, tags=["lists"])
COLUMNS = (
    "id", "what", "state", "needs", "reason", "generation", "asked_by", "asked_at", "decided_by",
    "decided_at", "decision_reason", "ended_by", "ended_at", "ended_reason",
)  # fmt: skip
PROPOSALS = "/api/v1/lists/proposals"


class Wanted(Paging):
    state: State | None = None


@router.get(PROPOSALS, summary="Proposed lists and held updates", response_model=PageOut[ListsProposalOut])
def list_lists_proposals(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """Newest first, without their texts."""
    found, next_ = list_proposals.page_of(
        here, state=asked.state, limit=asked.limit, cursor=read_cursor(asked.cursor)
    )
    rows = [each.model_dump(mode="json", exclude={"text"}) for each in found]
    return listed(request, rows, write_cursor(next_), COLUMNS)


@router.post(
    PROPOSALS,
    summary="Propose the server's lists.yaml, or take up a held update",
    response_model=ListsProposalOut,
    status_code=201,
    responses={202: {"model": TaskOut, "description": "It is being built; ask how far it is"}},
)
def propose_lists(here: Here, body: ListsProposalIn) -> Response:
    """lists.yaml is fetched and compiled first, which takes a while: 202. A held update is there: 201."""
    if body.held is None:
        job = list_tasks.start_proposal(here, body.reason)
        told = list_tasks.job_out(here, job).model_dump(mode="json")
        return JSONResponse(told, 202, {"Location": "/api/v1/lists/updates/current"})
    made = lists.propose_held(here.desk, here.reader.actor, body.held, body.reason, here.now)
    view = list_proposals.one(here, made).model_dump(mode="json")
    return JSONResponse(view, 201, {"Location": f"{PROPOSALS}/{made.id}"})


@router.get("/api/v1/lists/proposals/{id}", summary="One of them")
def get_lists_proposal(here: Here, id: Id) -> ListsProposalOut:
    return list_proposals.one(here, find(here, KIND, id))


@router.post("/api/v1/lists/proposals/{id}/approve", summary="Agree to it")
def approve_lists(here: Here, id: Id, body: Approval = NO_MORE) -> ListsProposalOut:
    """In force within two seconds. A held update that opens more has to be taken up by somebody first."""
    return _settle(here, id, partial(proposals.approve, preview_read=body.preview), body.reason)


@router.post("/api/v1/lists/proposals/{id}/decline", summary="Say no to it")
def decline_lists(here: Here, id: Id, body: Why) -> ListsProposalOut:
    return _settle(here, id, proposals.decline, body.reason)


@router.post("/api/v1/lists/proposals/{id}/withdraw", summary="Take back one's own proposal")
def withdraw_lists(here: Here, id: Id, body: Remark = NO_REMARK) -> ListsProposalOut:
    return _settle(here, id, proposals.withdraw, body.reason)


def _settle(here: Visit, id_: str, verb: Verb, reason: str) -> ListsProposalOut:
    return list_proposals.one(here, settle(here, KIND, id_, verb, reason))

"""The sealed envelope in the school's safe (S84): a code that stands in for the second person, once."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import break_glass
from audit_api.agreeing import Verb, find, settle
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.review_shapes import (
    ApprovedOut,
    ApproveWithIn,
    CodeIn,
    CodeOut,
    EnvelopeOut,
    EnvelopeProposalOut,
)
from audit_api.rows import listed, read_cursor, write_cursor
from audit_api.shapes import NO_REMARK, Paging, Remark, Why
from audit_api.window import AtWindow, Here, Id, Visit
from change_control import proposals
from change_control.break_glass import KIND
from filter_policy.life_cycle import State

router = APIRouter(route_class=GuardedRoute, tags=["break-glass"])
COLUMNS = (
    "id", "kind", "state", "reason", "asked_by", "asked_at", "decided_by", "decided_at", "decision_reason",
    "ended_by", "ended_at", "ended_reason",
)  # fmt: skip


class Wanted(Paging):
    state: State | None = None


@router.get("/api/v1/break-glass", summary="Whether an envelope lies in the safe")
def get_status(here: Here) -> EnvelopeOut:
    """The last one that was made: who made it, and whether it was used. Never its code."""
    return break_glass.status(here)


@router.post("/api/v1/break-glass/approve", summary="Agree alone, with the envelope")
def approve_with(request: Request, here: Here, body: ApproveWithIn) -> ApprovedOut:
    """To a policy, lists, an unblock, or people without a console. 404 for a code that does not work.

    The headteacher, the coordinator and the governors are told at once, and two others have to sign.
    """
    return break_glass.approve_with(here, request, body.proposal, body.code, body.reason)


@router.post("/api/v1/break-glass/code", summary="A new enrolment code, when nobody can sign in")
def new_code(request: Request, window: AtWindow, body: CodeIn) -> CodeOut:
    """For somebody who may approve. Until two others have signed, that account opens nothing."""
    made = break_glass.new_code(window, request, body.username, body.code, body.reason)
    return CodeOut(username=body.username.strip().lower(), code=made)


@router.get(
    "/api/v1/break-glass/proposals",
    summary="Envelopes being made",
    response_model=PageOut[EnvelopeProposalOut],
)
def list_envelopes(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """Newest first: who asked for one, who answered, and what became of it. Never a half of its code."""
    found, next_ = break_glass.proposals_page(
        here, state=asked.state, limit=asked.limit, cursor=read_cursor(asked.cursor)
    )
    rows = [each.model_dump(mode="json", exclude={"half"}) for each in found]
    return listed(request, rows, write_cursor(next_), COLUMNS)


@router.post("/api/v1/break-glass/proposals", summary="Make an envelope", status_code=201)
def make_envelope(here: Here, body: Why, response: Response) -> EnvelopeProposalOut:
    """Tells the first half of its code, once. The other half is told to whoever agrees."""
    made = break_glass.make(here, body.reason)
    response.headers["Location"] = f"/api/v1/break-glass/proposals/{made.id}"
    return made


@router.get("/api/v1/break-glass/proposals/{id}", summary="One envelope being made")
def get_envelope(here: Here, id: Id) -> EnvelopeProposalOut:
    """Who asked for it, who answered, and what became of it. Never a half of its code."""
    return break_glass.one(here, find(here, KIND, id))


@router.post("/api/v1/break-glass/proposals/{id}/approve", summary="Agree to a new envelope")
def approve_envelope(here: Here, id: Id, body: Remark = NO_REMARK) -> EnvelopeProposalOut:
    """Tells the second half of its code, once. An older envelope no longer works."""
    return _settle(here, id, proposals.approve, body.reason)


@router.post("/api/v1/break-glass/proposals/{id}/decline", summary="Say no to a new envelope")
def decline_envelope(here: Here, id: Id, body: Why) -> EnvelopeProposalOut:
    """By anyone with approving power. The envelope before, if there is one, goes on working."""
    return _settle(here, id, proposals.decline, body.reason)


@router.post("/api/v1/break-glass/proposals/{id}/withdraw", summary="Make no new envelope after all")
def withdraw_envelope(here: Here, id: Id, body: Remark = NO_REMARK) -> EnvelopeProposalOut:
    """By whoever asked. The envelope before, if there is one, goes on working."""
    return _settle(here, id, proposals.withdraw, body.reason)


def _settle(here: Visit, id_: str, verb: Verb, reason: str) -> EnvelopeProposalOut:
    return break_glass.one(here, settle(here, KIND, id_, verb, reason))

"""The policy: read by all who live under it, proposed by one person and agreed by another (B75)."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import policies
from audit_api.agreeing import Verb, find, settle
from audit_api.answers import PageOut, PolicyOut, PolicyProposalOut
from audit_api.guard import GuardedRoute
from audit_api.rows import listed, read_cursor, write_cursor
from audit_api.shapes import NO_MORE, NO_REMARK, Approval, Paging, PolicyProposalIn, Remark, Why
from audit_api.window import Here, Id, Visit
from change_control import proposals
from filter_policy.life_cycle import State

router = APIRouter(route_class=GuardedRoute, tags=["policy"])
COLUMNS = (
    "id", "kind", "state", "reason", "asked_by", "asked_at", "decided_by", "decided_at", "decision_reason",
    "ended_by", "ended_at", "ended_reason",
)  # fmt: skip


class Wanted(Paging):
    state: State | None = None


@router.get("/api/v1/policy", summary="The policy in force", response_model=PolicyOut)
def get_policy(here: Here, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """With an ETag: send it as If-Match with a proposal, and it is refused when another came into force."""
    policy = policies.in_force(here)
    tag = policies.etag(policy)
    if if_none_match and tag in [each.strip().removeprefix("W/") for each in if_none_match.split(",")]:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(policy.model_dump_json(), media_type="application/json", headers={"ETag": tag})


@router.get(
    "/api/v1/policy/proposals", summary="Proposed policies", response_model=PageOut[PolicyProposalOut]
)
def list_policy_proposals(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """Newest first, without their texts."""
    found, next_ = policies.page_of(
        here, state=asked.state, limit=asked.limit, cursor=read_cursor(asked.cursor)
    )
    rows = [each.model_dump(mode="json", exclude={"text"}) for each in found]
    return listed(request, rows, write_cursor(next_), COLUMNS)


@router.post("/api/v1/policy/proposals", summary="Propose a policy", status_code=201)
def propose_policy(
    here: Here,
    body: PolicyProposalIn,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the policy that this one is based on")
    ] = None,
) -> PolicyProposalOut:
    """The whole text. With faults: 422, each named by its line, and the policy in force stays."""
    made = policies.propose(here, body.text, body.reason, if_match)
    response.headers["Location"] = f"/api/v1/policy/proposals/{made.id}"
    return policies.one(here, made)


@router.get("/api/v1/policy/proposals/{id}", summary="One proposed policy")
def get_policy_proposal(here: Here, id: Id) -> PolicyProposalOut:
    return policies.one(here, find(here, policies.KIND, id))


@router.post("/api/v1/policy/proposals/{id}/approve", summary="Agree to a policy")
def approve_policy(here: Here, id: Id, body: Approval = NO_MORE) -> PolicyProposalOut:
    """In force within two seconds. 409 when another policy came into force since it was proposed."""
    return _settle(here, id, partial(proposals.approve, preview_read=body.preview), body.reason)


@router.post("/api/v1/policy/proposals/{id}/decline", summary="Say no to a policy")
def decline_policy(here: Here, id: Id, body: Why) -> PolicyProposalOut:
    return _settle(here, id, proposals.decline, body.reason)


@router.post("/api/v1/policy/proposals/{id}/withdraw", summary="Take back one's own proposal")
def withdraw_policy(here: Here, id: Id, body: Remark = NO_REMARK) -> PolicyProposalOut:
    return _settle(here, id, proposals.withdraw, body.reason)


def _settle(here: Visit, id_: str, verb: Verb, reason: str) -> PolicyProposalOut:
    return policies.one(here, settle(here, policies.KIND, id_, verb, reason))

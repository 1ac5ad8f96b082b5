"""What another policy would do, before anybody proposes it; and which ones were in force."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from audit_api import policy_effects
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.policy_effects import PolicyComparisonOut, PolicyVersionOut
from audit_api.rows import listed, read_cursor, write_cursor
from audit_api.shapes import Paging
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["policy"])
COLUMNS = ("id", "in_force_at", "until", "state", "loosening", "proposed_by", "agreed_by", "reason")


class PolicyTextIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, description="The whole policy.yaml")]


@router.post("/api/v1/policy/compare", summary="What a policy would change, before it is proposed")
def compare_policy(here: Here, body: PolicyTextIn) -> PolicyComparisonOut:
    """Against the policy in force, under the lists in force. With faults: 422, each named by its line."""
    return policy_effects.compared(here, body.text)


@router.get(
    "/api/v1/policy/history",
    summary="Policies that were in force, and by whose word",
    response_model=PageOut[PolicyVersionOut],
)
def policy_history(request: Request, here: Here, asked: Annotated[Paging, Query()]) -> Response:
    """Newest first; the first is in force now."""
    found, next_ = policy_effects.versions(here, limit=asked.limit, cursor=read_cursor(asked.cursor))
    rows = [each.model_dump(mode="json") for each in found]
    return listed(request, rows, write_cursor(next_), COLUMNS)

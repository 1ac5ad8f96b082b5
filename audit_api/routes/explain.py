"""Why is this blocked? Answered by the same `decide` as the gate's, on the same bundle."""

from typing import Annotated

from fastapi import APIRouter, Query

from audit_api.answers import ExplanationOut
from audit_api.explaining import explained
from audit_api.guard import GuardedRoute
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["explain"])


@router.get("/api/v1/explain", summary="Would this person reach this address, and why")
def explain(
    here: Here,
    user: Annotated[str, Query(description="user name")],
    url: Annotated[str, Query(description="with http:// or https://, or a bare host name")],
    at: Annotated[str | None, Query(description="ISO 8601; without a zone school time; default now")] = None,
) -> ExplanationOut:
    """Each rule that was looked at, hit or miss, and the verdict. Nothing is recorded: nobody browsed."""
    return explained(here, user, url, here.instant("at", at) or here.now)

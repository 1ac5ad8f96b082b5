"""How long the log is kept, and what went when its time was over (S104)."""

from fastapi import APIRouter

from audit_api.guard import GuardedRoute
from audit_api.retention import RetentionOut, retention_of
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["filtering-log"])


@router.get("/api/v1/retention", summary="What is kept for how long")
def tell_retention(here: Here) -> RetentionOut:
    """By the policy in force. `waits` says why nothing is removed just now, or null."""
    return retention_of(here)

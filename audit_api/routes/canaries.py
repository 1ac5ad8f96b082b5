"""How the filter watches itself: what it was answered when it asked itself (S93, D7)."""

from fastapi import APIRouter

from audit_api.canaries import CanariesOut, canaries_of
from audit_api.guard import GuardedRoute
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["filtering-log"])


@router.get("/api/v1/canaries", summary="What the filter was answered when it asked itself")
def tell_canaries(here: Here) -> CanariesOut:
    """The newest answer for each group and each kind of site, and for each check of the policy; what fails
    comes first. No request of anybody is among them.
    """
    return canaries_of(here)

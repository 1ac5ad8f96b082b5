"""One's own passwords (A89): changed at first use, on demand, and when they are too old."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from audit_api.guard import GuardedRoute
from audit_api.passwords import change_browsing_password, change_own
from audit_api.shapes import BrowsingPasswordIn, PasswordIn
from audit_api.window import AtWindow, Here

router = APIRouter(route_class=GuardedRoute, tags=["session"])


@router.post("/api/v1/password", summary="Change a password of one's own", status_code=204)
async def change(body: PasswordIn, request: Request, here: Here) -> Response:
    """Signs out every other session of this person. Works while a password must be changed."""
    await change_own(here, request, body.which, body.old, body.new)
    return Response(status_code=204)


@router.post("/api/v1/browsing-password", summary="Change a browsing password", status_code=204)
async def change_browsing(body: BrowsingPasswordIn, request: Request, window: AtWindow) -> Response:
    """For everybody, pupils too, without signing in: the old password is the right to a new one."""
    await change_browsing_password(window, request, body.username, body.old, body.new)
    return Response(status_code=204)

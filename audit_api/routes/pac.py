"""How a device finds the gate: asked before anybody has signed in to anything."""

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from audit_api.guard import GuardedRoute

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
MEDIA_TYPE = "application/x-ns-proxy-autoconfig"


@router.api_route("/proxy.pac", methods=["GET", "HEAD"])
@router.api_route("/wpad.dat", methods=["GET", "HEAD"])
def pac(request: Request) -> Response:
    """The same for everybody, so it may be kept for a while. None at all rather than one that misleads."""
    text = str(getattr(request.app.state, "pac", ""))
    if not text:
        why = str(getattr(request.app.state, "no_pac", ""))
        says = f"This school hands out no such file{f': {why}' if why else ''}.\n"
        return PlainTextResponse(says, 404)
    return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "public, max-age=3600"})

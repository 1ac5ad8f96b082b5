"""For machines that watch."""

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from audit_api.guard import GuardedRoute
from audit_api.health import checks, metrics
from audit_api.window import AtWindow

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def readyz(window: AtWindow) -> Response:
    """The system can do its work, or which part of it cannot."""
    found = checks(window)
    ready = all(check.works for check in found)
    body = {"ready": ready, "checks": [asdict(check) for check in found]}
    return JSONResponse(body, 200 if ready else 503)


@router.get("/metrics")
def get_metrics(window: AtWindow) -> Response:
    return Response(metrics(window), media_type="text/plain; version=0.0.4")

"""`with_staff_permission`: a member of staff opens it for their own class, for one lesson at most."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from audit_api import openings
from audit_api.answers import OpeningOut, PageOut
from audit_api.guard import GuardedRoute
from audit_api.rows import listed
from audit_api.shapes import OpeningIn
from audit_api.window import Here, Id, Visit
from change_control.openings import close_opening, open_for_class

router = APIRouter(route_class=GuardedRoute, tags=["openings"])
COLUMNS = ("id", "classes", "starts_at", "ends_at", "reason", "opened_by")


@router.get("/api/v1/openings", summary="What is open for a class now", response_model=PageOut[OpeningOut])
def list_openings(request: Request, here: Here) -> Response:
    return listed(request, [each.model_dump(mode="json") for each in openings.now_open(here)], None, COLUMNS)


@router.post("/api/v1/openings", summary="Open for one's own class", status_code=201)
def open_now(here: Here, body: OpeningIn) -> OpeningOut:
    """Only what the policy gives `with_staff_permission`; two people agreed to that row."""
    made = open_for_class(here.desk, here.reader.actor, body.class_, body.minutes, body.reason, here.now)
    return _one(here, made.id)


@router.post("/api/v1/openings/{id}/close", summary="Shut it before its time", status_code=204)
def close(here: Here, id: Id) -> Response:
    close_opening(here.desk, here.reader.actor, id, here.now)
    return Response(status_code=204)


def _one(here: Visit, id_: str) -> OpeningOut:
    return next(each for each in openings.now_open(here) if each.id == id_)

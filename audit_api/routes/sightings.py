"""Sightings (I7, A433, A455, S83): what must not be overlooked, for those who have to act on it."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.rows import listed
from audit_api.sightings import Asked, SightingOut, page_of
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["sightings"])
COLUMNS = tuple(SightingOut.model_fields)


@router.get("/api/v1/sightings", summary="Sightings", response_model=PageOut[SightingOut])
def list_sightings(request: Request, here: Here, asked: Annotated[Asked, Query()]) -> Response:
    """Newest first, nameless. The coordinator and the headteacher read names with `names=yes` and a
    `purpose`; that leaves a line in the change log, for each page. The address is in none of them.
    """
    found, next_ = page_of(here, asked)
    return listed(request, [each.model_dump(mode="json") for each in found], next_, COLUMNS)

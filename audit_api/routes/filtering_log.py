"""The filtering log (A54, S89): what was asked for and how it was answered."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api.answers import LogRowOut, PageOut
from audit_api.filtering_log import Wanted, page_of
from audit_api.guard import GuardedRoute
from audit_api.rows import listed
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["filtering-log"])
COLUMNS = tuple(LogRowOut.model_fields)


@router.get("/api/v1/filtering-log", summary="The filtering log", response_model=PageOut[LogRowOut])
def list_filtering_log(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """Newest first, nameless: rows say "a pupil of 6B".

    Reading by name, with `names=yes` or `person`, needs a `purpose` and leaves a line in the change log,
    for each page. Governors never read by name, and see no path.
    """
    found, next_ = page_of(here, asked)
    return listed(request, [each.model_dump(mode="json") for each in found], next_, COLUMNS)

"""Is the filtering log whole? Every row is read again (A54, S12)."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from audit_api.guard import GuardedRoute
from audit_api.row_checks import check_of
from audit_api.shapes import _In
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["filtering-log"])


class Asked(_In):
    day: Annotated[str | None, Field(max_length=10, description="one day (UTC) alone: 2026-11-24")] = None


LINES = {"description": "A stream", "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}


@router.get(
    "/api/v1/filtering-log/verify",
    summary="Is the filtering log whole?",
    response_class=Response,
    responses={200: LINES},
)
def verify_filtering_log(here: Here, asked: Annotated[Asked, Query()]) -> Response:
    """Reads every row again, and the change log with it. Lines of JSON: one for each day that is read
    (`day`, `done`, `days`), and at the end `whole`, `rows`, `entries` and `first_bad` of the change log,
    `says`, and `faults`: each row that was edited, removed or added, the first twenty by name.

    Some thousands of rows a second. One that breaks off ends without the end of HTTP.
    """
    return check_of(here, asked.day)

"""The filtering log (A54, S89): what was asked for and how it was answered."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api.answers import LogPageOut, LogRowOut
from audit_api.filtering_log import page_of
from audit_api.guard import GuardedRoute
from audit_api.log_export import export_of
from audit_api.log_tail import ToWatch, tail_of
from audit_api.log_wanted import ToExport, Wanted
from audit_api.rows import listed
from audit_api.streams import with_an_end
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["filtering-log"])
COLUMNS = tuple(LogRowOut.model_fields)
TEXT = {"schema": {"type": "string"}}


def _streams(*kinds: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "A stream", "content": dict.fromkeys(kinds, TEXT)}}


@router.get("/api/v1/filtering-log", summary="The filtering log", response_model=LogPageOut)
def list_filtering_log(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """Newest first, nameless: rows say "a pupil of 6B". What a person opened, and whatever was blocked.

    Reading by name, with `names=yes`, `person` or `search_terms`, needs a `purpose` and leaves a line in the
    change log, for each page. Governors never read by name, and see no path and no search terms.
    """
    shown = page_of(here, asked)
    rows = [each.model_dump(mode="json") for each in shown.rows]
    return listed(request, rows, shown.next, COLUMNS, searched_to=shown.searched_to)


@router.get(
    "/api/v1/filtering-log/export",
    summary="All that a filter finds",
    response_class=Response,
    responses=_streams("text/csv", "application/x-ndjson"),
    dependencies=[Depends(with_an_end)],
)
def export_filtering_log(here: Here, asked: Annotated[ToExport, Query()]) -> Response:
    """A stream, as CSV or as lines of JSON. `Export-Event` is the line of the change log that tells of it,
    also on each row as `export_event`; `Export-Rows` says how many rows there were to read when it began.

    One that breaks off ends without the end of HTTP, so that no program takes it for the whole.
    """
    return export_of(here, asked)


@router.get(
    "/api/v1/filtering-log/tail",
    summary="Rows as they are stored",
    response_class=Response,
    responses=_streams("application/x-ndjson"),
)
def tail_filtering_log(here: Here, asked: Annotated[ToWatch, Query()]) -> Response:
    """Lines of JSON; empty ones mean that nothing came. The last is `{"ended": "time"}` after fifteen
    minutes, or `right` when you may not read this any more. It leaves a line in the change log, and one at
    its end.
    """
    return tail_of(here, asked)

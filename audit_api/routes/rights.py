"""Who may do what: the same table over the API, as CSV, and as a page that a governor reads."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from audit_api.guard import GuardedRoute
from audit_api.pages import page
from audit_api.rows import as_csv, wants_csv
from audit_api.who_may import COLUMNS, RightsOut, as_rows, rights_table

AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
router = APIRouter(route_class=GuardedRoute, tags=["rights"])


@router.get("/api/v1/rights", summary="Who may do what", response_model=RightsOut, responses=AS_CSV)
def tell_rights(request: Request) -> Response:
    """A line for each action in plain words, with the roles that may. CSV, with a column for each role, by
    `Accept: text/csv`. What anybody may, without signing in, says `anybody`.
    """
    table, headers = rights_table(), {"Vary": "Accept"}
    if wants_csv(request):
        return Response(as_csv(as_rows(table), COLUMNS), media_type="text/csv", headers=headers)
    return JSONResponse(table.model_dump(mode="json"), headers=headers)


@router.get("/rights", include_in_schema=False)
def rights_page(request: Request) -> Response:
    return page(request, "rights.html", table=rights_table())

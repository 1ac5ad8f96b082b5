"""Reports (S8, S12, S18): a month in figures, from totals in which nobody is."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from audit_api.guard import GuardedRoute
from audit_api.report_shapes import Asked, ReportOut
from audit_api.reports import COLUMNS, report_of, rows_of
from audit_api.rows import as_csv, wants_csv
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["reports"])
HEADERS = {"Vary": "Accept"}


@router.get(
    "/api/v1/reports/month",
    summary="A month in figures",
    response_model=ReportOut,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def month_report(request: Request, here: Here, asked: Annotated[Asked, Query()]) -> Response:
    """Nobody is in it: groups of at most three people are told as one, and a site is named only when it was
    blocked more than ten times. As CSV, a figure to a line.
    """
    found = report_of(here, asked.month)
    if wants_csv(request):
        return Response(as_csv(list(rows_of(found)), COLUMNS), media_type="text/csv", headers=HEADERS)
    return JSONResponse(found.model_dump(mode="json", by_alias=True), headers=HEADERS)

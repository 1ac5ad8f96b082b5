"""Page: a month in sentences and three tables, made to be read aloud or printed."""

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api.guard import GuardedRoute
from audit_api.pages import page
from audit_api.problems import Problem, fields_of
from audit_api.report_shapes import Asked
from audit_api.reports import OFTEN, report_of
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/reports")
def reports_page(request: Request, here: Here) -> Response:
    """What is no month is told on the page, beside the report of this one."""
    errors: dict[str, str] = {}
    given = request.query_params.get("month")
    try:
        found = report_of(here, Asked(month=given).month)
    except ValidationError as error:
        errors, found = fields_of(error.errors()), report_of(here, None)
    except Problem as problem:
        if not problem.errors:
            raise
        errors, found = problem.errors, report_of(here, None)
    return page(
        request,
        "reports.html",
        422 if errors else 200,
        found=found,
        errors=errors,
        often=OFTEN,
        made_at=here.now,
    )

"""Anybody with a console reports something (S37, S92). Who did stands with the case, and nowhere else."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from audit_api.answers import ReportTakenOut
from audit_api.guard import GuardedRoute
from audit_api.shapes import InBounds, _In
from audit_api.window import Here, Visit
from change_control.incident_kinds import UNSORTED
from change_control.incident_reports import StaffReport, report_by_staff

router = APIRouter(route_class=GuardedRoute, tags=["incidents"])
TAKEN = "Your report is with the people who deal with it. Whoever it is about does not learn that it was you."


class StaffReportIn(_In):
    """The answer is the same whether it opened a case or became part of one."""

    kind: Annotated[str, Field(max_length=48, description="as GET /api/v1/incidents/kinds lists them")] = (
        UNSORTED
    )
    text: Annotated[str, Field(min_length=1, max_length=2000, description="what happened")]
    person: Annotated[
        str,
        Field(max_length=200, description="user name or whole name of whom it is about; empty: not known"),
    ] = ""
    exclude: Annotated[
        str, Field(max_length=200, description="user name of a leader who must not learn of it")
    ] = ""
    place: Annotated[str, Field(max_length=16, description="on-site, off-site or unknown")] = "unknown"
    happened_at: Annotated[
        Annotated[str, InBounds, Field(max_length=40)] | None,
        Field(description="ISO 8601; null: not known"),
    ] = None
    reference: Annotated[str, Field(max_length=20, description="of a block page")] = ""


@router.post("/api/v1/incidents/reports", summary="Report something", status_code=202)
async def report(here: Here, body: StaffReportIn) -> ReportTakenOut:
    """422 names each field at fault; `exclude` is one where nobody could read the report then."""
    begun = here.window.reporting.clock()
    try:
        await run_in_threadpool(_report, here, body)
    finally:
        await here.window.reporting.rest(begun)
    return ReportTakenOut(says=TAKEN)


def _report(here: Visit, body: StaffReportIn) -> None:
    at = here.instant("happened_at", body.happened_at)
    report_by_staff(here.desk, here.reader.actor, said(body, at), here.now)


def said(body: StaffReportIn, happened_at: datetime | None) -> StaffReport:
    return StaffReport(
        body.kind, body.text, body.person, body.exclude, body.place, happened_at, body.reference
    )

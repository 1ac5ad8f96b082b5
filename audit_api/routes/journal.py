"""The journal: damage that the recorder waits at, and records that could not become rows."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import journal
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.journal import AsideRecordOut, Asked, JournalOut, ReleaseIn, ReleaseOut
from audit_api.rows import listed
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["journal"])
COLUMNS = tuple(AsideRecordOut.model_fields)


@router.get("/api/v1/journal", summary="Damage and records set aside")
def get_journal(here: Here) -> JournalOut:
    """Places, counts and reasons; nothing of what anybody asked for."""
    return journal.state_of(here)


@router.get(
    "/api/v1/journal/aside",
    summary="Records that could not become rows",
    response_model=PageOut[AsideRecordOut],
)
def list_aside(request: Request, here: Here, asked: Annotated[Asked, Query()]) -> Response:
    """May be somebody's browsing: needs a `purpose`, and leaves a line in the change log for each page."""
    found, next_ = journal.records_of(here, asked)
    return listed(request, [each.model_dump(mode="json") for each in found], next_, COLUMNS)


@router.post("/api/v1/journal/releases", summary="Let the recorder go on after damage", status_code=201)
def release_journal(here: Here, body: ReleaseIn) -> ReleaseOut:
    """It goes on at `resume` within seconds. The damaged bytes stay where they are, and their copy too."""
    return journal.let_go_on(here, body)

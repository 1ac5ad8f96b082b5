"""The lists: which there are, how old, what they say of a site; fetched anew, and gone back on."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from audit_api import list_tasks, lists
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.list_answers import GenerationOut, ListsOut, LookupOut, TaskOut
from audit_api.problems import Problem
from audit_api.rows import as_csv, listed, wants_csv
from audit_api.shapes import ListUpdateIn, RollbackIn
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["lists"])
COLUMNS = (
    "list_id", "categories", "format", "licence", "source", "entries", "lines", "understood", "sha256",
    "checked_at", "fetched_at", "every", "due", "overdue", "fault",
)  # fmt: skip
GENERATIONS = (
    "generation", "what", "in_force", "since", "until", "by", "reason", "entries", "on_disk", "proposal",
)  # fmt: skip
CURRENT = "/api/v1/lists/updates/current"


@router.get("/api/v1/lists", summary="The category lists in force", response_model=ListsOut)
def get_lists(request: Request, here: Here) -> Response:
    """Counts, ages and names; never an entry."""
    found = lists.in_force(here).model_dump(mode="json")
    if wants_csv(request):
        return Response(as_csv(found["rows"], COLUMNS), media_type="text/csv")
    return JSONResponse(found)


@router.get(
    "/api/v1/lists/generations",
    summary="Lists that are or were in force",
    response_model=PageOut[GenerationOut],
)
def get_generations(request: Request, here: Here) -> Response:
    """The last first. Only those that are still on disk can be gone back to."""
    rows = [each.model_dump(mode="json") for each in lists.generations(here)]
    return listed(request, rows, None, GENERATIONS)


@router.get("/api/v1/lists/lookup", summary="What the lists say of an address")
def lookup(
    here: Here,
    url: Annotated[str, Query(description="with http:// or https://, or a bare host name", max_length=8000)],
) -> LookupOut:
    """Each list that has it, with the entry and the licence; of illegal content no entry is read out."""
    return lists.lookup(here, url)


@router.post("/api/v1/lists/updates", summary="Fetch lists now", status_code=202)
def update(here: Here, response: Response, body: ListUpdateIn | None = None) -> TaskOut:
    """Goes on when the caller leaves. What it may not do by itself waits for people, as a held update."""
    job = list_tasks.ask_for_update(here, body.lists if body else None)
    response.headers["Location"] = CURRENT
    return list_tasks.job_out(here, job)


@router.get(CURRENT, summary="How far the last task on the lists is")
def current(here: Here) -> TaskOut:
    """An update, lists being built for a proposal, or a way back. 404: none since the API was started."""
    found = list_tasks.task_out(here)
    if found is None:
        raise Problem("not-found")
    return found


@router.post("/api/v1/lists/rollback", summary="Go back to earlier lists", status_code=202)
def rollback(here: Here, response: Response, body: RollbackIn) -> TaskOut:
    """At once where that opens no more than was agreed; else it becomes a proposal."""
    job = list_tasks.start_rollback(here, body.generation, body.reason)
    response.headers["Location"] = CURRENT
    return list_tasks.job_out(here, job)

"""The lists in force: how many entries each has, never which."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from audit_api.answers import ListsOut
from audit_api.guard import GuardedRoute
from audit_api.rows import as_csv, wants_csv
from audit_api.window import Here
from filter_lists.index import Index

router = APIRouter(route_class=GuardedRoute, tags=["lists"])
COLUMNS = ("list_id", "category", "format", "entries", "lines", "understood", "sha256")


@router.get("/api/v1/lists", summary="The category lists in force", response_model=ListsOut)
def get_lists(request: Request, here: Here) -> Response:
    lists = here.desk.lists()
    rows = [
        {column: getattr(each, column) for column in COLUMNS}
        for each in (lists.lists if isinstance(lists, Index) else ())
    ]
    if wants_csv(request):
        return Response(as_csv(rows, COLUMNS), media_type="text/csv")
    return JSONResponse({"generation": lists.generation, "rows": rows, "next": None})

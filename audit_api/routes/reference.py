"""The description of the API, the stylesheet and the script. Public: there is nothing of the school in it."""

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from audit_api.guard import GuardedRoute
from audit_api.pages import FOLDER, page, see_other
from audit_api.problems import KINDS, Problem
from audit_api.reference import operations

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
STATIC = FOLDER / "static"
TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}


@router.get("/openapi.json")
def openapi(request: Request) -> Response:
    return JSONResponse(request.app.openapi())


@router.get("/docs")
def docs(request: Request) -> Response:
    return page(request, "docs.html", tags=operations(request.app.openapi()), kinds=KINDS)


@router.get("/problems/{slug}")
def problem(slug: str) -> Response:
    """Where the `type` of a problem leads."""
    if slug not in KINDS:
        raise Problem("not-found")
    return see_other(f"/docs#problem-{slug}")


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Only files that lie here, by their own name: nothing is put together into a path."""
    found = {path.name: path for path in STATIC.iterdir() if path.suffix in TYPES}.get(name)
    if found is None:
        raise Problem("not-found")
    return _file(found)


def _file(path: Path) -> Response:
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"Cache-Control": "public, max-age=300"})

"""Page: how to check the change log at home, trusting nobody here, and the two files for it (A54, S12)."""

import hashlib
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from audit_api.change_proofs import key_of
from audit_api.guard import GuardedRoute
from audit_api.pages import page
from audit_api.problems import Problem
from audit_api.window import Here
from audit_log import offline
from audit_log.checkpoint import checkpoints
from audit_log.db import reading

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
FOLDER = Path(offline.__file__).parent
# A page is saved and then opened from disk: here it could run no script, and should not be believed.
TYPES = {"verify_changes.html": "text/html", "verify_changes.py": "text/x-python"}


@router.get("/verify")
def how_to_verify(request: Request, here: Here) -> Response:
    with reading(here.desk.engine) as conn:
        last = next(iter(checkpoints(conn, limit=1)), None)
    return page(
        request,
        "verify.html",
        files=[(name, _sha256(name)) for name in TYPES],
        key=key_of(here),
        last=last,
    )


@router.get("/verify/{name}")
def verifier(name: str) -> Response:
    """To be saved. Only these two, by their own names: nothing is put together into a path."""
    if name not in TYPES:
        raise Problem("not-found")
    return FileResponse(FOLDER / name, media_type=TYPES[name], filename=name)


def _sha256(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()

"""A signed checkpoint as a QR code: an image of its own, since our pages draw nothing themselves."""

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import select
from starlette.responses import Response

from audit_api.guard import GuardedRoute
from audit_api.problems import Problem
from audit_api.qr import svg
from audit_api.window import Here
from audit_log.as_written import as_written, shown
from audit_log.db import reading
from audit_log.tables import checkpoint

router = APIRouter(route_class=GuardedRoute, tags=["changes"])
LARGEST = 2**31 - 1
LONGEST = 2000  # characters that one code holds, and still can be photographed


@router.get(
    "/api/v1/changes/checkpoints/{size}/qr.svg",
    summary="One checkpoint as a QR code",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
)
def checkpoint_qr(here: Here, size: Annotated[int, Path(ge=1, le=LARGEST)]) -> Response:
    """Its text is the note exactly as it was signed. A photograph of it proves all that came before."""
    note = _note(here, size)
    if note is None or len(note) > LONGEST:
        raise Problem("not-found")
    title = f"Checkpoint of {size} entries of the change log"
    return Response(svg(note, title), media_type="image/svg+xml")


def _note(here: Here, size: int) -> str | None:
    with reading(here.desk.engine) as conn, as_written(conn):
        found = conn.scalar(select(checkpoint.c.note).where(checkpoint.c.size == size))
    return None if found is None else shown(found)

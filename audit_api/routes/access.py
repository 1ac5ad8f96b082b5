"""Subject access (S105): one person's data, to hand over to that person."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from audit_api.access import Wanted, access_of
from audit_api.access_forms import MEDIA_TYPES
from audit_api.guard import GuardedRoute
from audit_api.window import Here, Id

router = APIRouter(route_class=GuardedRoute, tags=["data-protection"])
FILE = {
    kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
    for kind in MEDIA_TYPES.values()
}


@router.get(
    "/api/v1/people/{id}/access",
    summary="All that is kept about one person",
    response_class=Response,
    responses={200: {"content": FILE}},
)
def access(here: Here, id: Id, asked: Annotated[Wanted, Query()]) -> Response:
    """A file to hand over: a zip of all three forms with a letter, or one of them. Needs a `purpose`.

    It leaves a line in the change log before its first byte; the number of that line is in it, and in the
    header `Export-Event`.
    """
    return access_of(here, id, asked)

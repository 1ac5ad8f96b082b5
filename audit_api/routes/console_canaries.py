"""Page: the filter asks itself."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from audit_api.canaries import canaries_of
from audit_api.guard import GuardedRoute
from audit_api.pages import page
from audit_api.watch_alarms import share_words, shares
from audit_api.window import Here
from audit_log.db import reading
from change_control.in_force import parsed_policy

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/canaries")
def canaries_page(request: Request, here: Here) -> Response:
    with reading(here.desk.engine) as conn:
        policy = parsed_policy(conn)
        blocks = share_words(shares(conn, policy, here.now), policy)
    return page(request, "canaries.html", found=canaries_of(here), blocks=blocks)

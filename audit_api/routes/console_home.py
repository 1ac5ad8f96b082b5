"""Page: the first one, made for what this role comes for."""

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from audit_api import openings, unblocks
from audit_api.alarms import alarms
from audit_api.guard import GuardedRoute
from audit_api.pages import page, waiting_for
from audit_api.reviews import counts
from audit_api.rights import APPROVING, ASKING, READING
from audit_api.window import Here, Visit
from audit_log.db import reading
from change_control.queries import list_proposals, overtaken
from filter_policy.life_cycle import State

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
MOST = 99


@router.get("/")
def home(request: Request, here: Here) -> Response:
    role = here.reader.role
    mine, _ = unblocks.page_of(here, mine=True, limit=5) if role in ASKING else ([], None)
    with reading(here.desk.engine) as conn:
        waiting = {
            kind: _count(conn, here, kind, State.REQUESTED)
            for kind in ("unblock", "policy", "lists", "people")
        }
        open_now = _count(conn, here, "unblock", State.APPROVED)
        reviews = counts(conn, here.now) if role in READING else (0, 0, 0)
    return page(
        request,
        "home.html",
        mine=mine,
        waiting=waiting,
        to_answer=waiting_for(here) if role in APPROVING else 0,
        open_now=open_now,
        reviews=reviews,
        openings=openings.now_open(here),
        asks=role in ASKING,
        approves=role in APPROVING,
        reads=role in READING,
        alarms=alarms(here),
    )


def _count(conn: Connection, here: Visit, kind: str, state: State) -> int:
    """Without what nobody can agree to any more."""
    rows = list_proposals(conn, here.now, kind=kind, state=state, limit=MOST).rows
    return len(rows) - len(overtaken(conn, rows))

"""Signing in and out, for programs. The token is shown once; only its hash is kept."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from audit_api.answers import OwnSessionsOut, SessionOut, WhoOut
from audit_api.guard import GuardedRoute
from audit_api.own_sessions import end_everywhere, sessions_of_reader
from audit_api.problems import Problem
from audit_api.shapes import Credentials
from audit_api.sign_in import sign_in
from audit_api.times import iso
from audit_api.window import AtWindow, Here, Visit
from audit_log.db import writing
from audit_log.sessions import end_session

router = APIRouter(route_class=GuardedRoute, tags=["session"])


@router.post("/api/v1/session", summary="Sign in")
async def open_session(request: Request, body: Credentials, window: AtWindow) -> SessionOut:
    """Staff without a console password use their browsing password; everybody else here has one.

    Five wrong passwords for one account from one address, and each further attempt waits longer: 429 with
    Retry-After, up to fifteen minutes. With a second factor, `code` too: 401 code-needed without it.
    """
    signed_in = await sign_in(window, request, body.username, body.password, body.code)
    person = signed_in.person
    return SessionOut(
        token=signed_in.token,
        username=person.username,
        name=person.name,
        role=person.role,
        must_change_password=signed_in.must_change,
        must_set_second_factor=signed_in.must_set_factor,
        ends_at=iso(signed_in.ends_at),
    )


@router.get("/api/v1/session", summary="Who am I")
def who_am_i(here: Here) -> WhoOut:
    reader = here.reader
    return WhoOut(
        username=reader.username,
        name=reader.name,
        role=reader.role,
        must_change_password=reader.must_change,
        must_set_second_factor=reader.needs_factor,
        zone=_zone(here),
    )


def _zone(here: Visit) -> str:
    """Before any policy is in force there is no school time."""
    try:
        return here.zone.key
    except Problem:
        return "UTC"


@router.get("/api/v1/sessions", summary="Where I am signed in")
def own_sessions(here: Here) -> OwnSessionsOut:
    return OwnSessionsOut(rows=sessions_of_reader(here))


@router.delete("/api/v1/sessions", summary="Sign out everywhere", status_code=204)
def sign_out_everywhere(here: Here) -> Response:
    """This session too. Tokens of programs go on: revoke those that you do not know."""
    end_everywhere(here)
    return Response(status_code=204)


@router.delete("/api/v1/session", summary="Sign out", status_code=204)
def close_session(here: Here) -> Response:
    with writing(here.desk.engine) as conn:
        end_session(conn, here.desk.session_key, here.reader.token, here.now)
    return Response(status_code=204)

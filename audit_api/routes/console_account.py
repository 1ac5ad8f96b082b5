"""Pages: signing in and out, using a code, changing a password."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from audit_api.faults import by_field
from audit_api.guard import GuardedRoute
from audit_api.own_sessions import end_before, renewed
from audit_api.pages import is_local, page, see_other
from audit_api.passwords import change_browsing_password, change_own
from audit_api.problems import Problem
from audit_api.sign_in import admitted, in_hashing_thread, known
from audit_api.texts import Storable
from audit_api.tickets import of_ticket, ticket_for
from audit_api.window import AtWindow, Here, Visit, Window
from audit_log.db import reading, writing
from audit_log.people import Registered, Which, person_by_id
from audit_log.sessions import end_session
from change_control.enrolment import enrol
from change_control.errors import ChangeError

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=1000), Storable]
NOT_THE_SAME = {"again": "is not the same as the first one"}


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> Response:
    return page(request, "sign_in.html", next=next, username="", told=None)


@router.post("/sign-in")
async def do_sign_in(
    request: Request, window: AtWindow, username: Text = "", password: Text = "", next: Text = "/"
) -> Response:
    now = window.clock()
    try:
        person = await known(window, request, username, password, now)
    except Problem as problem:
        return _again(request, problem, "sign_in.html", next=next, username=username)
    return await _second_step(request, window, person, None, now, next_=next)


@router.post("/sign-in/code")
async def sign_in_with_code(
    request: Request, window: AtWindow, ticket: Text = "", code: Text = "", next: Text = "/"
) -> Response:
    now = window.clock()
    try:
        person = await run_in_threadpool(of_ticket, window, ticket, now)
    except Problem as problem:
        return _again(request, problem, "sign_in.html", next=next, username="")
    return await _second_step(request, window, person, code, now, next_=next, ticket=ticket)


async def _second_step(
    request: Request,
    window: Window,
    person: Registered,
    code: str | None,
    now: datetime,
    *,
    next_: str,
    ticket: str = "",
) -> Response:
    """In, or the form for the code, which has no password in it. `code` None: not asked for one yet."""
    try:
        signed_in = await admitted(window, person, code, now)
    except Problem as problem:
        asked = {"next": next_, "ticket": ticket or ticket_for(window, person, now)}
        if code is None and problem.slug == "code-needed":
            return page(request, "sign_in_code.html", 200, told=None, **asked)
        return _again(request, problem, "sign_in_code.html", **asked)
    return await _signed_in(request, window, signed_in.token, next_)


def _again(request: Request, problem: Problem, template: str, **context: object) -> Response:
    again = page(request, template, problem.kind.status, told=problem.detail, **context)
    again.headers.update(problem.headers)
    return again


async def _signed_in(request: Request, window: Window, token: str, next_: str) -> Response:
    """Whoever was signed in with this browser before is not any more."""
    await run_in_threadpool(end_before, window, request.cookies.get(window.cookie))
    answer = see_other(next_ if is_local(next_) else "/")
    _set_cookie(request, window, answer, token)
    return answer


def _set_cookie(request: Request, window: Window, answer: Response, token: str) -> None:
    secure = not window.dev_http or request.url.scheme == "https"
    answer.set_cookie(window.cookie, token, path="/", secure=secure, httponly=True, samesite="strict")


@router.post("/sign-out")
def sign_out(here: Here) -> Response:
    with writing(here.desk.engine) as conn:
        end_session(conn, here.desk.session_key, here.reader.token, here.now)
    answer = see_other("/sign-in?done=signed-out")
    answer.delete_cookie(here.window.cookie, path="/", secure=not here.window.dev_http, httponly=True)
    return answer


@router.get("/enrol")
def enrol_page(request: Request) -> Response:
    return page(request, "enrol.html", code="")


@router.post("/enrol")
async def do_enrol(
    request: Request, window: AtWindow, code: Text = "", password: Text = "", again: Text = ""
) -> Response:
    now = window.clock()
    try:
        if password != again:
            raise Problem("bad-input", errors=NOT_THE_SAME)
        await in_hashing_thread(window, lambda: enrol(window.desk, code, password, now))
    except (ChangeError, Problem) as error:
        return page(request, "enrol.html", 422, code=code, errors=by_field(error, "code"))
    return see_other("/sign-in?done=enrolled")


@router.get("/password")
def password_page(request: Request, here: Here) -> Response:
    return _password_page(request, here, 200, {}, "console")


@router.post("/password")
async def change_password(
    request: Request,
    here: Here,
    *,
    which: Annotated[Which, Form()] = "console",
    old: Text = "",
    new: Text = "",
    again: Text = "",
) -> Response:
    try:
        if new != again:
            raise Problem("bad-input", errors=NOT_THE_SAME)
        await change_own(here, request, which, old, new)
    except (ChangeError, Problem) as error:
        wrong = by_field(error, "old")
        return await run_in_threadpool(_password_page, request, here, 422, wrong, which)
    answer = see_other("/?done=password")
    _set_cookie(request, here.window, answer, await run_in_threadpool(renewed, here))
    return answer


@router.get("/browsing-password")
def browsing_password_page(request: Request) -> Response:
    return page(request, "browsing_password.html", username="")


@router.post("/browsing-password")
async def change_browsing(
    request: Request,
    window: AtWindow,
    *,
    username: Text = "",
    old: Text = "",
    new: Text = "",
    again: Text = "",
) -> Response:
    try:
        if new != again:
            raise Problem("bad-input", errors=NOT_THE_SAME)
        await change_browsing_password(window, request, username, old, new)
    except (ChangeError, Problem) as error:
        return page(request, "browsing_password.html", 422, username=username, errors=by_field(error, "old"))
    return see_other("/browsing-password?done=password")


def _password_page(
    request: Request, here: Visit, status: int, errors: dict[str, str], which: Which
) -> Response:
    with reading(here.desk.engine) as conn:
        found = person_by_id(conn, here.reader.person_id)
    console_says = "For this console"
    if found is not None and found.console_hash is None:
        console_says = "For this console (you have none yet: type your browsing password below)"
        which = "proxy" if here.reader.must_change else which
    choices = (("console", console_says), ("proxy", "For browsing"))
    return page(request, "password.html", status, errors=errors, which=which, choices=choices)

"""Pages: one's account, the second factor, tokens for programs."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from audit_api.account_sentences import SCOPE_WORDS
from audit_api.answers import TokenMadeOut
from audit_api.faults import by_field
from audit_api.guard import GuardedRoute
from audit_api.own_sessions import end_everywhere, sessions_of_reader
from audit_api.pages import page, see_other
from audit_api.passwords import ask_again, ask_again_with_code
from audit_api.problems import Problem
from audit_api.qr import inline
from audit_api.rights import APPROVING
from audit_api.second_factor import begun_by, clear_with, has_factor, is_wanted, set_up_own, shown_again
from audit_api.shapes import TokenIn
from audit_api.texts import Storable
from audit_api.tokens import made_for, scopes_for, tokens_of
from audit_api.window import Here, Id, Visit
from change_control.errors import ChangeError
from change_control.tokens import revoke_token

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=1000), Storable]
GROUP = 4  # characters of the secret, as it is read out and typed


@router.get("/account")
def account_page(request: Request, here: Here) -> Response:
    return _account(request, here, 200, {})


@router.post("/account/sign-out")
def sign_out_everywhere(here: Here) -> Response:
    end_everywhere(here)
    answer = see_other("/sign-in?done=signed-out-everywhere")
    answer.delete_cookie(here.window.cookie, path="/", secure=not here.window.dev_http, httponly=True)
    return answer


@router.get("/second-factor")
def set_up_page(request: Request, here: Here) -> Response:
    if has_factor(here.window, here.reader.person_id):
        return see_other("/account")
    return _set_up(request, here, "", 200, {})


@router.post("/second-factor")
async def set_up(
    request: Request, here: Here, begun: Text = "", code: Text = "", password: Text = ""
) -> Response:
    try:
        await ask_again(here, request, password)
        await run_in_threadpool(set_up_own, here, begun, code)
    except (ChangeError, Problem) as error:
        wrong = by_field(error, "code")
        return await run_in_threadpool(_set_up, request, here, begun, 422, wrong)
    return see_other("/account?done=second-factor")


@router.post("/second-factor/clear")
def clear(request: Request, here: Here, code: Text = "") -> Response:
    try:
        clear_with(here, code)
    except (ChangeError, Problem) as error:
        return _account(request, here, 422, by_field(error, "code"))
    return see_other("/account?done=second-factor-cleared")


@router.get("/tokens")
def tokens_page(request: Request, here: Here) -> Response:
    return _tokens(request, here, 200, {}, {})


@router.post("/tokens")
async def make(
    request: Request,
    here: Here,
    *,
    name: Text = "",
    days: Text = "",
    addresses: Text = "",
    scope: Annotated[list[str], Form()] = [],  # noqa: B006  # FastAPI copies it
    password: Text = "",
    code: Text = "",
) -> Response:
    """The answer shows the token, once: so it is a page and no redirect."""
    number = int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0
    body = TokenIn.model_construct(name=name, scopes=scope, days=number, addresses=addresses.split())
    try:
        await ask_again_with_code(here, request, password, code)
        made = await run_in_threadpool(made_for, here, body)
    except (ChangeError, Problem) as error:
        filled = {"name": name, "days": days, "addresses": addresses, "scopes": scope}
        return await run_in_threadpool(_tokens, request, here, 422, by_field(error, "password"), filled)
    return await run_in_threadpool(_tokens, request, here, 201, {}, {}, made)


@router.post("/tokens/{id}/revoke")
def revoke(here: Here, id: Id) -> Response:
    revoke_token(here.desk, here.reader.actor, id, here.now)
    return see_other("/tokens?done=token-revoked")


def _account(request: Request, here: Visit, status: int, errors: Mapping[str, str]) -> Response:
    return page(
        request,
        "account.html",
        status,
        errors=dict(errors),
        sessions=sessions_of_reader(here),
        has_factor=has_factor(here.window, here.reader.person_id),
        is_wanted=is_wanted(here.window, here.reader.role),
        tokens=sum(each.works for each in tokens_of(here)),
    )


def _set_up(request: Request, here: Visit, begun: str, status: int, errors: Mapping[str, str]) -> Response:
    """After a wrong code the same secret once more: it is in the telephone by now."""
    try:
        shown = shown_again(here, begun) if begun else begun_by(here)
    except ChangeError:
        shown = begun_by(here)
    drawn = Markup(inline(shown.address, "QR code to be read with a telephone"))  # noqa: S704  # our own drawing
    secret = " ".join(shown.secret[i : i + GROUP] for i in range(0, len(shown.secret), GROUP))
    return page(
        request,
        "second_factor.html",
        status,
        errors=dict(errors),
        begun=shown.begun,
        drawn=drawn,
        secret=secret,
    )


def _tokens(  # noqa: PLR0917  # what a page is made of
    request: Request,
    here: Visit,
    status: int,
    errors: Mapping[str, str],
    filled: Mapping[str, object],
    made: TokenMadeOut | None = None,
) -> Response:
    may_see_all = here.reader.role in APPROVING
    return page(
        request,
        "tokens.html",
        status,
        errors=dict(errors),
        filled=filled,
        made=made,
        words=SCOPE_WORDS,
        scopes=scopes_for(here.reader.role),
        own=tokens_of(here),
        others=[each for each in tokens_of(here, of_all=True) if each.owner.id != here.reader.person_id]
        if may_see_all
        else [],
    )

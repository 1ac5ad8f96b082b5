"""The one door: no handler runs before it is known that this caller may, and no body is read (S81), but for
the short forms of SHOWN_AGAIN.
"""

from collections.abc import Callable, Coroutine
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from audit_api.marks import with_mark
from audit_api.names import a_role
from audit_api.problems import Problem
from audit_api.reader import Reader, find_program, find_reader
from audit_api.rights import BEFORE_PASSWORD_CHANGE, BEFORE_SECOND_FACTOR, OWN_SECRETS, is_public, may
from audit_api.scopes import has_scope, opens
from audit_api.second_factor import with_what_is_needed
from audit_api.window import Visit, Window, window_of
from change_control.sealing import SIGNED_IN_DAMAGED
from change_control.tokens import looks_like_token

# Whoever was signed out while they wrote is shown their words once more, to copy them: these alone are read
# of somebody who is not known, and nothing is done with them.
SHOWN_AGAIN = frozenset({"POST /incidents/report", "POST /incidents/new", "POST /incidents/{id}/notes"})
MOST_FORM = 100_000  # bytes
MOST_SHOWN = 20_000  # characters
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class GuardedRoute(APIRoute):
    """Every route of this app is one of these."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await admit(request, f"{request.method} {self.path}")
            response = await handle(request)
            visit = getattr(request.state, "visit", None)
            return response if visit is None else await with_mark(visit, response)

        return guarded


async def admit(request: Request, route: str) -> None:
    """Raises Problem, or leaves the visit in `request.state`."""
    window = window_of(request)
    bearer = _bearer(request)
    if bearer is None and request.method not in SAFE:
        refuse_other_sites(request)
    if is_public(route):
        window.rates.by_address(route, address_of(request))
        await run_in_threadpool(check_token_for_all, window, route, bearer, address_of(request))
        return
    cookie = request.cookies.get(window.cookie)
    if bearer is not None and cookie is not None:
        raise Problem("bad-request", "Send a token or the console's cookie, and not both.")
    visit = await run_in_threadpool(_visit_of, window, bearer or cookie, address_of(request))
    if visit is None:
        window.rates.by_address(route, address_of(request))
        if route in SHOWN_AGAIN:
            request.state.written = await _written(request)
        raise Problem("not-signed-in")
    window.rates.by_person(route, visit.reader.person_id, visit.reader.token_id)
    request.state.visit = visit
    _check_right(route, visit.reader)
    if bearer is None and request.method not in SAFE:
        await _check_form(request, visit.reader)


def _visit_of(window: Window, token: str | None, address: str) -> Visit | None:
    now = window.clock()
    if token and looks_like_token(token):
        reader = find_program(window.desk, token, address, now)
    else:
        reader = find_reader(window.desk, token, now) if token else None
    return Visit(window, with_what_is_needed(window, reader), now) if reader else None


def check_token_for_all(window: Window, route: str, bearer: str | None, address: str) -> None:
    """Of a route that is open to all and has a scope: who sends a token learns when it is none any more."""
    if bearer is None or not looks_like_token(bearer) or not has_scope(route):
        return
    visit = _visit_of(window, bearer, address)
    if visit is None:
        raise Problem("not-signed-in", "This token does not work (any more), or not from here.")
    _check_right(route, visit.reader)


def _check_right(route: str, reader: Reader) -> None:
    if reader.scopes is not None and not opens(reader.scopes, route):
        raise Problem("wrong-scope")
    if not may(route, reader.role):
        raise Problem("wrong-role", f"{a_role(reader.role).capitalize()} may not do this.")
    if not reader.may_open and route in OWN_SECRETS:
        raise Problem("refused", SIGNED_IN_DAMAGED)
    if reader.must_change and route not in BEFORE_PASSWORD_CHANGE:
        raise Problem("password-must-change")
    if reader.needs_factor and route not in BEFORE_SECOND_FACTOR:
        raise Problem("second-factor-needed")


def refuse_other_sites(request: Request) -> None:
    """Browsers say where a request comes from; programs that carry a token do not need to.

    Holds for signing in as well: nobody is to be signed in, unknowingly, as somebody else.
    """
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Problem("cross-site")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Problem("cross-site")


async def _check_form(request: Request, reader: Reader) -> None:
    """A cookie travels by itself, so it opens only what our own form of this session sends."""
    if request.url.path.startswith("/api/"):
        raise Problem("not-signed-in", "A change over the API needs a token; the cookie only reads.")
    form = await request.form()
    given = form.get("csrf")
    if not isinstance(given, str) or not compare_digest(given.encode(), reader.csrf.encode()):
        raise Problem("cross-site")


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


async def _written(request: Request) -> str:
    """By none but a form without a file, which is held in memory and no larger than what is shown."""
    length = request.headers.get("content-length", "")
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/x-www-form-urlencoded" or not length.isdecimal() or int(length) > MOST_FORM:
        return ""
    said = (await request.form()).get("text")
    return said[:MOST_SHOWN] if isinstance(said, str) else ""


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None

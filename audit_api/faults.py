"""From whatever went wrong to the one shape in which it is told; a page for browsers, JSON for programs."""

import re
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from audit_api.headers import PRIVATE
from audit_api.names import a_role
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from change_control.errors import ChangeError
from filter_lists.asked import TooMuchToCompareError
from filter_policy.model import Role

# What failed may be what a page needs; and a page costs more than what was refused.
BARE = frozenset({"internal", "database-away", "too-many-requests"})
SIGNED_OUT = (
    "You were signed out while you wrote, and nothing was sent. What you wrote is below: copy it, sign in,"
    " and send it again."
)
LEADS_TO = {"password-must-change": "/password", "second-factor-needed": "/second-factor"}
ONLY_FORMS = "This address only takes what a form of the console sends. Go back to the page of that form."
TOO_MUCH = "An address has more parts than can be compared with the lists. A gate blocks it."


def problem_of(error: ChangeError) -> Problem:
    """The codes of change control are the slugs here."""
    return Problem(error.code, told(error.says), errors=error.fields)


def told(says: str) -> str:
    """As a sentence."""
    says = re.sub(r"^a staff\b", a_role(Role.STAFF), says)  # change control says roles as the register does
    return says[:1].upper() + says[1:].rstrip(".") + "."


def by_field(error: ChangeError | Problem, otherwise: str) -> dict[str, str]:
    """For a form: what is wrong with each field, or with the one that it is told at otherwise."""
    if isinstance(error, Problem):
        return error.errors or {otherwise: error.detail}
    return error.fields or {otherwise: told(error.says)}


def install_faults(app: FastAPI) -> None:
    """None of them is async: the page that tells of a problem asks the database, so a thread makes it."""

    def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101  # the registration below says so; for the type checker
        return answer(request, error)

    def on_change_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ChangeError)  # noqa: S101  # as above
        return answer(request, problem_of(error))

    def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # as above
        return answer(request, Problem.of_validation(error))

    def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # as above
        return answer(request, Problem.of_status(error.status_code, error.headers))

    def on_database_away(request: Request, _error: Exception) -> Response:
        return answer(request, Problem("database-away", headers={"Retry-After": "5"}))

    def on_unstorable(request: Request, _error: Exception) -> Response:
        return answer(request, Problem("bad-input", "A text holds characters that cannot be stored."))

    def on_endless(request: Request, _error: Exception) -> Response:
        return answer(request, Problem("bad-input", TOO_MUCH))

    def on_anything(request: Request, _error: Exception) -> Response:
        return answer(request, Problem("internal"))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(ChangeError, on_change_error)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(OperationalError, on_database_away)
    app.add_exception_handler(DataError, on_unstorable)
    app.add_exception_handler(UnicodeEncodeError, on_unstorable)
    app.add_exception_handler(TooMuchToCompareError, on_endless)
    app.add_exception_handler(Exception, on_anything)


def answer(request: Request, problem: Problem) -> Response:
    if not wants_page(request):
        return problem.response(request.url.path)
    if problem.slug == "not-signed-in":
        return _signed_out(request, problem)
    if problem.slug in LEADS_TO:
        return see_other(LEADS_TO[problem.slug])
    if problem.slug in BARE:
        return _bare(problem)
    is_form = problem.slug == "method-not-allowed" and request.method in ("GET", "HEAD")
    response = page(
        request,
        "problem.html",
        problem.kind.status,
        title=problem.kind.title,
        detail=ONLY_FORMS if is_form else problem.detail,
        errors=problem.errors,
        back=_page_of(request.url.path),
    )
    response.headers.update(problem.headers)
    return response


def _signed_out(request: Request, problem: Problem) -> Response:
    """To the sign-in; with what somebody wrote while their session ended, which browsers throw away."""
    written = getattr(request.state, "written", "")
    if not written:
        return see_other("/sign-in" + _back_to(request))
    next_ = _page_of(request.url.path) or request.url.path
    return page(
        request,
        "sign_in.html",
        problem.kind.status,
        next=next_,
        username="",
        told=SIGNED_OUT,
        written=written,
    )


def _page_of(path: str) -> str:
    """Where somebody goes on whose form was not taken: to the page that it stood on."""
    found = re.match(r"/incidents/[A-Za-z0-9_-]{1,64}(?=/)", path)
    return found[0] if found else ""


def wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def _back_to(request: Request) -> str:
    if request.method != "GET" or request.url.path == "/":
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"?next={quote(request.url.path + query, safe='/')}"


def _bare(problem: Problem) -> Response:
    text = f"{problem.kind.title}.\n{problem.detail}\n"
    return Response(text, problem.kind.status, PRIVATE | problem.headers, "text/plain; charset=utf-8")

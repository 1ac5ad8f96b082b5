"""Page: the filtering log."""

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api.answers import LogRowOut
from audit_api.filtering_log import Wanted, page_of
from audit_api.guard import GuardedRoute
from audit_api.pages import page
from audit_api.problems import Problem, fields_of
from audit_api.reasons import REASONS
from audit_api.rights import APPROVING
from audit_api.rows import link_to
from audit_api.window import Here, Visit

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
KINDS = (
    ("request", "Requests"),
    ("connect", "Connections"),
    ("tunnel", "Tunnels"),
    ("websocket", "Websockets"),
    ("handshake", "Handshakes"),
    ("unparsed", "Not understood"),
)
FIELDS = frozenset(each.alias or name for name, each in Wanted.model_fields.items())


@router.get("/filtering-log")
def filtering_log_page(request: Request, here: Here) -> Response:
    """A form sends what was left empty as well: that means nothing here."""
    given = {name: value for name, value in request.query_params.items() if value and name in FIELDS}
    try:
        asked = Wanted.model_validate(given)
        views, next_ = page_of(here, asked)
    except ValidationError as error:
        return _page(request, here, given, [], None, fields_of(error.errors()))
    except Problem as problem:
        return _page(request, here, given, [], None, problem.errors or {"person": problem.detail})
    return _page(request, here, given, views, next_, {})


def _page(  # noqa: PLR0917  # what the form was sent, and what came of it
    request: Request,
    here: Visit,
    given: Mapping[str, str],
    views: list[LogRowOut],
    next_: str | None,
    errors: Mapping[str, str],
) -> Response:
    policy = here.window.bundle().policy
    return page(
        request,
        "filtering_log.html",
        422 if errors else 200,
        given=given,
        views=views,
        errors=dict(errors),
        next=link_to(request, cursor=next_) if next_ else None,
        categories=[(name, name) for name in policy.access],
        groups=[(name, name) for name in policy.filter_groups],
        reasons=list(REASONS.items()),
        kinds=KINDS,
        may_name=here.reader.role in APPROVING,
    )

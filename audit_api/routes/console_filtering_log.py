"""Page: the filtering log."""

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api.filtering_log import Shown, page_of
from audit_api.guard import GuardedRoute
from audit_api.headers import OWN_SCRIPT
from audit_api.log_wanted import Sought, Wanted
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
    ("event", "Noticed"),
    ("canary", "Canaries"),
)
FIELDS = frozenset(each.alias or name for name, each in Wanted.model_fields.items())
FILTERS = frozenset(each.alias or name for name, each in Sought.model_fields.items())
NOTHING = Shown([], None, None)
PAGE, API = "/filtering-log", "/api/v1/filtering-log"


@router.get(PAGE)
def filtering_log_page(request: Request, here: Here) -> Response:
    """A form sends what was left empty as well: that means nothing here."""
    given = {name: value for name, value in request.query_params.items() if value and name in FIELDS}
    try:
        asked = Wanted.model_validate(given)
        shown = page_of(here, asked)
    except ValidationError as error:
        return _page(request, here, given, NOTHING, fields_of(error.errors()))
    except Problem as problem:
        return _page(request, here, given, NOTHING, problem.errors or {"person": problem.detail})
    return _page(request, here, given, shown, {})


def _page(
    request: Request, here: Visit, given: Mapping[str, str], shown: Shown, errors: Mapping[str, str]
) -> Response:
    policy = here.window.bundle().policy
    live = request.query_params.get("live") == "yes" and not errors
    made = page(
        request,
        "filtering_log.html",
        422 if errors else 200,
        given=given,
        views=shown.rows,
        errors=dict(errors),
        next=link_to(request, cursor=shown.next) if shown.next else None,
        searched_to=shown.searched_to,
        categories=[(name, name) for name in policy.access],
        groups=[(name, name) for name in policy.filter_groups],
        reasons=list(REASONS.items()),
        kinds=KINDS,
        may_name=here.reader.role in APPROVING,
        live=live,
        **_links(given, shown.seal),
    )
    if live:
        made.headers.update(OWN_SCRIPT)
    return made


def _links(given: Mapping[str, str], seal: int | None) -> dict[str, str]:
    """The same rows elsewhere: live, no longer live, as a file, as they come after those on the page."""
    filters = {name: value for name, value in given.items() if name in FILTERS}
    query = urlencode(filters)
    after = {} if seal is None else {"after": str(seal)}
    return {
        "watch": f"{PAGE}?{urlencode({**filters, 'live': 'yes'})}",
        "still": f"{PAGE}?{query}",
        "export": f"{API}/export?{query}",
        "tail": f"{API}/tail?{urlencode({**filters, **after})}",
    }

"""Page: sightings, those of one person, kind and hour on one line."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api.guard import GuardedRoute
from audit_api.pages import page
from audit_api.problems import Problem, fields_of
from audit_api.rows import link_to
from audit_api.sightings import NAMING, Asked, SightingOut, page_of
from audit_api.window import Here, Visit

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
KINDS = (
    ("illegal-content", "Illegal content"),
    ("circumvention", "Ways round the filter"),
    ("account-sharing", "Shared accounts"),
    ("guessing", "Guessed passwords"),
    ("repeated-blocks", "Repeated blocks"),
)
FIELDS = frozenset(each.alias or name for name, each in Asked.model_fields.items())


@router.get("/sightings")
def sightings_page(request: Request, here: Here) -> Response:
    """A form sends what was left empty as well: that means nothing here."""
    given = {name: value for name, value in request.query_params.items() if value and name in FIELDS}
    try:
        shown = page_of(here, Asked.model_validate(given))
    except ValidationError as error:
        return _page(request, here, given, ([], None), fields_of(error.errors()))
    except Problem as problem:
        return _page(request, here, given, ([], None), problem.errors or {"names": problem.detail})
    return _page(request, here, given, shown, {})


def _page(
    request: Request,
    here: Visit,
    given: Mapping[str, str],
    shown: tuple[Sequence[SightingOut], str | None],
    errors: Mapping[str, str],
) -> Response:
    views, next_ = shown
    return page(
        request,
        "sightings.html",
        422 if errors else 200,
        given=given,
        views=views,
        errors=dict(errors),
        next=link_to(request, cursor=next_) if next_ else None,
        kinds=KINDS,
        may_name=here.reader.role in NAMING,
    )

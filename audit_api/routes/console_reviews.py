"""Pages: what one person did at once, and others look at (S34)."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import reviews
from audit_api.faults import by_field
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from audit_api.rows import link_to, read_cursor, write_cursor
from audit_api.shapes import Paging
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from change_control.errors import ChangeError

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=10_000), Storable]
SAID = {"yes": True, "no": False}


class Wanted(Paging):
    limit: int = 20
    done: str = ""


@router.get("/reviews")
def reviews_page(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    waiting, _ = reviews.page_of(here, is_open=True, limit=200)
    over, next_ = reviews.page_of(here, is_open=False, limit=asked.limit, cursor=read_cursor(asked.cursor))
    older = link_to(request, cursor=write_cursor(next_) or "") if next_ else None
    return page(request, "reviews.html", waiting=list(reversed(waiting)), over=over, next=older)


@router.get("/reviews/{id}")
def review_page(request: Request, here: Here, id: Id) -> Response:
    return _page(request, here, id, 200, {}, "")


@router.post("/reviews/{id}/sign")
def sign(  # the fields of the form
    request: Request, here: Here, id: Id, agrees: Text = "", note: Text = ""
) -> Response:
    try:
        if agrees not in SAID:
            raise Problem("bad-input", errors={"agrees": "say yes or no"})
        reviews.sign(here, id, SAID[agrees], note)
    except (ChangeError, Problem) as error:
        return _page(request, here, id, 422, by_field(error, "note"), note)
    return see_other(f"/reviews/{id}?done=signed")


def _page(  # noqa: PLR0917  # a page, and what is wrong with its form
    request: Request, here: Visit, id_: str, status: int, errors: dict[str, str], note: str
) -> Response:
    return page(request, "review.html", status, view=reviews.one(here, id_), errors=errors, note=note)

"""What one person did at once, looked at by others (S34)."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from audit_api import reviews
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.review_shapes import ReviewOut, SignIn
from audit_api.rows import listed, read_cursor, write_cursor
from audit_api.shapes import Paging
from audit_api.window import Here, Id

router = APIRouter(route_class=GuardedRoute, tags=["reviews"])
COLUMNS = (
    "id",
    "kind",
    "says",
    "reason",
    "about",
    "by",
    "opened_at",
    "due_at",
    "overdue",
    "needed",
    "done_at",
)


class Wanted(Paging):
    open: Annotated[
        bool | None, Field(description="true: those that still wait; false: those that do not")
    ] = None


@router.get("/api/v1/reviews", summary="Reviews", response_model=PageOut[ReviewOut])
def list_reviews(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """Newest first. A tightening waits for one other person, a use of the sealed envelope for two."""
    found, next_ = reviews.page_of(
        here, is_open=asked.open, limit=asked.limit, cursor=read_cursor(asked.cursor)
    )
    return listed(request, [each.model_dump(mode="json") for each in found], write_cursor(next_), COLUMNS)


@router.get("/api/v1/reviews/{id}", summary="One review")
def get_review(here: Here, id: Id) -> ReviewOut:
    """What one person did, why, who has looked at it, and who still may."""
    return reviews.one(here, id)


@router.post("/api/v1/reviews/{id}/sign", summary="Say that you looked, and whether you agree")
def sign_review(here: Here, id: Id, body: SignIn) -> ReviewOut:
    """Not for whoever did it. Who does not agree keeps it open; what was done is undone by a proposal."""
    return reviews.sign(here, id, body.agrees, body.note)

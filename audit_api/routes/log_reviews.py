"""The change log seen and reviewed: a line of it each, which says up to which entry (S11, S12)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import log_reviews
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.log_reviews import DueOut, LogReviewOut, ReviewIn, SeenIn
from audit_api.routes.changes import number
from audit_api.rows import listed
from audit_api.shapes import Paging
from audit_api.window import Here
from change_control.log_reviews import REVIEWED, SEEN

router = APIRouter(route_class=GuardedRoute, tags=["changes"])
COLUMNS = ("seq", "at", "by", "role", "size", "root", "note")


@router.get("/api/v1/changes/seen", summary="Who has seen the log", response_model=PageOut[LogReviewOut])
def list_seen(request: Request, here: Here, asked: Annotated[Paging, Query()]) -> Response:
    """Newest first: who holds the checkpoint of which size."""
    return _listed(request, here, SEEN, asked)


@router.post("/api/v1/changes/seen", summary="Co-sign what you have seen", status_code=201)
def sign_seen(here: Here, body: SeenIn) -> LogReviewOut:
    """The size of a checkpoint that was signed. With the root that you hold, it is compared first."""
    return log_reviews.sign(here, body)


@router.get("/api/v1/changes/reviews", summary="Who reviewed the log", response_model=PageOut[LogReviewOut])
def list_reviews(request: Request, here: Here, asked: Annotated[Paging, Query()]) -> Response:
    """Newest first."""
    return _listed(request, here, REVIEWED, asked)


@router.post("/api/v1/changes/reviews", summary="Say that you reviewed the log", status_code=201)
def sign_review(here: Here, body: ReviewIn) -> LogReviewOut:
    """Up to the size of a checkpoint, with a note of what you found."""
    return log_reviews.sign(here, body)


@router.get("/api/v1/changes/reviews/due", summary="When the next review is due")
def review_due(here: Here) -> DueOut:
    """Counted from the last review by a governor, or from the founding."""
    return log_reviews.due(here)


def _listed(request: Request, here: Here, kind: str, asked: Paging) -> Response:
    found, next_ = log_reviews.page_of(here, kind, number(asked.cursor), asked.limit)
    rows = [each.model_dump(mode="json") for each in found]
    return listed(request, rows, None if next_ is None else str(next_), COLUMNS)

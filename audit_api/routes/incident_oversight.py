"""Incidents for those who oversee: the figures, and the review that two people sign (S11, S25)."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from audit_api.faults import by_field
from audit_api.guard import GuardedRoute
from audit_api.incident_figures import FiguresOut, figures_of
from audit_api.incident_reviews import JointOut, JointReviewIn, joint_of, sign
from audit_api.incident_words import STATES
from audit_api.log_reviews import LogReviewOut
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from audit_api.rights import may
from audit_api.routes.console_changes import needed_note, size_of
from audit_api.texts import Storable
from audit_api.window import Here, Visit
from change_control.errors import ChangeError

router = APIRouter(route_class=GuardedRoute, tags=["incidents"])
REVIEW = "/incidents/review"
Text = Annotated[str, Form(max_length=10_000), Storable]


@router.get("/api/v1/incidents/figures", summary="Incidents in numbers")
def get_figures(here: Here) -> FiguresOut:
    """Kinds, states, times, overdue tasks, this term against last. Nobody is named; staff are one number."""
    return figures_of(here)


@router.get("/api/v1/incidents/review", summary="What the two logs say since they were last reviewed")
def get_review(here: Here) -> JointOut:
    """Both logs since the last entry that two people reviewed together."""
    return joint_of(here)


@router.post("/api/v1/incidents/review", summary="Say that you reviewed both logs", status_code=201)
def sign_review(here: Here, body: JointReviewIn) -> LogReviewOut:
    """Up to the size of a checkpoint. It is done when a second person signs up to the same entry."""
    return sign(here, body)


@router.get(REVIEW, include_in_schema=False)
def review_page(request: Request, here: Here) -> Response:
    return _review(request, here)


@router.post(REVIEW, include_in_schema=False)
def review_signed(request: Request, here: Here, size: Text = "", note: Text = "") -> Response:
    try:
        signed = sign(here, JointReviewIn(size=size_of(size), note=needed_note(note)))
    except (ChangeError, Problem) as error:
        return _review(request, here, by_field(error, "size"), {"size": size, "note": note})
    by_two = joint_of(here).reviewed_up_to == signed.size
    return see_other(f"{REVIEW}?done=incidents-reviewed{'-by-two' if by_two else ''}")


def figures_page(request: Request, here: Visit) -> Response:
    """The page /incidents of a governor."""
    return page(
        request,
        "incident_figures.html",
        found=figures_of(here),
        states={state: says for state, (_, says) in STATES.items()},
        may_review=may(f"GET {REVIEW}", here.reader.role),
    )


def _review(
    request: Request, here: Visit, errors: dict[str, str] | None = None, filled: dict[str, str] | None = None
) -> Response:
    return page(
        request,
        "incident_review.html",
        422 if errors else 200,
        found=joint_of(here),
        errors=errors or {},
        filled=filled or {},
    )

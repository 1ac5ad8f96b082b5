"""What a proposed policy, or proposed lists, would have changed in the last days (S34, S62)."""

import re
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from audit_api import lists as lists_in_force
from audit_api import policies, previews
from audit_api.agreeing import find
from audit_api.guard import GuardedRoute
from audit_api.pages import see_other
from audit_api.previews import PreviewOut
from audit_api.problems import Problem
from audit_api.shapes import PreviewIn
from audit_api.window import Here, Id, Visit
from change_control.errors import ChangeError
from change_control.preview import USUAL_DAYS

router = APIRouter(route_class=GuardedRoute)
POLICY, LISTS = "/policy/proposals/{id}/preview", "/lists/proposals/{id}/preview"
USUAL = PreviewIn()
DIGITS = re.compile(r"[0-9]{1,4}", re.ASCII)


@router.post(f"/api/v1{POLICY}", summary="Try a policy out", status_code=202, tags=["policy"])
def preview_policy(here: Here, id: Id, body: PreviewIn = USUAL) -> PreviewOut:
    """Replays the filtering log of the last days through it, in the background; GET says how far it is."""
    return _start(here, policies.KIND, id, body.days)


@router.get(f"/api/v1{POLICY}", summary="What a policy would have changed", tags=["policy"])
def policy_preview(here: Here, id: Id) -> PreviewOut:
    """Counts of requests and people, by group and by site; for governors without what few people did."""
    return _told(here, policies.KIND, id)


@router.post(f"/api/v1{LISTS}", summary="Try lists out", status_code=202, tags=["lists"])
def preview_lists(here: Here, id: Id, body: PreviewIn = USUAL) -> PreviewOut:
    """Replays the filtering log of the last days through them, in the background; GET says how far it is."""
    return _start(here, lists_in_force.KIND, id, body.days)


@router.get(f"/api/v1{LISTS}", summary="What lists would have changed", tags=["lists"])
def lists_preview(here: Here, id: Id) -> PreviewOut:
    """Counts of requests and people, by group and by site; for governors without what few people did."""
    return _told(here, lists_in_force.KIND, id)


@router.post(POLICY, include_in_schema=False)
def try_policy(request: Request, here: Here, id: Id, days: Annotated[str, Form()] = "") -> Response:
    return _from_page(here, policies.KIND, id, days)


@router.post(LISTS, include_in_schema=False)
def try_lists(request: Request, here: Here, id: Id, days: Annotated[str, Form()] = "") -> Response:
    return _from_page(here, lists_in_force.KIND, id, days)


def _start(here: Visit, kind: str, id_: str, days: int) -> PreviewOut:
    find(here, kind, id_)
    return previews.start(here, id_, days)


def _told(here: Visit, kind: str, id_: str) -> PreviewOut:
    find(here, kind, id_)
    return previews.told(here, id_)


def _from_page(here: Visit, kind: str, id_: str, days: str) -> Response:
    """What was not begun says so on the page of the proposal."""
    number = int(days) if DIGITS.fullmatch(days) else 0
    try:
        _start(here, kind, id_, number if days else USUAL_DAYS)
    except ChangeError as error:
        return see_other(f"/{kind}/proposals/{id_}?done={_why(error)}")
    except Problem as problem:
        if problem.slug != "too-many-at-once":
            raise
        return see_other(f"/{kind}/proposals/{id_}?done=preview-busy")
    return see_other(f"/{kind}/proposals/{id_}?done=preview")


def _why(error: ChangeError) -> str:
    return "preview-days" if error.code == "bad-input" else "preview-late"

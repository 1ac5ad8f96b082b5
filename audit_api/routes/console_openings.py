"""Page: what the policy leaves to staff, opened for one's own class for one lesson at most."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from audit_api import openings
from audit_api.faults import told
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.rights import APPROVING
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from change_control.errors import ChangeError
from change_control.openings import LONGEST_MINUTES, close_opening, open_for_class
from filter_policy.model import Access, Policy

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=10_000), Storable]


@router.get("/openings")
def openings_page(request: Request, here: Here) -> Response:
    return _page(request, here, {}, {})


@router.post("/openings")
def open_now(
    request: Request,
    here: Here,
    *,
    class_: Annotated[str, Form(alias="class", max_length=200), Storable] = "",
    minutes: Text = "",
    reason: Text = "",
) -> Response:
    lasts = int(minutes) if minutes.isascii() and minutes.isdecimal() and len(minutes) < 4 else 0
    try:
        open_for_class(here.desk, here.reader.actor, class_, lasts, reason, here.now)
    except ChangeError as error:
        filled = {"class": class_, "minutes": minutes, "reason": reason}
        return _page(request, here, error.fields or {"class": told(error.says)}, filled)
    return see_other("/openings?done=opened")


@router.post("/openings/{id}/close")
def close(here: Here, id: Id) -> Response:
    close_opening(here.desk, here.reader.actor, id, here.now)
    return see_other("/unblocks/in-force?done=revoked" if _approves(here) else "/openings?done=revoked")


def _approves(here: Visit) -> bool:
    return here.reader.role in APPROVING


def _page(request: Request, here: Visit, errors: dict[str, str], filled: dict[str, str]) -> Response:
    return page(
        request,
        "openings.html",
        422 if errors else 200,
        errors=errors,
        filled=filled,
        own_classes=[(name, name) for name in openings.own_classes(here)],
        openings=openings.now_open(here),
        longest=LONGEST_MINUTES,
        leaves=_left_to_staff(here.window.bundle().policy),
        approves=_approves(here),
    )


def _left_to_staff(policy: Policy) -> list[str]:
    """What an opening opens: the rows of the policy that say `with_staff_permission`."""
    wanted = Access.WITH_STAFF_PERMISSION
    rows = [
        f"{category} for {name}"
        for category, row in policy.access.items()
        for name, rule in row.rules.items()
        if rule.access is wanted
    ]
    unlisted = [
        f"sites on no list for {group.name}"
        for group in policy.filter_groups.values()
        if group.unlisted.access is wanted
    ]
    return rows + unlisted

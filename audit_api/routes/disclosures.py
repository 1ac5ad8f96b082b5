"""A member of staff's log, disclosed to whoever leads them (S190): asked for, agreed to, read."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api import disclosures
from audit_api.agreeing import Verb
from audit_api.answers import LogRowOut, PageOut
from audit_api.disclosures import DisclosedOut, DisclosureIn, DisclosureOut
from audit_api.faults import by_field
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.problems import Problem, fields_of
from audit_api.rows import link_to, listed
from audit_api.shapes import NO_REMARK, Paging, Remark, Why
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from change_control import proposals
from change_control.errors import ChangeError

router = APIRouter(route_class=GuardedRoute, tags=["disclosures"])
PAGE = "/disclosures"
COLUMNS = ("id", "person", "from", "to", "ends_at", "state", "reason", "asked_by", "asked_at", "decided_by")
VERBS: Mapping[str, Verb] = {
    "approve": proposals.approve,
    "decline": proposals.decline,
    "withdraw": proposals.withdraw,
    "revoke": proposals.revoke,
}
Text = Annotated[str, Form(max_length=4000), Storable]


@router.get("/api/v1/disclosures", summary="Disclosures", response_model=PageOut[DisclosureOut])
def list_disclosures(request: Request, here: Here) -> Response:
    """Those that you asked for, or decide; newest first."""
    rows = [each.model_dump(mode="json", by_alias=True) for each in disclosures.every(here)]
    return listed(request, rows, None, COLUMNS)


@router.post("/api/v1/disclosures", summary="Ask for a member of staff's log", status_code=201)
def ask_for_disclosure(here: Here, body: DisclosureIn, response: Response) -> DisclosureOut:
    """It may be read once the headteacher agrees (of the headteacher: the coordinator)."""
    made = disclosures.ask(here, body)
    response.headers["Location"] = f"/api/v1/disclosures/{made.id}"
    return made


@router.get("/api/v1/disclosures/{id}", summary="One disclosure")
def get_disclosure(here: Here, id: Id) -> DisclosureOut:
    return disclosures.one(here, id)


@router.get("/api/v1/disclosures/{id}/rows", summary="What it discloses", response_model=DisclosedOut)
def get_disclosed(request: Request, here: Here, id: Id, asked: Annotated[Paging, Query()]) -> Response:
    """For whoever asked, until it ends. Each page leaves a line in the change log."""
    shown = disclosures.rows_of(here, id, asked)
    rows = [each.model_dump(mode="json") for each in shown.rows]
    return listed(request, rows, shown.next, tuple(LogRowOut.model_fields))


@router.post("/api/v1/disclosures/{id}/approve", summary="Agree to a disclosure")
def approve_disclosure(here: Here, id: Id, body: Remark = NO_REMARK) -> DisclosureOut:
    return disclosures.settle(here, id, proposals.approve, body.reason)


@router.post("/api/v1/disclosures/{id}/decline", summary="Say no to a disclosure")
def decline_disclosure(here: Here, id: Id, body: Why) -> DisclosureOut:
    return disclosures.settle(here, id, proposals.decline, body.reason)


@router.post("/api/v1/disclosures/{id}/withdraw", summary="Take back what one asked for")
def withdraw_disclosure(here: Here, id: Id, body: Remark = NO_REMARK) -> DisclosureOut:
    return disclosures.settle(here, id, proposals.withdraw, body.reason)


@router.post("/api/v1/disclosures/{id}/revoke", summary="End a disclosure early")
def revoke_disclosure(here: Here, id: Id, body: Why) -> DisclosureOut:
    return disclosures.settle(here, id, proposals.revoke, body.reason)


@router.get(PAGE, include_in_schema=False)
def disclosures_page(request: Request, here: Here) -> Response:
    return _page(request, here)


@router.post(PAGE, include_in_schema=False)
def ask_on_page(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    person: Text = "",
    from_: Annotated[str, Form(alias="from", max_length=40), Storable] = "",
    to: Text = "",
    days: Text = "7",
    reason: Text = "",
) -> Response:
    filled = {"person": person, "from": from_, "to": to, "days": days, "reason": reason}
    try:
        disclosures.ask(here, DisclosureIn.model_validate(filled))
    except ValidationError as error:
        return _page(request, here, fields_of(error.errors()), filled)
    except (ChangeError, Problem) as error:
        return _page(request, here, by_field(error, "reason"), filled)
    return see_other(f"{PAGE}?done=proposed")


@router.get("/disclosures/{id}", include_in_schema=False)
def disclosed_page(request: Request, here: Here, id: Id, asked: Annotated[Paging, Query()]) -> Response:
    shown = disclosures.rows_of(here, id, asked)
    return page(
        request,
        "disclosed.html",
        one=disclosures.one(here, id),
        views=shown.rows,
        next=link_to(request, cursor=shown.next) if shown.next else None,
    )


@router.post("/disclosures/{id}/{verb}", include_in_schema=False)
def answer_on_page(request: Request, here: Here, id: Id, verb: str, reason: Text = "") -> Response:
    if verb not in VERBS:
        raise Problem("not-found")
    try:
        found = disclosures.settle(here, id, VERBS[verb], reason)
    except ChangeError as error:
        return _page(request, here, by_field(error, "answer"))
    done = "disclosed" if verb == "approve" else str(found.state)
    return see_other(f"{PAGE}?done={done}")


def _page(
    request: Request,
    here: Visit,
    errors: Mapping[str, str] | None = None,
    filled: Mapping[str, str] | None = None,
) -> Response:
    return page(
        request,
        "disclosures.html",
        422 if errors else 200,
        views=disclosures.every(here),
        errors=dict(errors or {}),
        filled=dict(filled or {}),
    )

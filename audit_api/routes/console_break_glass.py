"""Pages: the sealed envelope (S84). A code is never in an address; each half is on one page, once."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from audit_api import break_glass
from audit_api.agreeing import Verb, find, settle
from audit_api.change_proofs import key_of
from audit_api.faults import by_field, told
from audit_api.guard import GuardedRoute
from audit_api.names import Names
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from audit_api.review_shapes import EnvelopeProposalOut
from audit_api.rights import APPROVING
from audit_api.texts import Storable
from audit_api.window import AtWindow, Here, Id, Visit
from audit_log.db import reading
from change_control import proposals
from change_control.break_glass import KIND
from change_control.errors import ChangeError
from change_control.proposal import Proposal

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=10_000), Storable]
PAGE = "/break-glass"


@router.get("/break-glass")
def envelope_page(request: Request, here: Here, proposal: str = "") -> Response:
    return _page(request, here, 200, {}, {"proposal": proposal})


@router.post("/break-glass/proposals")
def make(request: Request, here: Here, reason: Text = "") -> Response:
    """The answer shows half of the code, once: so it is a page and no redirect."""
    try:
        made = break_glass.make(here, reason)
    except (ChangeError, Problem) as error:
        return _page(request, here, 422, _of("make", by_field(error, "reason")), {"reason": reason})
    return _shown(request, here, made, 201, {})


@router.get("/break-glass/proposals/{id}")
def one(request: Request, here: Here, id: Id) -> Response:
    return _one(request, here, id, 200, {})


@router.post("/break-glass/proposals/{id}/approve")
def approve(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.approve, reason)


@router.post("/break-glass/proposals/{id}/decline")
def decline(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.decline, reason)


@router.post("/break-glass/proposals/{id}/withdraw")
def withdraw(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.withdraw, reason)


@router.post("/break-glass/approve")
def approve_with(
    request: Request, here: Here, proposal: Text = "", code: Text = "", reason: Text = ""
) -> Response:
    try:
        done = break_glass.approve_with(here, request, proposal, code, reason)
    except (ChangeError, Problem) as error:
        filled = {"proposal": proposal, "use": reason}
        answer = _page(request, here, 422, _of("use", by_field(error, "code")), filled)
        answer.headers.update(error.headers if isinstance(error, Problem) else {})
        return answer
    return see_other(f"{'/reviews/' + done.review if done.review else '/reviews'}?done={_told(here)}")


@router.get("/break-glass/code")
def code_page(request: Request) -> Response:
    """Before signing in: for when nobody can."""
    return page(request, "break_glass_code.html", username="", reason="", made=None)


@router.post("/break-glass/code")
def new_code(
    request: Request, window: AtWindow, username: Text = "", code: Text = "", reason: Text = ""
) -> Response:
    try:
        made = break_glass.new_code(window, request, username, code, reason)
    except (ChangeError, Problem) as error:
        status = error.kind.status if isinstance(error, Problem) else 422
        wrong = by_field(error, "code")
        again = page(
            request,
            "break_glass_code.html",
            status,
            username=username,
            reason=reason,
            made=None,
            errors=wrong,
        )
        again.headers.update(error.headers if isinstance(error, Problem) else {})
        return again
    return page(request, "break_glass_code.html", username=username, reason="", made=made)


def _settle(request: Request, here: Visit, id_: str, verb: Verb, reason: str) -> Response:
    try:
        found = settle(here, KIND, id_, verb, reason)
    except ChangeError as error:
        return _one(request, here, id_, 409, error.fields or {"reason": told(error.says)})
    if found.handed:  # shown once: so it is a page and no redirect
        return _shown(request, here, break_glass.one(here, found), 200, {})
    return see_other(f"{PAGE}?done={found.state}")


def _one(request: Request, here: Visit, id_: str, status: int, errors: Mapping[str, str]) -> Response:
    return _shown(request, here, break_glass.one(here, find(here, KIND, id_)), status, errors)


def _shown(
    request: Request, here: Visit, view: EnvelopeProposalOut, status: int, errors: Mapping[str, str]
) -> Response:
    own = view.asked_by.id == here.reader.person_id
    answers = here.reader.role in APPROVING
    return page(
        request,
        "break_glass_proposal.html",
        status,
        view=view,
        errors=errors,
        own=own,
        answers=answers,
        heard=break_glass.heard(here)[0],
        key=key_of(here),
    )


def _page(
    request: Request, here: Visit, status: int, errors: Mapping[str, str], filled: Mapping[str, str]
) -> Response:
    return page(
        request,
        "break_glass.html",
        status,
        envelope=break_glass.status(here),
        proposals=break_glass.proposals_page(here, limit=10)[0],
        waiting=_choices(here),
        heard=break_glass.heard(here),
        may_use=here.reader.role in APPROVING,
        errors=dict(errors),
        filled=dict(filled),
    )


def _told(here: Visit) -> str:
    """Which sentence says truly who was told."""
    heard, unheard = break_glass.heard(here)
    return "opened-envelope" + ("-silent" if not heard else "-some" if unheard else "")


def _choices(here: Visit) -> list[tuple[str, str]]:
    found = break_glass.waiting(here)
    with reading(here.desk.engine) as conn:
        names = Names.of(conn, (each.proposed_by for each in found), pupils=False)
    return [(each.id, _named(each, names)) for each in found]


def _named(found: Proposal, names: Names) -> str:
    what = ", ".join(found.sites) or found.reason
    return f"{found.kind}: {what[:80]} (asked by {names.name(found.proposed_by)})"


def _of(form: str, errors: Mapping[str, str]) -> dict[str, str]:
    return {f"{form}.{name}": why for name, why in errors.items()}

"""Pages: the lists in force, how old they are, what waits, and proposals of other ones."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from audit_api import list_proposals, list_tasks, lists, policies, previews
from audit_api.agreeing import Verb, find, settle
from audit_api.faults import by_field, told
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from audit_api.rights import APPROVING
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from change_control import proposals
from change_control.errors import ChangeError
from change_control.lists import propose_held
from filter_policy.life_cycle import State

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=2000), Storable]


@router.get("/lists")
def lists_page(request: Request, here: Here) -> Response:
    return _page(request, here, {})


@router.post("/lists/updates")
def update(request: Request, here: Here) -> Response:
    try:
        list_tasks.ask_for_update(here, None)
    except (Problem, ChangeError) as error:
        return _page(request, here, by_field(error, "update"))
    return see_other("/lists?done=fetching")


@router.post("/lists/proposals")
def propose(request: Request, here: Here, reason: Text = "", held: Text = "") -> Response:
    """A held update, or lists.yaml as it is on the server."""
    try:
        if held:
            made = propose_held(here.desk, here.reader.actor, held, reason, here.now)
            return see_other(f"/lists/proposals/{made.id}?done=proposed")
        list_tasks.start_proposal(here, reason)
    except (Problem, ChangeError) as error:
        return _page(request, here, by_field(error, "lists.yaml"))
    return see_other("/lists?done=building")


@router.post("/lists/rollback")
def rollback(request: Request, here: Here, generation: Text = "", reason: Text = "") -> Response:
    try:
        list_tasks.start_rollback(here, generation, reason)
    except (Problem, ChangeError) as error:
        return _page(request, here, by_field(error, "generation"))
    return see_other("/lists?done=going-back")


@router.get("/lists/proposals/{id}")
def one(request: Request, here: Here, id: Id) -> Response:
    return _one(request, here, id, 200, {})


@router.post("/lists/proposals/{id}/approve")
def approve(request: Request, here: Here, id: Id, reason: Text = "", preview: Text = "") -> Response:
    """`preview`: the hash of the one that the page showed."""
    verb = partial(proposals.approve, preview_read=preview or None)
    return _settle(request, here, id, verb, reason)


@router.post("/lists/proposals/{id}/decline")
def decline(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.decline, reason)


@router.post("/lists/proposals/{id}/withdraw")
def withdraw(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.withdraw, reason)


def _settle(request: Request, here: Visit, id_: str, verb: Verb, reason: str) -> Response:
    try:
        found = settle(here, lists.KIND, id_, verb, reason)
    except ChangeError as error:
        return _one(request, here, id_, 409, error.fields or {"reason": told(error.says)})
    return see_other(f"/lists/proposals/{id_}?done={found.state}")


def _page(request: Request, here: Visit, errors: Mapping[str, str]) -> Response:
    return page(
        request,
        "lists.html",
        422 if errors else 200,
        found=lists.in_force(here),
        waiting=list_proposals.page_of(here, state=State.REQUESTED)[0],
        past=lists.generations(here),
        errors=dict(errors),
        approves=here.reader.role in APPROVING,
    )


def _one(request: Request, here: Visit, id_: str, status: int, errors: Mapping[str, str]) -> Response:
    view = list_proposals.one(here, find(here, lists.KIND, id_))
    return page(
        request,
        "lists_proposal.html",
        status,
        view=view,
        errors=errors,
        lines=list(policies.difference(list_proposals.base_text(here, view), view.text or "")),
        tried=previews.told(here, id_),
        own=view.asked_by.id == here.reader.person_id,
        approves=here.reader.role in APPROVING,
    )

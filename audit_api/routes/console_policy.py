"""Pages: the policy in force, and proposals of another one."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from audit_api import policies, policy_effects, previews
from audit_api.agreeing import Verb, find, settle
from audit_api.alarms import disk_alarms
from audit_api.faults import told
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from audit_api.rights import APPROVING, READING
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from change_control import proposals
from change_control.errors import ChangeError
from filter_policy.worded_gate import gate_words

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=1_100_000), Storable]


@router.get("/policy")
def policy_page(request: Request, here: Here) -> Response:
    return _page(request, here, {}, None, "")


@router.post("/policy/proposals")
def propose(
    request: Request, here: Here, text: Text = "", reason: Text = "", revision: Text = ""
) -> Response:
    unix = text.replace("\r\n", "\n")  # a form sends the line ends of letters
    try:
        made = policies.propose(here, unix, reason, f'"{revision}"')
    except ChangeError as error:
        return _page(request, here, error.fields or {"text": told(error.says)}, unix, reason)
    except Problem as problem:
        return _page(request, here, {"text": problem.detail}, unix, reason)
    done = "proposed" if made.loosening else "tightened"
    return see_other(f"/policy/proposals/{made.id}?done={done}")


@router.get("/policy/proposals/{id}")
def one(request: Request, here: Here, id: Id) -> Response:
    return _one(request, here, id, 200, {})


@router.post("/policy/proposals/{id}/approve")
def approve(request: Request, here: Here, id: Id, reason: Text = "", preview: Text = "") -> Response:
    """`preview`: the hash of the one that the page showed."""
    verb = partial(proposals.approve, preview_read=preview or None)
    return _settle(request, here, id, verb, reason)


@router.post("/policy/proposals/{id}/decline")
def decline(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.decline, reason)


@router.post("/policy/proposals/{id}/withdraw")
def withdraw(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.withdraw, reason)


def _settle(request: Request, here: Visit, id_: str, verb: Verb, reason: str) -> Response:
    try:
        found = settle(here, policies.KIND, id_, verb, reason)
    except ChangeError as error:
        return _one(request, here, id_, 409, error.fields or {"reason": told(error.says)})
    return see_other(f"/policy/proposals/{id_}?done={found.state}")


def _page(
    request: Request, here: Visit, errors: Mapping[str, str], text: str | None, reason: str
) -> Response:
    policy = policies.in_force(here)
    reads = here.reader.role in READING
    views = policies.page_of(here, limit=20)[0] if reads else []
    return page(
        request,
        "policy.html",
        422 if errors else 200,
        policy=policy,
        table=policies.table(here.window.bundle().policy),
        besides=gate_words(here.window.bundle().policy),
        views=views,
        alarms=disk_alarms(here),
        errors=dict(errors),
        text=policy.text if text is None else text,
        reason=reason,
        reads=reads,
        proposes=here.reader.role in APPROVING,
    )


def _one(request: Request, here: Visit, id_: str, status: int, errors: Mapping[str, str]) -> Response:
    found = find(here, policies.KIND, id_)
    view = policies.one(here, found)
    base = policies.base_text(here, view)
    return page(
        request,
        "policy_proposal.html",
        status,
        view=view,
        errors=errors,
        effects=policy_effects.told(here, found, base),
        lines=list(policies.difference(base, view.text or "")),
        tried=previews.told(here, id_),
        own=view.asked_by.id == here.reader.person_id,
        approves=here.reader.role in APPROVING,
    )

"""Pages: asking for a site for a lesson, answering, shutting it again, and how it was used."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api import openings, unblock_check, unblock_companions, unblock_use, unblocks
from audit_api.agreeing import Verb, find, settle
from audit_api.faults import told
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.problems import Problem, fields_of
from audit_api.rights import APPROVING, ASKING
from audit_api.rows import link_to, read_cursor, write_cursor
from audit_api.shapes import ForWhom
from audit_api.texts import SAYS, Storable
from audit_api.times import iso
from audit_api.unblock_form import Asked, Ticked, again, asked_in, on_form, ticked_in
from audit_api.unblock_shapes import CheckIn, CheckOut, CompanionOut, CompanionsOf
from audit_api.unblock_words import is_open
from audit_api.window import Here, Id, Visit
from change_control import proposals
from change_control.errors import ChangeError
from filter_policy.life_cycle import State

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=10_000), Storable]
MOST = 200
MOST_LOOKED_UP = 5  # sites whose companions are looked for in one go


@router.get("/unblocks/ask")
def ask_page(request: Request, here: Here, sites: str = "", extends: str = "") -> Response:
    if extends:
        return _form(request, here, again(here, unblocks.one(here, find(here, unblocks.KIND, extends))), {})
    today = here.now.astimezone(here.zone).date().isoformat()
    own = openings.own_classes(here)
    return _form(request, here, Asked(sites=sites, day=today, own_class=own if len(own) == 1 else ()), {})


@router.post("/unblocks/ask")
def ask(request: Request, here: Here, asked: Annotated[Asked, Depends(asked_in)], do: Text = "") -> Response:
    if odd := asked.unstorable():
        return _form(request, here, asked, dict.fromkeys(odd, SAYS))
    try:
        if do == "check":
            return _checked(request, here, asked)
        made = proposals.propose_unblock(here.desk, here.reader.actor, asked.raw(here), here.now)
    except ChangeError as error:
        return _form(request, here, asked, on_form(asked, error.fields) or {"sites": told(error.says)})
    except Problem as problem:
        if not problem.errors:
            raise
        return _form(request, here, asked, on_form(asked, problem.errors))
    except ValidationError as error:
        return _form(request, here, asked, on_form(asked, fields_of(error.errors())))
    return see_other(f"/unblocks/{made.id}?done=asked")


def _checked(request: Request, here: Visit, asked: Asked) -> Response:
    """Would they see it, and what do its pages need? Nothing is sent yet."""
    raw = asked.raw(here)
    body = CheckIn.model_validate({"sites": raw["sites"], "for": asked.whom(), "at": asked.begins(here)})
    found = unblock_check.checked(here, body)
    return _form(request, here, asked, {}, found, _proposed(here, body))


def _proposed(here: Visit, asked: CheckIn) -> list[CompanionOut]:
    """For those that were asked about; where these are single people, for one's own classes."""
    whom: ForWhom = asked.for_
    known: dict[str, CompanionOut] = {}
    for site in asked.sites[:MOST_LOOKED_UP]:
        wanted = CompanionsOf.model_validate(
            {"site": site, "class": whom.classes, "group": whom.filter_groups}
        )
        if whom.classes or whom.filter_groups or openings.own_classes(here):
            found = unblock_companions.companions(here, wanted).companions
            known |= {each.host: each for each in found}
    return list(known.values())


@router.get("/unblocks/mine")
def mine(request: Request, here: Here, cursor: str | None = None) -> Response:
    found, next_ = unblocks.page_of(here, mine=True, cursor=read_cursor(cursor))
    after = write_cursor(next_)
    return page(request, "unblocks_mine.html", views=found, next=after and link_to(request, cursor=after))


@router.get("/unblocks/queue")
def queue(request: Request, here: Here) -> Response:
    """Oldest first: who has waited longest is answered first."""
    found, _ = unblocks.page_of(here, state=State.REQUESTED, limit=MOST)
    lists = here.desk.lists()
    views = [unblocks.with_evidence(lists, each) for each in reversed(found)]
    lapsed, _ = unblocks.page_of(here, state=State.LAPSED, limit=5)
    return page(request, "unblocks_queue.html", views=views, lapsed=lapsed)


@router.get("/unblocks/in-force")
def in_force(request: Request, here: Here) -> Response:
    found, _ = unblocks.page_of(here, state=State.APPROVED, limit=MOST)
    begun = [each for each in found if each.starts_at <= iso(here.now)]
    now_open = [each for each in begun if is_open(each, here.now)]
    return page(
        request,
        "unblocks_in_force.html",
        now_open=now_open,
        between=[each for each in begun if each not in now_open],
        later=[each for each in found if each.starts_at > iso(here.now)],
        openings=openings.now_open(here),
        approves=here.reader.role in APPROVING,
    )


@router.get("/unblocks/{id}")
def one(request: Request, here: Here, id: Id) -> Response:
    return _one(request, here, id, 200, {})


@router.get("/unblocks/{id}/use")
def use(request: Request, here: Here, id: Id) -> Response:
    found = find(here, unblocks.KIND, id)
    view, report = unblocks.one(here, found), unblock_use.report_of(here, found)
    return page(request, "unblock_use.html", view=view, report=report, sites=unblocks.opened_sites(found))


@router.post("/unblocks/{id}/approve")
def approve(
    request: Request, here: Here, id: Id, ticked: Annotated[Ticked, Depends(ticked_in)], reason: Text = ""
) -> Response:
    try:
        found = unblocks.approve(here, id, reason, ticked.sites, ticked.companions)
    except ChangeError as error:
        return _not_done(request, here, id, error)
    return see_other(f"/unblocks/{id}?done={found.state}")


@router.post("/unblocks/{id}/decline")
def decline(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.decline, reason)


@router.post("/unblocks/{id}/revoke")
def revoke(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.revoke, reason)


@router.post("/unblocks/{id}/withdraw")
def withdraw(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.withdraw, reason)


def _settle(request: Request, here: Visit, id_: str, verb: Verb, reason: str) -> Response:
    try:
        found = settle(here, unblocks.KIND, id_, verb, reason)
    except ChangeError as error:
        return _not_done(request, here, id_, error)
    return see_other(f"/unblocks/{id_}?done={found.state}")


def _not_done(request: Request, here: Visit, id_: str, error: ChangeError) -> Response:
    """What cannot be done is told on the page of the request itself."""
    return _one(request, here, id_, 409, error.fields or {"reason": told(error.says)})


def _one(request: Request, here: Visit, id_: str, status: int, errors: Mapping[str, str]) -> Response:
    view = unblocks.one(here, find(here, unblocks.KIND, id_))
    return page(
        request,
        "unblock.html",
        status,
        view=view,
        errors=errors,
        own=here.reader.role in ASKING and view.asked_by.id == here.reader.person_id,
        approves=here.reader.role in APPROVING,
    )


def _form(  # noqa: PLR0917  # the form, what is wrong with it, and what was found out about it
    request: Request,
    here: Visit,
    asked: Asked,
    errors: Mapping[str, str],
    found: CheckOut | None = None,
    proposed: list[CompanionOut] | None = None,
) -> Response:
    policy = here.window.bundle().policy
    offered = {each.host for each in proposed or ()}
    ticked = tuple(each for each in asked.companion if each not in offered)
    return page(
        request,
        "unblock_ask.html",
        422 if errors else 200,
        asked=replace(asked, companions="\n".join(x for x in (asked.companions, *ticked) if x)),
        errors=dict(errors),
        found=found,
        proposed=proposed or [],
        own_classes=openings.own_classes(here),
        groups=[(name, name) for name in policy.filter_groups],
        longest_days=policy.limits.longest_days,
    )

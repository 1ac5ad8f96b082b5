"""Pages: the people register and proposals to change it (S82)."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from audit_api import people
from audit_api.agreeing import Verb, find, settle
from audit_api.answers import PeopleProposalOut
from audit_api.faults import by_field, told
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from audit_api.rows import link_to
from audit_api.shapes import Paging, PeopleProposalIn
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from change_control import proposals, tightening
from change_control.errors import ChangeError
from filter_policy.model import Role

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=1_100_000), Storable]


class Wanted(Paging):
    role: Annotated[str, Field(max_length=16)] = ""
    search: Annotated[str, Field(max_length=100)] = ""
    done: str = ""


@router.get("/people")
def people_page(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    return _page(request, here, asked, {}, {})


@router.post("/people/proposals")
def propose(request: Request, here: Here, csv: Text = "", reason: Text = "") -> Response:
    """The answer shows the first passwords, once: so it is a page and no redirect."""
    try:
        made = people.propose(here, PeopleProposalIn.model_construct(csv=csv, reason=reason))
    except (ChangeError, Problem) as error:
        return _page(request, here, Wanted(), by_field(error, "csv"), {"csv": csv, "reason": reason})
    return _shown(request, here, people.one(here, made.proposal, made), 201, {})


@router.get("/people/proposals/{id}")
def one(request: Request, here: Here, id: Id) -> Response:
    return _one(request, here, id, 200, {})


@router.post("/people/proposals/{id}/approve")
def approve(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.approve, reason)


@router.post("/people/proposals/{id}/decline")
def decline(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.decline, reason)


@router.post("/people/proposals/{id}/withdraw")
def withdraw(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.withdraw, reason)


@router.post("/people/{id}/suspend")
def suspend(request: Request, here: Here, id: Id, until: Text = "", reason: Text = "") -> Response:
    try:
        ends_at = here.instant("until", until)
        tightening.suspend(here.desk, here.reader.actor, id, ends_at, reason, here.now)
    except (ChangeError, Problem) as error:
        return _page(request, here, Wanted(), by_field(error, "suspension"), {})
    return see_other("/people?done=suspended")


def _settle(request: Request, here: Visit, id_: str, verb: Verb, reason: str) -> Response:
    try:
        found = settle(here, people.KIND, id_, verb, reason)
    except ChangeError as error:
        return _one(request, here, id_, 409, error.fields or {"reason": told(error.says)})
    if found.handed:  # shown once: so it is a page and no redirect
        return _shown(request, here, people.one(here, found), 200, {})
    return see_other(f"/people/proposals/{id_}?done={found.state}")


def _page(
    request: Request, here: Visit, asked: Wanted, errors: Mapping[str, str], filled: Mapping[str, str]
) -> Response:
    role = Role(asked.role) if asked.role in set(Role) else None
    found, next_ = people.page_of(here, role=role, search=asked.search, after=asked.cursor, limit=asked.limit)
    return page(
        request,
        "people.html",
        422 if errors else 200,
        people=found,
        proposals=people.proposals_page(here, limit=20)[0],
        asked=asked,
        roles=[(each.value, each.value) for each in Role],
        next=link_to(request, cursor=next_) if next_ else None,
        errors=dict(errors),
        filled=filled,
    )


def _one(request: Request, here: Visit, id_: str, status: int, errors: Mapping[str, str]) -> Response:
    return _shown(request, here, people.one(here, find(here, people.KIND, id_)), status, errors)


def _shown(
    request: Request, here: Visit, view: PeopleProposalOut, status: int, errors: Mapping[str, str]
) -> Response:
    own = view.asked_by.id == here.reader.person_id
    names = {row["username"]: row["name"] for row in view.rows or ()}
    return page(request, "people_proposal.html", status, view=view, errors=errors, own=own, names=names)

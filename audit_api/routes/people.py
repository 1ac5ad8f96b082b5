"""The people register (S82): read by those who keep it, changed by two of them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from audit_api import people
from audit_api.agreeing import Verb, find, settle
from audit_api.answers import PageOut, PeopleProposalOut, PersonOut
from audit_api.guard import GuardedRoute
from audit_api.rows import listed, read_cursor, write_cursor
from audit_api.shapes import NO_REMARK, Paging, PeopleProposalIn, Remark, SuspendIn, Why
from audit_api.window import Here, Id, Visit
from change_control import proposals, tightening
from filter_policy.life_cycle import State
from filter_policy.model import Role

router = APIRouter(route_class=GuardedRoute, tags=["people"])
PERSON_COLUMNS = tuple(PersonOut.model_fields)
COLUMNS = (
    "id", "kind", "state", "reason", "asked_by", "asked_at", "decided_by", "decided_at", "decision_reason",
    "ended_by", "ended_at", "ended_reason",
)  # fmt: skip


class Wanted(Paging):
    role: Role | None = None
    search: Annotated[str | None, Field(max_length=100, description="part of a name")] = None


class WantedProposals(Paging):
    state: State | None = None


@router.get("/api/v1/people", summary="The people register", response_model=PageOut[PersonOut])
def list_people(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """By user name."""
    found, next_ = people.page_of(
        here, role=asked.role, search=asked.search, after=asked.cursor, limit=asked.limit
    )
    return listed(request, [each.model_dump(mode="json") for each in found], next_, PERSON_COLUMNS)


@router.get(
    "/api/v1/people/proposals",
    summary="Proposed changes of people",
    response_model=PageOut[PeopleProposalOut],
)
def list_people_proposals(
    request: Request, here: Here, asked: Annotated[WantedProposals, Query()]
) -> Response:
    found, next_ = people.proposals_page(
        here, state=asked.state, limit=asked.limit, cursor=read_cursor(asked.cursor)
    )
    rows = [
        each.model_dump(mode="json", exclude={"rows", "first_passwords", "code_halves"}) for each in found
    ]
    return listed(request, rows, write_cursor(next_), COLUMNS)


@router.post("/api/v1/people/proposals", summary="Propose people", status_code=201)
def propose_people(here: Here, body: PeopleProposalIn, response: Response) -> PeopleProposalOut:
    """Everybody new who came without a password gets a first one; it is told here and nowhere else."""
    made = people.propose(here, body)
    response.headers["Location"] = f"/api/v1/people/proposals/{made.proposal.id}"
    return people.one(here, made.proposal, made)


@router.get("/api/v1/people/proposals/{id}", summary="One proposed change of people")
def get_people_proposal(here: Here, id: Id) -> PeopleProposalOut:
    return people.one(here, find(here, people.KIND, id))


@router.post("/api/v1/people/proposals/{id}/approve", summary="Agree to a change of people")
def approve_people(here: Here, id: Id, body: Remark = NO_REMARK) -> PeopleProposalOut:
    return _settle(here, id, proposals.approve, body.reason)


@router.post("/api/v1/people/proposals/{id}/decline", summary="Say no to a change of people")
def decline_people(here: Here, id: Id, body: Why) -> PeopleProposalOut:
    return _settle(here, id, proposals.decline, body.reason)


@router.post("/api/v1/people/proposals/{id}/withdraw", summary="Take back one's own proposal")
def withdraw_people(here: Here, id: Id, body: Remark = NO_REMARK) -> PeopleProposalOut:
    return _settle(here, id, proposals.withdraw, body.reason)


@router.post("/api/v1/people/{id}/suspend", summary="Suspend somebody")
def suspend(here: Here, id: Id, body: SuspendIn) -> PersonOut:
    """From now on; one person is enough. Lifting it again takes a proposal."""
    until = here.instant("until", body.until)
    found = tightening.suspend(here.desk, here.reader.actor, id, until, body.reason, here.now)
    return people.shown_person(found, here)


@router.post("/api/v1/people/{id}/end", summary="End an account")
def end(here: Here, id: Id, body: Why) -> PersonOut:
    """Somebody has left. The line of the register stays."""
    found = tightening.end_person(here.desk, here.reader.actor, id, body.reason, here.now)
    return people.shown_person(found, here)


def _settle(here: Visit, id_: str, verb: Verb, reason: str) -> PeopleProposalOut:
    return people.one(here, settle(here, people.KIND, id_, verb, reason))

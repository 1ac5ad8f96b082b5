"""Unblocks for a lesson (A169): one person asks, another agrees; the clock shuts it, or anyone who may."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import unblock_check, unblock_companions, unblock_use, unblocks
from audit_api.agreeing import Verb, find, settle
from audit_api.answers import PageOut, UnblockOut
from audit_api.guard import GuardedRoute
from audit_api.rows import listed, read_cursor, write_cursor
from audit_api.shapes import NO_REMARK, Remark, Why
from audit_api.unblock_figures import monthly
from audit_api.unblock_shapes import (
    AGREED_WHOLE,
    AgreeIn,
    CheckIn,
    CheckOut,
    CompanionsOf,
    CompanionsOut,
    FiguresOfUnblocksOut,
    MonthIn,
    UnblockIn,
    UseOut,
    Wanted,
)
from audit_api.window import Here, Id, Visit
from change_control import proposals

router = APIRouter(route_class=GuardedRoute, tags=["unblocks"])
COLUMNS = (
    "id", "state", "sites", "companions", "agreed.sites", "agreed.companions", "for.classes",
    "for.filter_groups", "for.people", "starts_at", "ends_at", "windows", "subject", "reason", "objective",
    "tried", "supervised_by", "asked_by", "asked_at", "decided_by", "decided_at", "decision_reason",
    "ended_by", "ended_at", "ended_reason", "extends", "used",
)  # fmt: skip


@router.get("/api/v1/unblocks", summary="List unblocks", response_model=PageOut[UnblockOut])
def list_unblocks(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    """Newest first. Staff see their own alone."""
    found, next_ = unblocks.page_of(
        here, state=asked.state, mine=asked.mine, limit=asked.limit, cursor=read_cursor(asked.cursor)
    )
    rows = [each.model_dump(mode="json", by_alias=True, exclude={"evidence"}) for each in found]
    return listed(request, rows, write_cursor(next_), COLUMNS)


@router.post("/api/v1/unblocks", summary="Ask for an unblock", status_code=201)
def ask(here: Here, body: UnblockIn, response: Response) -> UnblockOut:
    """Changes nothing until somebody else approves. What is locked or illegal is refused, with the reason."""
    made = proposals.propose_unblock(here.desk, here.reader.actor, body.model_dump(by_alias=True), here.now)
    response.headers["Location"] = f"/api/v1/unblocks/{made.id}"
    return unblocks.one(here, made)


@router.post("/api/v1/unblocks/check", summary="Would this class see it?")
def check(here: Here, body: CheckIn) -> CheckOut:
    """What the gates would answer to each set of filter groups in those classes and groups, now and `at`; and
    whether it can be asked for at all. Changes nothing; what is illegal is refused as the request would be.
    """
    return unblock_check.checked(here, body)


@router.get("/api/v1/unblocks/companions", summary="Other hosts that a site's pages need")
def companions(here: Here, asked: Annotated[CompanionsOf, Query()]) -> CompanionsOut:
    """Those that came with it, by the filtering log, and that would be blocked for those classes and groups;
    for one's own classes where none are named.
    """
    return unblock_companions.companions(here, asked)


@router.get("/api/v1/unblocks/figures", summary="How long people waited, and what became of it")
def figures(here: Here, asked: Annotated[MonthIn, Query()]) -> FiguresOfUnblocksOut:
    """Of one month, beside the month before: how many were asked for, agreed to, turned down, or lapsed."""
    return monthly(here, asked.month)


@router.get("/api/v1/unblocks/{id}", summary="One unblock, with what its sites are listed as")
def get_unblock(here: Here, id: Id) -> UnblockOut:
    return unblocks.one(here, find(here, unblocks.KIND, id))


@router.get("/api/v1/unblocks/{id}/use", summary="How it was used")
def use(here: Here, id: Id) -> UseOut:
    """For whoever asked, approving roles and governors. Nobody is in it, and no path and no search term."""
    return unblock_use.report_of(here, find(here, unblocks.KIND, id))


@router.post("/api/v1/unblocks/{id}/approve", summary="Agree to it")
def approve(here: Here, id: Id, body: AgreeIn = AGREED_WHOLE) -> UnblockOut:
    """By anyone with approving power but the one who asked. In force within two seconds. Of the sites all, or
    those that are named; of the companions those that are named alone.
    """
    return unblocks.one(here, unblocks.approve(here, id, body.reason, body.sites, body.companions))


@router.post("/api/v1/unblocks/{id}/decline", summary="Say no to it")
def decline(here: Here, id: Id, body: Why) -> UnblockOut:
    return _settle(here, id, proposals.decline, body.reason)


@router.post("/api/v1/unblocks/{id}/revoke", summary="Shut it again")
def revoke(here: Here, id: Id, body: Why) -> UnblockOut:
    """One person is enough; staff shut their own. In force within two seconds, on open connections too."""
    return _settle(here, id, proposals.revoke, body.reason)


@router.post("/api/v1/unblocks/{id}/withdraw", summary="Take back one's own request")
def withdraw(here: Here, id: Id, body: Remark = NO_REMARK) -> UnblockOut:
    return _settle(here, id, proposals.withdraw, body.reason)


def _settle(here: Visit, id_: str, verb: Verb, reason: str) -> UnblockOut:
    return unblocks.one(here, settle(here, unblocks.KIND, id_, verb, reason))

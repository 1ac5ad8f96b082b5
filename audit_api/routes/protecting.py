"""Correcting whom a row is about, legal holds, and erasing somebody who has left (S103, S104)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import protecting
from audit_api.agreeing import settle
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.protecting_shapes import (
    CorrectionIn,
    CorrectionOut,
    ErasureIn,
    ErasureOut,
    HoldIn,
    HoldOut,
    ReleaseOut,
)
from audit_api.rows import listed, read_cursor, write_cursor
from audit_api.shapes import NO_REMARK, Paging, Remark, Why
from audit_api.window import Here, Id, Visit
from change_control import corrections, erasing, holds, proposals
from filter_policy.life_cycle import State

router = APIRouter(route_class=GuardedRoute, tags=["data-protection"])
HISTORY = (
    "state", "reason", "asked_by", "asked_at", "decided_by", "decided_at", "decision_reason", "ended_by",
    "ended_at", "ended_reason",
)  # fmt: skip


class Wanted(Paging):
    state: State | None = None


class WantedHolds(Paging):
    released: Annotated[bool, Query(description="those that are over as well")] = False


Asked = Annotated[Wanted, Query()]


@router.get("/api/v1/corrections", summary="Corrections", response_model=PageOut[CorrectionOut])
def list_corrections(request: Request, here: Here, asked: Asked) -> Response:
    """Of whom rows are about: agreed on, and still waiting. No row is ever rewritten."""
    return _listed(
        request, here, corrections.KIND, asked, ("person", "right_person", "from", "to", "client_address")
    )


@router.post("/api/v1/corrections", summary="Propose a correction", status_code=201)
def propose_correction(here: Here, body: CorrectionIn, response: Response) -> CorrectionOut:
    """It counts once another person agrees; neither of the two may be one of those it is about."""
    made = protecting.correct(here, body)
    response.headers["Location"] = f"/api/v1/corrections/{made.id}"
    return protecting.correction(here, made.id)


@router.get("/api/v1/corrections/{id}", summary="One correction")
def get_correction(here: Here, id: Id) -> CorrectionOut:
    return protecting.correction(here, id)


@router.post("/api/v1/corrections/{id}/approve", summary="Agree to a correction")
def approve_correction(here: Here, id: Id, body: Remark = NO_REMARK) -> CorrectionOut:
    settle(here, corrections.KIND, id, proposals.approve, body.reason)
    return protecting.correction(here, id)


@router.post("/api/v1/corrections/{id}/decline", summary="Say no to a correction")
def decline_correction(here: Here, id: Id, body: Why) -> CorrectionOut:
    settle(here, corrections.KIND, id, proposals.decline, body.reason)
    return protecting.correction(here, id)


@router.post("/api/v1/corrections/{id}/withdraw", summary="Take back one's own correction")
def withdraw_correction(here: Here, id: Id, body: Remark = NO_REMARK) -> CorrectionOut:
    settle(here, corrections.KIND, id, proposals.withdraw, body.reason)
    return protecting.correction(here, id)


@router.get("/api/v1/holds", summary="Legal holds", response_model=PageOut[HoldOut])
def list_holds(request: Request, here: Here, asked: Annotated[WantedHolds, Query()]) -> Response:
    """What is kept though its time is over: those in force, newest first."""
    rows = [
        each.model_dump(mode="json", by_alias=True)
        for each in protecting.holds_now(here, released=asked.released)
    ]
    columns = ("id", "person", "from", "to", "reason", "placed_by", "placed_at", "released_at")
    return listed(request, rows, None, columns)


@router.post("/api/v1/holds", summary="Place a legal hold", status_code=201)
def place_hold(here: Here, body: HoldIn) -> HoldOut:
    """In force at once; one person is enough."""
    return protecting.hold(here, body)


@router.get(
    "/api/v1/holds/releases", summary="Proposals to release a hold", response_model=PageOut[ReleaseOut]
)
def list_releases(request: Request, here: Here, asked: Asked) -> Response:
    return _listed(request, here, holds.KIND, asked, ("hold.id", "hold.person", "hold.from", "hold.to"))


@router.get("/api/v1/holds/releases/{id}", summary="One proposal to release a hold")
def get_release(here: Here, id: Id) -> ReleaseOut:
    return protecting.a_release(here, id)


@router.post("/api/v1/holds/{id}/release", summary="Propose to release a hold", status_code=201)
def propose_release(here: Here, id: Id, body: Why, response: Response) -> ReleaseOut:
    """What it kept may be gone soon after another person agrees."""
    made = protecting.release(here, id, body.reason)
    response.headers["Location"] = f"/api/v1/holds/releases/{made.id}"
    return protecting.a_release(here, made.id)


@router.post("/api/v1/holds/releases/{id}/approve", summary="Agree to release a hold")
def approve_release(here: Here, id: Id, body: Remark = NO_REMARK) -> ReleaseOut:
    settle(here, holds.KIND, id, proposals.approve, body.reason)
    return protecting.a_release(here, id)


@router.post("/api/v1/holds/releases/{id}/decline", summary="Say no to releasing a hold")
def decline_release(here: Here, id: Id, body: Why) -> ReleaseOut:
    settle(here, holds.KIND, id, proposals.decline, body.reason)
    return protecting.a_release(here, id)


@router.post("/api/v1/holds/releases/{id}/withdraw", summary="Take back one's own proposal to release")
def withdraw_release(here: Here, id: Id, body: Remark = NO_REMARK) -> ReleaseOut:
    settle(here, holds.KIND, id, proposals.withdraw, body.reason)
    return protecting.a_release(here, id)


@router.get("/api/v1/erasures", summary="Erasures", response_model=PageOut[ErasureOut])
def list_erasures(request: Request, here: Here, asked: Asked) -> Response:
    return _listed(request, here, erasing.KIND, asked, ("person",))


@router.post("/api/v1/erasures", summary="Propose to erase somebody who has left", status_code=201)
def propose_erasure(here: Here, body: ErasureIn, response: Response) -> ErasureOut:
    """For who asks to be forgotten, or need not be remembered. It cannot be undone."""
    made = protecting.erase(here, body)
    response.headers["Location"] = f"/api/v1/erasures/{made.id}"
    return protecting.erasure(here, made.id)


@router.get("/api/v1/erasures/{id}", summary="One erasure")
def get_erasure(here: Here, id: Id) -> ErasureOut:
    """While it waits, with every text that would go."""
    return protecting.erasure(here, id)


@router.post("/api/v1/erasures/{id}/approve", summary="Agree to erase somebody")
def approve_erasure(here: Here, id: Id, body: Remark = NO_REMARK) -> ErasureOut:
    settle(here, erasing.KIND, id, proposals.approve, body.reason)
    return protecting.erasure(here, id)


@router.post("/api/v1/erasures/{id}/decline", summary="Say no to erasing somebody")
def decline_erasure(here: Here, id: Id, body: Why) -> ErasureOut:
    settle(here, erasing.KIND, id, proposals.decline, body.reason)
    return protecting.erasure(here, id)


@router.post("/api/v1/erasures/{id}/withdraw", summary="Take back one's own proposal to erase")
def withdraw_erasure(here: Here, id: Id, body: Remark = NO_REMARK) -> ErasureOut:
    settle(here, erasing.KIND, id, proposals.withdraw, body.reason)
    return protecting.erasure(here, id)


def _listed(request: Request, here: Visit, kind: str, asked: Wanted, columns: tuple[str, ...]) -> Response:
    found, next_ = protecting.page_of(
        here, kind, state=asked.state, limit=asked.limit, cursor=read_cursor(asked.cursor)
    )
    rows = [each.model_dump(mode="json", by_alias=True, exclude={"texts"}) for each in found]
    return listed(request, rows, write_cursor(next_), ("id", *columns, *HISTORY))

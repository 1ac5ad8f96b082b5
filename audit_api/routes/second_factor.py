"""The second factor: six digits that a telephone shows, after the password (RFC 6238)."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from audit_api.answers import FactorBegunOut, FactorOut
from audit_api.guard import GuardedRoute
from audit_api.passwords import ask_again
from audit_api.second_factor import begun_by, clear_with, has_factor, is_wanted, set_up_own
from audit_api.shapes import FactorCodeIn, FactorIn
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, tags=["session"])


@router.get("/api/v1/second-factor", summary="Whether I have one")
def mine(here: Here) -> FactorOut:
    return FactorOut(
        is_set=has_factor(here.window, here.reader.person_id),
        is_wanted=is_wanted(here.window, here.reader.role),
    )


@router.post("/api/v1/second-factor/begin", summary="Begin to set one up")
def begin(here: Here) -> FactorBegunOut:
    begun = begun_by(here)
    return FactorBegunOut(secret=begun.secret, address=begun.address, begun=begun.begun)


@router.post("/api/v1/second-factor", summary="Set it up", status_code=204)
async def set_up(here: Here, request: Request, body: FactorIn) -> Response:
    """With a code that the telephone shows, and the password once more. Other sessions end."""
    await ask_again(here, request, body.password)
    await run_in_threadpool(set_up_own, here, body.begun, body.code)
    return Response(status_code=204)


@router.post("/api/v1/second-factor/clear", summary="Clear one's own", status_code=204)
def clear(here: Here, body: FactorCodeIn) -> Response:
    """With a code of it. Who has lost the telephone asks two others: a row of a people proposal."""
    clear_with(here, body.code)
    return Response(status_code=204)

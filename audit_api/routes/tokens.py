"""Tokens for programs: less than their owner may, and never a person's word."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from audit_api.answers import TokenMadeOut, TokensOut
from audit_api.guard import GuardedRoute
from audit_api.passwords import ask_again_with_code
from audit_api.shapes import TokenIn
from audit_api.tokens import made_for, scopes_for, tokens_of
from audit_api.window import Here, Id
from change_control.tokens import revoke_token

router = APIRouter(route_class=GuardedRoute, tags=["tokens"])


@router.get("/api/v1/tokens", summary="Tokens for programs")
def tokens(
    here: Here,
    everybody: Annotated[bool, Query(description="of all, for those who may approve")] = False,
) -> TokensOut:
    return TokensOut(rows=tokens_of(here, of_all=everybody), scopes=scopes_for(here.reader.role))


@router.post("/api/v1/tokens", summary="Make one", status_code=201)
async def make(here: Here, request: Request, body: TokenIn) -> TokenMadeOut:
    """For oneself, with the password once more, and a code where there is a second factor.

    The token is in this answer alone; a line in the change log tells what it may.
    """
    await ask_again_with_code(here, request, body.password, body.code)
    return await run_in_threadpool(made_for, here, body)


@router.delete("/api/v1/tokens/{id}", summary="Revoke one", status_code=204)
def revoke(here: Here, id: Id) -> Response:
    """One's own; anybody's, for those who may approve."""
    revoke_token(here.desk, here.reader.actor, id, here.now)
    return Response(status_code=204)

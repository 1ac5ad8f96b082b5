"""Page: why is it blocked? The gate's own answer, rule by rule."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from audit_api.explaining import explained
from audit_api.guard import GuardedRoute
from audit_api.pages import page
from audit_api.problems import Problem
from audit_api.window import Here

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


class Wanted(BaseModel):
    user: Annotated[str, Field(max_length=64)] = ""
    url: Annotated[str, Field(max_length=2000)] = ""
    at: Annotated[str, Field(max_length=40)] = ""


@router.get("/explain")
def explain_page(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    found, errors = None, {}
    if asked.user or asked.url:
        try:
            found = explained(here, asked.user, asked.url, here.instant("at", asked.at) or here.now)
        except Problem as problem:
            errors = problem.errors or {"url": problem.detail}
    return page(request, "explain.html", 422 if errors else 200, asked=asked, found=found, errors=errors)

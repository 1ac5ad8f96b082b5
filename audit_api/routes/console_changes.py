"""Page: the change log as sentences, and whether it is whole (A54, S12)."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from audit_api import changes
from audit_api.answers import ChangeOut
from audit_api.guard import GuardedRoute
from audit_api.pages import page
from audit_api.problems import Problem
from audit_api.routes.changes import number
from audit_api.rows import link_to
from audit_api.shapes import Paging
from audit_api.window import Here, Visit
from audit_log.checkpoint import checkpoints
from audit_log.db import reading

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
CHECKED_ON_EVERY_VIEW = 5000  # of each log; it takes a tenth of a second, and grows with them
KINDS = (
    ("unblock:", "Sites for lessons"),
    ("policy:", "Policy"),
    ("people:", "People"),
    ("person:", "Enrolments and suspensions"),
    ("opening:", "Openings for a class"),
    ("filtering-log:", "Looks at the filtering log"),
    ("filtering-log:seal", "Hours of the filtering log, sealed"),
    ("correction:", "Corrections of whom a row is about"),
    ("hold:", "Legal holds"),
    ("hold-release:", "Legal holds let go"),
    ("erasure:", "People erased"),
    ("person:access", "What is kept about somebody, taken out"),
    ("retention:", "Removed when its time was over"),
    ("journal:", "Damage of the journal"),
    ("password:", "Passwords"),
)


class Wanted(Paging):
    event: Annotated[str, Field(max_length=64)] = ""
    actor: Annotated[str, Field(max_length=64)] = ""
    from_: Annotated[str, Field(alias="from", max_length=40)] = ""
    to: Annotated[str, Field(max_length=40)] = ""
    done: str = ""
    check: bool = False


@router.get("/changes")
def change_log(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    with reading(here.desk.engine) as conn:
        last = next(iter(checkpoints(conn, limit=1)), None)
        with_seals = asked.check or not changes.has_more_seals(conn, CHECKED_ON_EVERY_VIEW)
    checked = asked.check or last is None or last.size <= CHECKED_ON_EVERY_VIEW
    views, next_, readable = _views(here, asked)
    return page(
        request,
        "changes.html",
        views=views,
        asked=asked,
        kinds=KINDS,
        whole=changes.is_it_whole(here, with_seals=with_seals) if checked or not readable else None,
        seals_checked=with_seals,
        last=last,
        readable=readable,
        next=link_to(request, cursor=str(next_)) if next_ else None,
    )


def _views(here: Visit, asked: Wanted) -> tuple[list[ChangeOut], int | None, bool]:
    """A line that somebody has made unreadable must not hide the answer to whether the record is whole."""
    since, until = here.instant("from", asked.from_), here.instant("to", asked.to)
    try:
        views, next_ = changes.page_of(
            here,
            event=asked.event,
            actor=asked.actor,
            since=since,
            until=until,
            before=number(asked.cursor),
            limit=asked.limit,
        )
    except Problem as problem:
        if problem.slug != "not-whole":
            raise
        return [], None, False
    return views, next_, True

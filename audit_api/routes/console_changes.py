"""Page: the change log as sentences, whether it is whole, and who has looked at it (A54, S11, S12)."""

import json
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from audit_api import changes, log_reviews
from audit_api.answers import ChangeOut
from audit_api.change_kinds import KINDS
from audit_api.change_links import link_to_object
from audit_api.checkpoint_delivery import ways_of
from audit_api.faults import by_field
from audit_api.guard import GuardedRoute
from audit_api.log_reviews import ReviewIn, SeenIn
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from audit_api.rights import RIGHTS, may
from audit_api.routes.changes import number
from audit_api.rows import link_to
from audit_api.shapes import Paging
from audit_api.texts import Storable
from audit_api.window import Here, Visit
from audit_log.checkpoint import checkpoints
from audit_log.db import reading
from change_control.checkpoint_delivery import deliveries
from change_control.errors import ChangeError
from change_control.in_force import parsed_policy
from filter_policy.parse import PolicyError

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
CHECKED_ON_EVERY_VIEW = 5000  # of each log; it takes a tenth of a second, and grows with them
# What belongs to it and stands elsewhere, where it is there and this reader may see it.
BESIDE = (
    ("/verify", "Check it at home, without this server"),
    ("/reviews", "What one person did and others look at"),
    ("/rights", "Who may do what"),
)
Text = Annotated[str, Form(max_length=10_000), Storable]


class Wanted(Paging):
    event: Annotated[str, Field(max_length=64)] = ""
    actor: Annotated[str, Field(max_length=64)] = ""
    from_: Annotated[str, Field(alias="from", max_length=40)] = ""
    to: Annotated[str, Field(max_length=40)] = ""
    done: str = ""
    check: bool = False


@router.get("/changes")
def change_log(request: Request, here: Here, asked: Annotated[Wanted, Query()]) -> Response:
    return _page(request, here, asked, {}, {})


@router.post("/changes/seen")
def sign_seen(request: Request, here: Here, seen_size: Text = "", root: Text = "") -> Response:
    filled = {"seen_size": seen_size, "root": root}
    try:
        log_reviews.sign(here, SeenIn(size=size_of(seen_size), root=_short(root, "root", 64)))
    except (ChangeError, Problem) as error:
        return _page(request, here, Wanted(), _errors(error, "seen_size"), filled)
    return see_other("/changes?done=seen")


@router.post("/changes/reviews")
def sign_review(request: Request, here: Here, review_size: Text = "", note: Text = "") -> Response:
    filled = {"review_size": review_size, "note": note}
    try:
        log_reviews.sign(here, ReviewIn(size=size_of(review_size), note=needed_note(note)))
    except (ChangeError, Problem) as error:
        return _page(request, here, Wanted(), _errors(error, "review_size"), filled)
    return see_other("/changes?done=reviewed")


def size_of(text: str) -> int:
    given = text.strip()
    if given.isascii() and given.isdecimal() and 0 < len(given) < 10 and int(given):
        return int(given)
    raise Problem("bad-input", errors={"size": "the number of entries that a checkpoint covers is needed"})


def _short(text: str, field: str, longest: int) -> str:
    if len(text.strip()) <= longest:
        return text.strip()
    raise Problem("bad-input", errors={field: f"at most {longest} characters"})


def needed_note(note: str) -> str:
    if note.strip():
        return _short(note, "note", 2000)
    raise Problem("bad-input", errors={"note": "is needed: what you found, in a sentence"})


def _errors(error: ChangeError | Problem, size_field: str) -> dict[str, str]:
    """Both forms have a size, so each has a name of its own on the page."""
    found = by_field(error, size_field)
    return {size_field if name == "size" else name: why for name, why in found.items()}


def _page(
    request: Request, here: Visit, asked: Wanted, errors: Mapping[str, str], filled: Mapping[str, str]
) -> Response:
    with reading(here.desk.engine) as conn:
        last = next(iter(checkpoints(conn, limit=1)), None)
        with_seals = asked.check or not changes.has_more_seals(conn, CHECKED_ON_EVERY_VIEW)
        sent = deliveries(conn)
    checked = asked.check or last is None or last.size <= CHECKED_ON_EVERY_VIEW
    views, next_, readable = _views(here, asked)
    return page(
        request,
        "changes.html",
        422 if errors else 200,
        views=views,
        beneath={each.seq: _beneath(each, here) for each in views},
        asked=asked,
        kinds=KINDS,
        whole=changes.is_it_whole(here, with_seals=with_seals) if checked or not readable else None,
        seals_checked=with_seals,
        last=last,
        readable=readable,
        next=link_to(request, cursor=str(next_)) if next_ and request.method == "GET" else None,
        errors=dict(errors),
        filled=dict(filled),
        beside=[each for each in BESIDE if _is_there(here, each[0])],
        sent=[(way, sent.get(way)) for way in _ways(here)],
        due=_due(here),
        seen=_seen(here),
    )


def _beneath(view: ChangeOut, here: Visit) -> Mapping[str, str | None]:
    """What a line has beneath its sentence: a link to the thing itself, and its data."""
    return {
        "href": link_to_object(view.event, view.object, here.reader.role),
        "detail": json.dumps(view.detail, ensure_ascii=False, indent=2, sort_keys=True),
    }


def _is_there(here: Visit, path: str) -> bool:
    route = f"GET {path}"
    return route in RIGHTS and may(route, here.reader.role)


def _ways(here: Visit) -> list[str]:
    try:
        with reading(here.desk.engine) as conn:
            return list(ways_of(here.window, parsed_policy(conn)))
    except (ChangeError, PolicyError):
        return []


def _seen(here: Visit) -> log_reviews.LogReviewOut | None:
    """None also where somebody has made the rows unreadable: whether the record is whole stands above."""
    try:
        return log_reviews.newest(here)
    except Problem:
        return None


def _due(here: Visit) -> log_reviews.DueOut | None:
    """None where no policy can be read: the rest of the page says what is wrong."""
    try:
        return log_reviews.due(here)
    except (ChangeError, PolicyError):
        return None


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

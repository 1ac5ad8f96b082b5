"""Pages: asking for a site for a lesson, answering, and shutting it again."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, time
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from audit_api import openings, unblocks
from audit_api.agreeing import Verb, find, settle
from audit_api.faults import told
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.rights import APPROVING, ASKING
from audit_api.rows import link_to, read_cursor, write_cursor
from audit_api.texts import SAYS, Storable, unstorable
from audit_api.times import iso, school_time
from audit_api.window import Here, Id, Visit
from change_control import proposals
from change_control.errors import ChangeError
from filter_policy.life_cycle import State

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=10_000), Storable]
MOST = 200
# Where a fault of the API's field is shown on the form.
FORM_FIELD: Mapping[str, str] = {
    "for": "classes",
    "for.classes": "classes",
    "for.filter_groups": "filter_group",
    "for.people": "people",
    "starts_at": "starts",
    "ends_at": "ends",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was filled in, so that it can be shown again."""

    sites: str = ""
    own_class: tuple[str, ...] = ()
    classes: str = ""
    filter_group: str = ""
    people: str = ""
    day: str = ""
    starts: str = ""
    ends: str = ""
    last_day: str = ""
    subject: str = ""
    reason: str = ""

    def raw(self, here: Visit) -> dict[str, object]:
        """As the API would have it; times from the clock on the classroom wall."""
        return {
            "sites": _words(self.sites),
            "for": {
                "classes": [*self.own_class, *_words(self.classes)],
                "filter_groups": _words(self.filter_group),
                "people": _words(self.people),
            },
            "starts_at": _instant(here, self.day, self.starts),
            "ends_at": _instant(here, self.last_day or self.day, self.ends),
            "subject": self.subject,
            "reason": self.reason,
        }


async def _asked(request: Request) -> Asked:
    form = await request.form()
    texts = {each.name: str(form.get(each.name, ""))[:10_000] for each in fields(Asked)}
    own = tuple(str(each)[:200] for each in form.getlist("own_class") if each)
    return Asked(**{**texts, "own_class": own})  # type: ignore[arg-type]  # one is a tuple, all others texts


@router.get("/unblocks/ask")
def ask_page(request: Request, here: Here, sites: str = "") -> Response:
    today = here.now.astimezone(here.zone).date().isoformat()
    own = openings.own_classes(here)
    return _form(request, here, Asked(sites=sites, day=today, own_class=own if len(own) == 1 else ()), {})


@router.post("/unblocks/ask")
def ask(request: Request, here: Here, asked: Annotated[Asked, Depends(_asked)]) -> Response:
    if odd := [each.name for each in fields(Asked) if unstorable("".join(getattr(asked, each.name)))]:
        return _form(
            request, here, asked, {("classes" if name == "own_class" else name): SAYS for name in odd}
        )
    try:
        made = proposals.propose_unblock(here.desk, here.reader.actor, asked.raw(here), here.now)
    except ChangeError as error:
        wrong = {FORM_FIELD.get(field, field): why for field, why in error.fields.items()}
        return _form(request, here, asked, wrong or {"sites": told(error.says)})
    return see_other(f"/unblocks/{made.id}?done=asked")


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
    return page(request, "unblocks_queue.html", views=views)


@router.get("/unblocks/in-force")
def in_force(request: Request, here: Here) -> Response:
    found, _ = unblocks.page_of(here, state=State.APPROVED, limit=MOST)
    return page(
        request,
        "unblocks_in_force.html",
        now_open=[each for each in found if each.starts_at <= iso(here.now)],
        later=[each for each in found if each.starts_at > iso(here.now)],
        openings=openings.now_open(here),
        approves=here.reader.role in APPROVING,
    )


@router.get("/unblocks/{id}")
def one(request: Request, here: Here, id: Id) -> Response:
    return _one(request, here, id, 200, {})


@router.post("/unblocks/{id}/approve")
def approve(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _settle(request, here, id, proposals.approve, reason)


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
    """What cannot be done is told on the page of the request itself."""
    try:
        found = settle(here, unblocks.KIND, id_, verb, reason)
    except ChangeError as error:
        return _one(request, here, id_, 409, error.fields or {"reason": told(error.says)})
    return see_other(f"/unblocks/{id_}?done={found.state}")


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


def _form(request: Request, here: Visit, asked: Asked, errors: Mapping[str, str]) -> Response:
    policy = here.window.bundle().policy
    return page(
        request,
        "unblock_ask.html",
        422 if errors else 200,
        asked=asked,
        errors=dict(errors),
        own_classes=openings.own_classes(here),
        groups=[(name, name) for name in policy.filter_groups],
        longest_days=policy.limits.longest_days,
    )


def _words(text: str) -> list[str]:
    """One a line, or with commas between."""
    return [word for line in text.replace(",", "\n").splitlines() if (word := line.strip())]


def _instant(here: Visit, day: str, clock: str) -> str:
    """Empty when it cannot be read, and the field is then named."""
    try:
        return iso(school_time(date.fromisoformat(day.strip()), time.fromisoformat(clock.strip()), here.zone))
    except (ValueError, OverflowError):
        return ""

"""Incidents: what was reported, what became of it, and the steps that two seniors sign (S35, S165).

What is not yours to see is not found, in the same words as what is not there.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import incidents
from audit_api.answers import PageOut
from audit_api.guard import GuardedRoute
from audit_api.incident_shapes import (
    ActedOut,
    CaseOut,
    ClassifyIn,
    KindsOut,
    MemberIn,
    NoteIn,
    OpenIn,
    QueueOut,
    StepIn,
    WantedCases,
    WholeCaseOut,
    WhyIn,
)
from audit_api.rows import listed
from audit_api.window import Here, Id, Visit
from audit_log.db import reading
from change_control import incidents as verbs

router = APIRouter(route_class=GuardedRoute, tags=["incidents"])
COLUMNS = tuple(CaseOut.model_fields)
AT = "/api/v1/incidents"


@router.get(AT, summary="Incidents", response_model=PageOut[CaseOut])
def list_incidents(request: Request, here: Here, asked: Annotated[WantedCases, Query()]) -> Response:
    """Those that you deal with, newest first. Of any other nothing is told, not even that there is one."""
    found, next_ = incidents.page_of(here, asked)
    return listed(request, [each.model_dump(mode="json") for each in found], next_, COLUMNS)


@router.post(AT, summary="Open an incident by hand", status_code=201)
def open_incident(here: Here, body: OpenIn, response: Response) -> ActedOut:
    """Also of what happened out of school (S5, S55). About the same person and of the same kind as an open
    one it joins that. Of one that is not yours to see you learn no more than that it was taken in.
    """
    made = incidents.open_by_hand(here, body)
    if made.id:
        response.headers["Location"] = f"{AT}/{made.id}"
    return made


@router.get(f"{AT}/queue", summary="What waits")
def queue(here: Here) -> QueueOut:
    """What is overdue, what waits for your signature, what is new; the oldest first."""
    return incidents.queue(here)


@router.get(f"{AT}/kinds", summary="What an incident can be")
def kinds(here: Here) -> KindsOut:
    """With the lines of the schools' written policies, and what their tables suggest (S182, S183)."""
    return incidents.kinds_out(here)


@router.get(f"{AT}/{{id}}", summary="One incident")
def get_incident(here: Here, id: Id) -> WholeCaseOut:
    """What may be illegal comes without files, rows and addresses (S169)."""
    return incidents.one(here, id)


@router.post(f"{AT}/{{id}}/notes", summary="Add a note")
def add_note(here: Here, id: Id, body: NoteIn) -> ActedOut:
    """Notes are only added to; also to an incident that is closed."""
    return incidents.acted(
        here, id, lambda: verbs.note(here.desk, here.reader.actor, id, body.text, here.now)
    )


@router.post(f"{AT}/{{id}}/classify", summary="Say what it is, and about whom")
def classify(here: Here, id: Id, body: ClassifyIn) -> ActedOut:
    """A kind that is for the police takes it into the illegal lane; about a member of staff it goes to the
    headteacher (S15). `case` is null where it is no longer yours with that.
    """
    return incidents.acted(here, id, lambda: sort(here, id, body.model_dump(exclude_unset=True)))


@router.post(f"{AT}/{{id}}/join", summary="Name somebody to it")
def join(here: Here, id: Id, body: MemberIn) -> ActedOut:
    """By whoever leads it. To one about staff one person at most, besides the headteacher (S15)."""
    return incidents.acted(
        here,
        id,
        lambda: verbs.join(here.desk, here.reader.actor, id, member(here, body.person), here.now),
    )


@router.post(f"{AT}/{{id}}/leave", summary="Take somebody off it, or go oneself")
def leave(here: Here, id: Id, body: MemberIn) -> ActedOut:
    return incidents.acted(
        here,
        id,
        lambda: verbs.leave(here.desk, here.reader.actor, id, member(here, body.person), here.now),
    )


@router.post(f"{AT}/{{id}}/illegal", summary="Say that it may be illegal")
def to_illegal(here: Here, id: Id, body: WhyIn) -> ActedOut:
    """One person, at once: nothing of it is looked at any more, and it is for the police (S163, S172)."""
    return incidents.acted(
        here, id, lambda: verbs.to_illegal(here.desk, here.reader.actor, id, body.reason, here.now)
    )


@router.post(f"{AT}/{{id}}/steps", summary="Ask for a step: the first signature")
def ask_step(here: Here, id: Id, body: StepIn) -> ActedOut:
    """Nothing happens until another senior on the case signs the same words (S165)."""
    return incidents.ask(here, id, body)


@router.post(f"{AT}/{{id}}/steps/{{step}}/sign", summary="Sign a step: the second signature")
def sign_step(here: Here, id: Id, step: Id) -> ActedOut:
    """By another senior on the case than the one who asked. With it the step is taken."""
    return incidents.acted(
        here, id, lambda: verbs.sign_step(here.desk, here.reader.actor, id, step, here.now)
    )


@router.post(f"{AT}/{{id}}/steps/{{step}}/withdraw", summary="Take back a step that waits")
def withdraw_step(here: Here, id: Id, step: Id, body: WhyIn) -> ActedOut:
    return incidents.acted(
        here,
        id,
        lambda: verbs.withdraw_step(here.desk, here.reader.actor, id, step, body.reason, here.now),
    )


def sort(here: Visit, id_: str, raw: dict[str, Any]) -> None:
    if raw.get("kind", "") is None:
        raw.pop("kind")
    if "person" in raw:
        raw["person"] = incidents.person_or_none(here, raw["person"])
    given = {name: value for name, value in raw.items() if value is not None or name in ("person", "device")}
    verbs.classify(here.desk, here.reader.actor, id_, given, here.now)


def member(here: Visit, said: str) -> str:
    with reading(here.desk.engine) as conn:
        return incidents.person_id(conn, said, "person")

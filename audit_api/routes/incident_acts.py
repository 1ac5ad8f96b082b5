"""What is done with an incident: evidence, files, whom to tell, devices, the police (S6, S168, S174)."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Body, Query
from starlette.requests import Request
from starlette.responses import Response

from audit_api import incident_acts as acts
from audit_api.guard import GuardedRoute
from audit_api.incident_act_shapes import (
    DoneIn,
    EvidenceIn,
    FileOf,
    IsolateIn,
    LookedOut,
    LookIn,
    ModeIn,
    ReferIn,
    SuggestionOut,
    TaskIn,
)
from audit_api.incident_shapes import ActedOut
from audit_api.routes.filtering_log import COLUMNS
from audit_api.rows import listed
from audit_api.window import Here, Id
from change_control.incident_files import Attached

router = APIRouter(route_class=GuardedRoute, tags=["incidents"])
AT = "/api/v1/incidents/{id}"
Octets = Annotated[bytes, Body(media_type="application/octet-stream")]


@router.post(f"{AT}/evidence", summary="Keep rows of the filtering log as evidence")
def add_evidence(here: Here, id: Id, body: EvidenceIn) -> ActedOut:
    """Nothing is looked at. What is kept stays until the incident is closed, whatever the policy keeps."""
    return acts.evidence(here, id, body)


@router.get(
    f"{AT}/evidence/{{evidence}}", summary="The rows of one piece of evidence", response_model=LookedOut
)
def look(request: Request, here: Here, id: Id, evidence: Id, asked: Annotated[LookIn, Query()]) -> Response:
    """By name, oldest first, with a `purpose`; a line in the change log says that you looked. In the illegal
    lane nobody looks (S169, S172).
    """
    found = acts.looked(here, id, evidence, asked)
    rows = [each.model_dump(mode="json") for each in found.rows]
    of = found.evidence.model_dump(mode="json", by_alias=True)
    return listed(request, rows, found.next, COLUMNS, evidence=of)


@router.post(f"{AT}/files", summary="Attach a file")
def attach(here: Here, id: Id, of: Annotated[FileOf, Query()], content: Octets) -> ActedOut:
    """The body is the file, 10 MB at most. Refused in the illegal lane: such a thing is not copied (S169)."""
    return acts.attach(here, id, of.name, content, of.says)


@router.get(f"{AT}/files/{{file}}", summary="One file")
def get_file(here: Here, id: Id, file: Id) -> Response:
    """As it was attached, or not at all; a line in the change log says that you looked."""
    return download(acts.content(here, id, file))


@router.post(f"{AT}/tasks", summary="Note whom to tell")
def add_task(here: Here, id: Id, body: TaskIn) -> ActedOut:
    """By when, the policy says; its text is the school's letter. Undone it stays, and shows as overdue."""
    return acts.task(here, id, body)


@router.post(f"{AT}/tasks/{{task}}/done", summary="Note that they were told")
def done(here: Here, id: Id, task: Id, body: DoneIn) -> ActedOut:
    return acts.task_done(here, id, task, body.how)


@router.post(f"{AT}/isolate", summary="Shut off a device")
def isolate(here: Here, id: Id, body: IsolateIn) -> ActedOut:
    """One senior, at once (S174); its rows are evidence from then on. Two let it on again before its time."""
    return acts.isolate(here, id, body)


@router.post(f"{AT}/mode", summary="Ask for investigation mode: the first signature")
def ask_mode(here: Here, id: Id, body: ModeIn) -> ActedOut:
    """One device reaches named sites for a short time, all of it recorded (S167). Never illegal ones."""
    return acts.ask_mode(here, id, body)


@router.post(f"{AT}/steps/{{step}}/end", summary="End investigation mode early")
def end_mode(here: Here, id: Id, step: Id) -> ActedOut:
    return acts.end_mode(here, id, step)


@router.post(f"{AT}/refer", summary="Refer it to the police or another authority")
def refer(here: Here, id: Id, body: ReferIn) -> ActedOut:
    """To whom, under which reference, and why by a code (S173, S185)."""
    return acts.refer(here, id, body)


@router.post(
    f"{AT}/referral",
    summary="A bundle for the police or another authority",
    response_class=Response,
    responses={200: {"description": "A ZIP", "content": {"application/zip": {}}}},
)
def referral(here: Here, id: Id) -> Response:
    """The form to be signed, what is kept, the rows, and their proof; with a line in the change log. Of what
    may be illegal it holds no address and no file (S169, S176).
    """
    return bundle(id, acts.referral(here, id))


@router.get(f"{AT}/suggestion", summary="What the schools' tables suggest")
def suggestion(here: Here, id: Id) -> SuggestionOut:
    """For its kind; with how often it happened before (S181), and whether it was reported in time (S180)."""
    return acts.suggestion(here, id)


def bundle(id_: str, content: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="incident-{id_}.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


def download(found: Attached) -> Response:
    """Never shown in the browser, whatever it is."""
    name = quote(found.file.name, safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(found.content, media_type="application/octet-stream", headers=headers)

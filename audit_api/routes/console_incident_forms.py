"""The forms on the page of an incident: each does what its route of the API does."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, UploadFile
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api import incident_acts as acts
from audit_api import incidents
from audit_api.faults import by_field
from audit_api.guard import GuardedRoute
from audit_api.incident_act_shapes import DoneIn, EvidenceIn, FileOf, IsolateIn, ModeIn, ReferIn, TaskIn
from audit_api.incident_pages import case_page, tried
from audit_api.incident_shapes import ActedOut, ClassifyIn, MemberIn, NoteIn, StepIn, WhyIn
from audit_api.pages import see_other
from audit_api.problems import Problem, fields_of
from audit_api.routes import incidents as api
from audit_api.routes.incident_acts import bundle
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from change_control.errors import ChangeError
from change_control.incident_files import MOST_BYTES


async def keep(request: Request) -> None:
    """What was sent, as it was: a form that is not done is shown again with all that was written in it."""
    form = await request.form()
    request.state.sent = {
        name: [each for each in form.getlist(name) if isinstance(each, str)]
        for name in form
        if name != "csrf"
    }


router = APIRouter(route_class=GuardedRoute, include_in_schema=False, dependencies=[Depends(keep)])
Text = Annotated[str, Form(max_length=10_000), Storable]
Ticked = Annotated[list[str], Form(max_length=50), Storable]
AT = "/incidents/{id}"


@router.post(f"{AT}/notes")
def notes(request: Request, here: Here, id: Id, text: Text = "") -> Response:
    return _done(request, here, id, lambda: api.add_note(here, id, NoteIn(text=text)), "noted", "note")


@router.post(f"{AT}/classify")
def classify(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    id: Id,
    kind: Text = "",
    person: Text = "",
    nobody: Text = "",
    place: Text = "",
    intent: Text = "",
    device: Text = "",
) -> Response:
    raw: dict[str, Any] = _given(kind=kind, person=person, place=place, intent=intent)
    raw["device"] = device or None
    if nobody == "yes":
        raw["person"] = None
    return _done(
        request, here, id, lambda: api.classify(here, id, ClassifyIn.model_validate(raw)), "noted", "c"
    )


@router.post(f"{AT}/join")
def join(request: Request, here: Here, id: Id, person: Text = "") -> Response:
    return _done(request, here, id, lambda: api.join(here, id, MemberIn(person=person)), "noted", "j")


@router.post(f"{AT}/leave")
def leave(request: Request, here: Here, id: Id, person: Text = "") -> Response:
    return _done(request, here, id, lambda: api.leave(here, id, MemberIn(person=person)), "noted", "")


@router.post(f"{AT}/illegal")
def illegal(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _done(request, here, id, lambda: api.to_illegal(here, id, WhyIn(reason=reason)), "halted", "x")


@router.post(f"{AT}/steps")
def ask(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    id: Id,
    act: Text = "",
    reason: Text = "",
    substance: Text = "",
    response: Ticked = [],  # noqa: B006  # FastAPI makes a new one for each request
    action: Ticked = [],  # noqa: B006  # likewise
    until: Text = "",
    deviation: Text = "",
    outcome: Text = "",
    isolation: Text = "",
) -> Response:
    raw: dict[str, Any] = _given(deviation=deviation, outcome=outcome, isolation=isolation)
    raw |= {"act": act, "reason": reason, "responses": response or None, "actions": action or None}
    raw["substance"] = {"yes": True, "no": False}.get(substance)
    raw["removal"] = {"until": until} if until else None
    return _done(
        request,
        here,
        id,
        lambda: incidents.ask(here, id, StepIn.model_validate(raw)),
        "signed-first",
        f"r-{isolation}" if act == "release" else act,
    )


@router.post(f"{AT}/steps/{{step}}/sign")
def sign(request: Request, here: Here, id: Id, step: Id) -> Response:
    return _done(request, here, id, lambda: api.sign_step(here, id, step), "signed-second", "")


@router.post(f"{AT}/steps/{{step}}/withdraw")
def withdraw(request: Request, here: Here, id: Id, step: Id, reason: Text = "") -> Response:
    return _done(
        request,
        here,
        id,
        lambda: api.withdraw_step(here, id, step, WhyIn(reason=reason)),
        "withdrawn",
        f"back-{step}",
    )


@router.post(f"{AT}/steps/{{step}}/end")
def end(request: Request, here: Here, id: Id, step: Id) -> Response:
    return _done(request, here, id, lambda: acts.end_mode(here, id, step), "revoked", "")


@router.post(f"{AT}/mode")
def mode(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    id: Id,
    device: Text = "",
    minutes: Text = "",
    sites: Text = "",
    deviation: Text = "",
    reason: Text = "",
) -> Response:
    raw: dict[str, Any] = {"device": device, "minutes": minutes, "sites": sites.split(), "reason": reason}
    raw |= _given(deviation=deviation)
    return _done(
        request, here, id, lambda: acts.ask_mode(here, id, ModeIn.model_validate(raw)), "signed-first", "mode"
    )


@router.post(f"{AT}/evidence")
def evidence(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    id: Id,
    person: Text = "",
    device: Text = "",
    event: Text = "",
    from_: Annotated[str, Form(alias="from", max_length=40), Storable] = "",
    to: Text = "",
    why: Text = "",
) -> Response:
    raw: dict[str, Any] = _given(person=person, device=device, event=event, to=to, why=why)
    raw |= {"from": from_} if from_ else {}
    return _done(
        request, here, id, lambda: acts.evidence(here, id, EvidenceIn.model_validate(raw)), "noted", "ev"
    )


@router.post(f"{AT}/files")
def attach(request: Request, here: Here, id: Id, file: UploadFile, says: Text = "") -> Response:
    def do() -> ActedOut:
        of = FileOf(name=file.filename or "", says=says)
        return acts.attach(here, id, of.name, file.file.read(MOST_BYTES + 1), of.says)

    return _done(request, here, id, do, "noted", "file")


@router.post(f"{AT}/tasks")
def task(  # noqa: PLR0917  # the fields of the form
    request: Request, here: Here, id: Id, kind: Text = "", text: Text = "", due: Text = ""
) -> Response:
    raw = {"kind": kind, **_given(text=text, due=due)}
    return _done(request, here, id, lambda: acts.task(here, id, TaskIn.model_validate(raw)), "noted", "task")


@router.post(f"{AT}/tasks/{{task}}/done")
def done(request: Request, here: Here, id: Id, task: Id, how: Text = "") -> Response:
    return _done(
        request, here, id, lambda: acts.task_done(here, id, task, DoneIn(how=how).how), "noted", f"t-{task}"
    )


@router.post(f"{AT}/isolate")
def isolate(  # noqa: PLR0917  # the fields of the form
    request: Request, here: Here, id: Id, device: Text = "", hours: Text = "", reason: Text = ""
) -> Response:
    raw = {"device": device, "hours": hours, "reason": reason}
    return _done(
        request, here, id, lambda: acts.isolate(here, id, IsolateIn.model_validate(raw)), "shut-off", "i"
    )


@router.post(f"{AT}/refer")
def refer(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    id: Id,
    code: Text = "",
    to: Text = "",
    reference: Text = "",
    reason: Text = "",
) -> Response:
    raw = {"code": code, "to": to, "reference": reference, "reason": reason}
    return _done(request, here, id, lambda: acts.refer(here, id, ReferIn.model_validate(raw)), "noted", "p")


@router.post(f"{AT}/referral")
def referral(request: Request, here: Here, id: Id) -> Response:
    """A file; what is wrong is told on the page."""
    try:
        return bundle(id, acts.referral(here, id))
    except ChangeError as error:
        return case_page(request, here, id, errors=by_field(error, ""))


def _given(**said: str) -> dict[str, Any]:
    """A form sends what was left empty as well: that means nothing here."""
    return {name: value for name, value in said.items() if value.strip()}


def _done(  # noqa: PLR0917  # what is done, how that is told, and in which form of the page it was asked
    request: Request,
    here: Visit,
    id_: str,
    do: Callable[[], ActedOut],
    word: str,
    form: str,
) -> Response:
    """What is wrong is told in that form of the page of the incident, and what was written stands in it.

    Raises Problem not-found for what is not theirs.
    """
    incidents.case_of(here, id_)
    try:
        made = do()
    except ValidationError as error:
        errors = fields_of(error.errors())
    except (ChangeError, Problem) as problem:
        errors = by_field(problem, "")
    else:
        return see_other(f"/incidents/{id_}?done={word}" if made.case else "/incidents?done=passed-on")
    return case_page(request, here, id_, tried(form, request.state.sent, errors))

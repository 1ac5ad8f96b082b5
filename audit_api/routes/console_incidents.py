"""Pages: incidents that wait, one of them, opening one by hand, and the rows that are its evidence."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api import incident_acts, incidents
from audit_api.faults import by_field
from audit_api.guard import GuardedRoute
from audit_api.incident_act_shapes import LookedOut, LookIn
from audit_api.incident_pages import NOTHING_TRIED, Tried, Words, case_page
from audit_api.incident_shapes import CaseOut, OpenIn, WantedCases
from audit_api.incident_words import STATES
from audit_api.pages import page, see_other
from audit_api.problems import Problem, fields_of
from audit_api.rights import may
from audit_api.routes.incident_acts import download
from audit_api.routes.incident_oversight import figures_page
from audit_api.rows import link_to
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from change_control.errors import ChangeError
from change_control.incident_kinds import UNSORTED, kinds
from filter_policy.model import Role

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Text = Annotated[str, Form(max_length=10_000), Storable]
FIELDS = frozenset(WantedCases.model_fields)
Filled = Mapping[str, str]


@router.get("/incidents")
def incidents_page(request: Request, here: Here) -> Response:
    """What waits, then all; governors see numbers. What a form left empty means nothing."""
    if here.reader.role is Role.GOVERNOR:
        return figures_page(request, here)
    given = {name: value for name, value in request.query_params.items() if value and name in FIELDS}
    try:
        rows, next_ = incidents.page_of(here, WantedCases.model_validate(given))
    except ValidationError as error:
        return _page(request, here, given, ([], None), fields_of(error.errors()))
    except Problem as problem:
        return _page(request, here, given, ([], None), problem.errors or {"person": problem.detail})
    return _page(request, here, given, (rows, next_), {})


def _page(
    request: Request, here: Visit, given: Filled, shown: tuple[Sequence[CaseOut], str | None], errors: Filled
) -> Response:
    rows, next_ = shown
    role = here.reader.role
    return page(
        request,
        "incidents.html",
        422 if errors else 200,
        queue=incidents.queue(here),
        rows=rows,
        next=link_to(request, cursor=next_) if next_ else None,
        given=given,
        kinds=list(kinds().values()),
        states={state: says for state, (_, says) in STATES.items()},
        words=Words(),
        may_open=may("POST /incidents/new", role),
        may_report=may("GET /incidents/report", role),
        may_review=may("GET /incidents/review", role),
        errors=dict(errors),
        tried=NOTHING_TRIED,
    )


@router.get("/incidents/new")
def new_page(request: Request, here: Here) -> Response:
    return _new(request, {}, {})


@router.post("/incidents/new")
def new(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    kind: Text = UNSORTED,
    person: Text = "",
    text: Text = "",
    place: Text = "unknown",
    intent: Text = "unknown",
    happened_at: Text = "",
    device: Text = "",
    self_reported: Text = "",
) -> Response:
    filled: dict[str, str] = {
        "kind": kind, "person": person, "text": text, "place": place, "intent": intent,
        "happened_at": happened_at, "device": device, "self_reported": self_reported,
    }  # fmt: skip
    asked: dict[str, Any] = {**filled, "self_reported": self_reported == "yes"}
    try:
        made = incidents.open_by_hand(here, OpenIn.model_validate(asked))
    except ValidationError as error:
        return _new(request, filled, fields_of(error.errors()))
    except (ChangeError, Problem) as problem:
        return _new(request, filled, by_field(problem, ""))
    return see_other(f"/incidents/{made.id}?done=incident-opened" if made.id else "/incidents?done=passed-on")


def _new(request: Request, filled: Filled, errors: Filled) -> Response:
    return page(
        request,
        "incident_new.html",
        422 if errors else 200,
        tried=Tried("n", {name: [said] for name, said in filled.items()}, errors)
        if filled
        else NOTHING_TRIED,
        errors=dict(errors),
        kinds=list(kinds().values()),
        words=Words(),
    )


@router.get("/incidents/{id}")
def one(request: Request, here: Here, id: Id) -> Response:
    return case_page(request, here, id)


@router.get("/incidents/{id}/evidence/{evidence}")
def evidence_page(request: Request, here: Here, id: Id, evidence: Id) -> Response:
    """Without a purpose it asks for one; with one, a line says who looked before anything is shown."""
    case = incidents.case_of(here, id)
    if all(each.id != evidence for each in case.evidence):
        raise Problem("not-found")
    given = {
        name: value for name, value in request.query_params.items() if value and name in LookIn.model_fields
    }
    if not given:
        return _evidence(request, id, evidence, "", None, {})
    try:
        asked = LookIn.model_validate(given)
        found = incident_acts.looked(here, id, evidence, asked)
    except ValidationError as error:
        return _evidence(request, id, evidence, "", None, fields_of(error.errors()))
    except (ChangeError, Problem) as problem:
        return _evidence(request, id, evidence, given.get("purpose", ""), None, by_field(problem, "purpose"))
    return _evidence(request, id, evidence, asked.purpose, found, {})


def _evidence(  # noqa: PLR0917  # which, why, what was found, and what is wrong
    request: Request, id_: str, evidence: str, purpose: str, found: LookedOut | None, errors: Filled
) -> Response:
    return page(
        request,
        "incident_evidence.html",
        422 if errors else 200,
        id=id_,
        evidence=evidence,
        purpose=purpose,
        found=found,
        next=link_to(request, cursor=found.next) if found and found.next else None,
        errors=dict(errors),
        tried=NOTHING_TRIED,
    )


@router.get("/incidents/{id}/files/{file}")
def file(here: Here, id: Id, file: Id) -> Response:
    return download(incident_acts.content(here, id, file))

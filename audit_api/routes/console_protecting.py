"""Page: data protection. Corrections, legal holds, erasing who has left, and access to one person's data."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from audit_api import protecting
from audit_api.access import Wanted, access_of
from audit_api.agreeing import Verb, settle
from audit_api.faults import by_field, told
from audit_api.guard import GuardedRoute
from audit_api.pages import page, see_other
from audit_api.problems import Problem, fields_of
from audit_api.protecting_shapes import CorrectionIn, ErasureIn, HoldIn
from audit_api.rights import may
from audit_api.texts import Storable
from audit_api.window import Here, Id, Visit
from audit_log.db import reading
from audit_log.people import person_by_username
from change_control import corrections, erasing, holds, proposals
from change_control.errors import ChangeError

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
PAGE = "/data-protection"
Text = Annotated[str, Form(max_length=4000), Storable]
Filled = Mapping[str, str]
KINDS: Mapping[str, str] = {
    "corrections": corrections.KIND,
    "releases": holds.KIND,
    "erasures": erasing.KIND,
}
VERBS: Mapping[str, Verb] = {
    "approve": proposals.approve,
    "decline": proposals.decline,
    "withdraw": proposals.withdraw,
}
SHOWN = 20  # of each kind


@router.get("/data-protection")
def show(request: Request, here: Here, done: str = "") -> Response:
    return _page(request, here)


@router.post("/data-protection/corrections")
def correct(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    person: Text = "",
    right_person: Text = "",
    from_: Annotated[str, Form(alias="from", max_length=40), Storable] = "",
    to: Text = "",
    client_address: Text = "",
    reason: Text = "",
) -> Response:
    filled = {
        "person": person, "right_person": right_person, "from": from_, "to": to,
        "client_address": client_address, "reason": reason,
    }  # fmt: skip
    asked = {**filled, "right_person": right_person.strip() or None}
    return _made(
        request, here, "correct", filled, lambda: protecting.correct(here, CorrectionIn.model_validate(asked))
    )


@router.post("/data-protection/holds")
def hold(  # noqa: PLR0917  # the fields of the form
    request: Request,
    here: Here,
    person: Text = "",
    from_: Annotated[str, Form(alias="from", max_length=40), Storable] = "",
    to: Text = "",
    reason: Text = "",
) -> Response:
    filled = {"person": person, "from": from_, "to": to, "reason": reason}
    asked = {**filled, "person": person.strip() or None}
    return _made(request, here, "hold", filled, lambda: protecting.hold(here, HoldIn.model_validate(asked)))


@router.post("/data-protection/holds/{id}/release")
def release(request: Request, here: Here, id: Id, reason: Text = "") -> Response:
    return _made(request, here, "release", {}, lambda: protecting.release(here, id, reason))


@router.post("/data-protection/erasures")
def erase(
    request: Request, here: Here, person: Text = "", texts: Text = "naming", reason: Text = ""
) -> Response:
    filled = {"person": person, "texts": texts, "reason": reason}
    return _made(
        request, here, "erase", filled, lambda: protecting.erase(here, ErasureIn.model_validate(filled))
    )


@router.post("/data-protection/{kind}/{id}/{verb}")
def answer(  # noqa: PLR0917  # the parts of the path
    request: Request, here: Here, kind: str, id: Id, verb: str, reason: Text = ""
) -> Response:
    if kind not in KINDS or verb not in VERBS:
        raise Problem("not-found")
    try:
        found = settle(here, KINDS[kind], id, VERBS[verb], reason)
    except ChangeError as error:
        return _page(request, here, errors=error.fields or {"answer": told(error.says)})
    return see_other(f"{PAGE}?done={found.state}")


class AskedFor(Wanted):
    """As the API has it, by user name; a day that was left empty is none."""

    person: Annotated[str, Field(max_length=64)] = ""


@router.get("/data-protection/access")
def access(request: Request, here: Here) -> Response:
    """A file; what is wrong with the form is told on the page."""
    given = {name: value for name, value in request.query_params.items() if value}
    if not given:
        return _page(request, here)
    try:
        asked = AskedFor.model_validate(given)
        return access_of(here, _id_of(here, asked.person), Wanted(**asked.model_dump(exclude={"person"})))
    except ValidationError as error:
        errors = fields_of(error.errors())
    except (ChangeError, Problem) as problem:
        errors = by_field(problem, "person")
    return _page(request, here, errors={f"access.{name}": why for name, why in errors.items()})


def _id_of(visit: Visit, username: str) -> str:
    with reading(visit.desk.engine) as conn:
        found = person_by_username(conn, username.strip())
    if found is None:
        raise Problem("bad-input", errors={"person": "nobody of that user name is on the register"})
    return found.id


def _made(request: Request, here: Visit, form: str, filled: Filled, make: Callable[[], object]) -> Response:
    try:
        make()
    except ValidationError as error:
        errors = fields_of(error.errors())
    except (ChangeError, Problem) as problem:
        errors = by_field(problem, "reason")
    else:
        return see_other(f"{PAGE}?done={'held' if form == 'hold' else 'proposed'}")
    return _page(
        request,
        here,
        errors={f"{form}.{name}": why for name, why in errors.items()},
        filled={f"{form}.{name}": value for name, value in filled.items()},
    )


def _page(
    request: Request, here: Visit, errors: Filled | None = None, filled: Filled | None = None
) -> Response:
    shown: dict[str, Any] = {
        name: protecting.page_of(here, kind, limit=SHOWN)[0] for name, kind in KINDS.items()
    }
    waiting = [protecting.erasure(here, each.id) for each in shown["erasures"] if each.state == "requested"]
    return page(
        request,
        "protecting.html",
        422 if errors else 200,
        **shown,
        holds=protecting.holds_now(here),
        texts={each.id: each.texts or [] for each in waiting},
        stays={each.id: each.stays for each in waiting},
        may_access=may("GET /data-protection/access", here.reader.role),
        errors=dict(errors or {}),
        filled=dict(filled or {}),
    )

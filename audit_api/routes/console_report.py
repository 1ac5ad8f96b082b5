"""Pages: what anybody reports, without signing in (S54, S128); and what staff report (S37, S92)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Annotated

import structlog
from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from audit_api.faults import by_field
from audit_api.guard import GuardedRoute, address_of
from audit_api.pages import page, see_other
from audit_api.problems import Problem
from audit_api.reporting import is_ours, new_form, wait_for
from audit_api.texts import Storable, unstorable
from audit_api.window import AtWindow, Here, Visit, Window
from audit_log.incident_model import Place
from change_control.errors import ChangeError
from change_control.incident_kinds import ABOUT, UNSORTED, kinds
from change_control.incident_reports import (
    HAPPENED,
    LONGEST_NAME,
    LONGEST_SAID,
    OTHER,
    SAW,
    Said,
    StaffReport,
    leaders,
    report_by_staff,
    report_publicly,
)
from filter_policy.model import Role, SafeHarbour

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)
Anything = Annotated[str, Form()]  # whatever it is, nobody's words are thrown away unread
Text = Annotated[str, Form(max_length=10_000), Storable]
WRITTEN_TO = re.compile(r"\btext (\w+) to (\d{3,})\b", re.IGNORECASE)
CALLED = re.compile(r"\+?[0-9()-]+")
SHOWN_AGAIN = 20_000  # characters of what was far too long
ONCE_MORE = "This page was open for a long time. What you wrote is below: please press Send once more."
NOT_KEPT = "Your report could not be kept just now. Press Send again in a minute, or tell a grown-up now."
FULL = (
    "A great many reports came in just now, so this page takes no more for a few minutes. Yours was not sent."
    " Tell a grown-up at school now, or ring one of the numbers below. What you wrote is still here."
)
PLACES = ((Place.UNKNOWN, "I do not know"), (Place.ON_SITE, "At school"), (Place.OFF_SITE, "Out of school"))
HEADINGS: Mapping[str, str] = {
    "pupil": "What a pupil did",
    "staff": "What a member of staff did",
    "safeguarding": "A child may need help",
    "technical": "A technical incident or security breach",
    UNSORTED: "I am not sure",
}

log = structlog.get_logger()


@router.get("/report")
def report_page(request: Request, window: AtWindow, ref: str = "") -> Response:
    """The same whatever the reference: who comes from a block page has seen one."""
    reference = _short(ref)
    return _form(request, window, Said(SAW if reference else OTHER, reference=reference), 200)


@router.post("/report")
async def send_report(
    request: Request,
    window: AtWindow,
    *,
    form: Anything = "",
    happened: Anything = "",
    text: Anything = "",
    name: Anything = "",
    ref: Anything = "",
) -> Response:
    """Nothing in the answer, nor how long it takes, says whether the reference leads anywhere."""
    begun = window.reporting.clock()
    said = Said(happened if happened in HAPPENED else OTHER, _kept(text), _kept(name), _short(_kept(ref)))
    answer = await run_in_threadpool(_send, request, window, said, form)
    await window.reporting.rest(begun)
    return answer


def _send(request: Request, window: Window, said: Said, form: str) -> Response:
    now = window.clock()
    sent = (form, said.happened, said.text, said.name, said.reference)
    if window.reporting.is_known(*sent):
        return see_other("/report/thanks")
    if faults := _faults(said):
        return _form(request, window, said, 422, errors=faults)
    if not is_ours(window.desk, form, now):
        return _form(request, window, said, 200, told=ONCE_MORE)
    if wait := wait_for(window.rates, address_of(request)):
        full = _form(request, window, said, 429, told=FULL)
        full.headers["Retry-After"] = str(ceil(wait))
        return full
    try:
        report_publicly(window.desk, said, now)
    except Exception as error:  # noqa: BLE001  # whatever it is, who reports is told what to do instead
        log.error(
            "report.not_kept", error=type(error).__name__
        )  # no traceback: its locals hold what was said
        return _form(request, window, said, 503, told=NOT_KEPT)
    window.reporting.remember(*sent)
    return see_other("/report/thanks")


def _faults(said: Said) -> dict[str, str]:
    faults = {}
    if not said.text.strip() and said.happened == OTHER:
        faults["text"] = "please write a few words, so that we know how to help"
    if len(said.text) > LONGEST_SAID:
        faults["text"] = f"that is {len(said.text)} letters, and {LONGEST_SAID} fit: send the rest by itself"
    if len(said.name) > LONGEST_NAME:
        faults["name"] = f"at most {LONGEST_NAME} letters fit"
    return faults


def _kept(text: str) -> str:
    """What no database can hold becomes a question mark: the rest of it may matter."""
    return text if not unstorable(text) else text.replace("\0", "?").encode(errors="replace").decode()


def _short(ref: str) -> str:
    """A reference is a short code; anything else is none."""
    return ref if len(ref) <= 12 and ref.isprintable() else ""


def _form(  # a form, and what is said beside it
    request: Request,
    window: Window,
    said: Said,
    status: int,
    *,
    told: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    return page(
        request,
        "report.html",
        status,
        form=new_form(window.desk, window.clock()),
        happened=HAPPENED,
        chosen=said.happened,
        text=said.text[:SHOWN_AGAIN],
        name=said.name[:LONGEST_NAME],
        ref=said.reference,
        told=told,
        errors=errors or {},
        helplines=_helplines(window),
    )


@dataclass(frozen=True, slots=True)
class Helpline:
    name: str
    telephone: str
    address: str
    is_private: bool  # a place of help of the policy: no row says who went there

    @property
    def rings(self) -> str:
        """What a telephone does with it: it calls, or it writes the word that was asked for."""
        if text := WRITTEN_TO.search(self.telephone):
            return f"sms:{text[2]}?body={text[1]}"
        number = self.telephone.replace(" ", "")
        return f"tel:{number}" if CALLED.fullmatch(number) else ""


CHILDLINE = Helpline("Childline", "0800 1111", "https://www.childline.org.uk/", is_private=False)


def _helplines(window: Window) -> list[Helpline]:
    """The policy's places of help, those with a telephone first; one at least."""
    try:
        known = window.bundle().policy.safe_harbour
    except Problem:  # nothing is in force; the grown-ups are still there
        known = ()
    lines = sorted(known, key=lambda each: not each.telephone)
    return [_helpline(each) for each in lines] or [CHILDLINE]


def _helpline(harbour: SafeHarbour) -> Helpline:
    return Helpline(harbour.name, harbour.telephone, f"https://{harbour.site.host}/", is_private=True)


@router.get("/report/thanks")
def thanks(request: Request, window: AtWindow) -> Response:
    return page(request, "report_thanks.html", helplines=_helplines(window))


@router.get("/incidents/report")
def staff_form(request: Request, here: Here) -> Response:
    kind = "technical-breach" if here.reader.role is Role.TECHNICIAN else UNSORTED
    return _staff_page(request, here, 200, {}, {"kind": kind})


@router.post("/incidents/report")
async def send_staff_report(
    request: Request,
    here: Here,
    *,
    kind: Text = UNSORTED,
    text: Text = "",
    person: Text = "",
    exclude: Text = "",
    place: Text = "",
    happened_at: Text = "",
    reference: Text = "",
) -> Response:
    filled = {
        "kind": kind,
        "text": text,
        "person": person,
        "exclude": exclude,
        "place": place,
        "happened_at": happened_at,
        "reference": reference,
    }
    begun = here.window.reporting.clock()
    answer = await run_in_threadpool(_staff_sent, request, here, filled)
    await here.window.reporting.rest(begun)
    return answer


def _staff_sent(request: Request, here: Visit, filled: dict[str, str]) -> Response:
    try:
        at = here.instant("happened_at", filled["happened_at"])
        said = StaffReport(
            filled["kind"],
            filled["text"],
            filled["person"],
            filled["exclude"],
            filled["place"] or Place.UNKNOWN,
            at,
            filled["reference"],
        )
        report_by_staff(here.desk, here.reader.actor, said, here.now)
    except (ChangeError, Problem) as error:
        return _staff_page(request, here, 422, by_field(error, "text"), filled)
    return see_other("/incidents/report?done=reported")


def _staff_page(
    request: Request, here: Visit, status: int, errors: dict[str, str], filled: dict[str, str]
) -> Response:
    groups = [
        (HEADINGS[about], [each for each in kinds().values() if each.about == about]) for about in ABOUT
    ]
    return page(
        request,
        "incident_report.html",
        status,
        errors=errors,
        filled=filled,
        groups=groups,
        places=PLACES,
        leaders=[(each.username, f"{each.name}, {each.role}") for each in leaders(here.desk, here.now)],
    )

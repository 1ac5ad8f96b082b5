"""What the pages about incidents are made of, beside what the API tells of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from audit_api import incident_words, incidents
from audit_api.incident_acts import suggestion_for
from audit_api.pages import page, spoken
from audit_api.rights import SENIOR
from audit_api.window import Visit
from audit_log.incident_model import Incident, IncidentState
from change_control.incident_followups import task_kinds
from change_control.incident_kinds import actions, kinds
from change_control.incident_referral_codes import CODES

Filled = Mapping[str, str]
Sent = Mapping[str, Sequence[str]]
# What the window calls a field, where its form has another name for it.
IN_FORMS = {"responses": "response", "actions": "action", "removal": "until", "removal.until": "until"}
LABELS = {
    "kind": "Kind",
    "person": "About whom",
    "happened_at": "When?",
    "place": "Where?",
    "intent": "How was it meant?",
    "substance": "Has the concern substance?",
    "response": "Who responds?",
    "action": "Actions",
    "until": "Access is removed until",
    "deviation": "Why otherwise",
    "how": "What was said to whom",
    "due": "By when",
    "hours": "Hours",
    "minutes": "Minutes",
    "purpose": "Why do you look?",
    "text": "What happened?",
    "note.text": "Add a note",
    "task.text": "Text",
    "task.kind": "Whom",
    "ev.person": "Person",
    "j.person": "User name of a member of staff",
    "p.code": "Why",
    "p.to": "To whom",
    "p.reason": "In words",
    "x.reason": "Why",
    "i.reason": "Why",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A form of the page that was sent and not done: what was written in it, and what is wrong with it."""

    form: str = ""
    sent: Sent = field(default_factory=dict)
    errors: Filled = field(default_factory=dict)

    def said(self, form: str, name: str, otherwise: str) -> str:
        return (self.sent.get(name) or ("",))[0] if form == self.form else otherwise

    def has(self, form: str, name: str, word: str) -> bool:
        return form == self.form and word in self.sent.get(name, ())

    def fault(self, form: str, name: str) -> str:
        return self.errors.get(name, "") if form == self.form else ""

    def label(self, name: str) -> str:
        """As it stands over the field."""
        said = LABELS.get(f"{self.form}.{name}") or LABELS.get(name) or spoken(name)
        return said if said.endswith("?") else f"{said}:"


NOTHING_TRIED = Tried()


def tried(form: str, sent: Sent, errors: Filled) -> Tried:
    return Tried(form, sent, {IN_FORMS.get(name, name): why for name, why in errors.items()})


@dataclass(frozen=True, slots=True)
class Words:
    """For templates."""

    actions: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, tuple[str, str]] = field(default_factory=lambda: incident_words.STATES)
    lanes: Mapping[str, str] = field(default_factory=lambda: incident_words.LANES)
    places: Mapping[str, str] = field(default_factory=lambda: incident_words.PLACES)
    intents: Mapping[str, str] = field(default_factory=lambda: incident_words.INTENTS)
    sources: Mapping[str, str] = field(default_factory=lambda: incident_words.SOURCES)
    about: Mapping[str, str] = field(default_factory=lambda: incident_words.ABOUT)
    steps: Mapping[str, str] = field(default_factory=lambda: incident_words.STEPS)
    responses: Mapping[str, str] = field(default_factory=lambda: incident_words.RESPONSE_WORDS)
    outcomes: Mapping[str, str] = field(default_factory=lambda: incident_words.OUTCOME_WORDS)
    happened: Mapping[str, str] = field(default_factory=lambda: incident_words.HAPPENED_WORDS)


def case_page(
    request: Request, here: Visit, id_: str, sent: Tried = NOTHING_TRIED, errors: Filled | None = None
) -> Response:
    """`errors`: of no form of the page. Raises Problem not-found."""
    case = incidents.case_of(here, id_)
    senior = here.reader.role in SENIOR
    faults = dict(errors or sent.errors)
    policy = here.window.bundle().policy
    suggest = suggestion_for(here, case) if senior else None
    return page(
        request,
        "incident.html",
        422 if faults else 200,
        case=incidents.seer(here, [case]).whole(case),
        suggest=suggest,
        senior=senior,
        words=Words({**actions(case.about), **(suggest.says if suggest else {})}),
        kinds=list(kinds().values()),
        tasks={kind: incident_words.task_words(kind) for kind in task_kinds(policy)},
        codes=CODES,
        errors=faults,
        tried=sent,
        not_closed=not_closed(case, here.now) if senior else "",
    )


def not_closed(case: Incident, now: datetime) -> str:
    """Why closing it is not offered, or nothing."""
    if not case.is_open:
        return ""
    if any(each.act == "close" and each.waits(now) for each in case.steps):
        return "that waits for a second signature"
    if case.is_illegal and not case.referrals:
        return "first refer it to the police, and note that here"
    if case.state is IncidentState.INVESTIGATION and case.substance is None:
        return "first two of you decide whether the concern has substance"
    if case.state is IncidentState.INVESTIGATION and case.substance:
        return "the concern has substance, so first two of you decide who responds"
    return ""

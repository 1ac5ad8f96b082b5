"""What the pages about incidents are made of, beside what the API tells of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from audit_api import incident_words, incidents
from audit_api.incident_acts import suggestion_for
from audit_api.pages import page
from audit_api.rights import SENIOR
from audit_api.window import Visit
from change_control.incident_followups import task_kinds
from change_control.incident_kinds import actions, kinds
from change_control.incident_referral_codes import CODES

Filled = Mapping[str, str]


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


def case_page(
    request: Request, here: Visit, id_: str, errors: Filled | None = None, filled: Filled | None = None
) -> Response:
    """Raises Problem not-found."""
    case = incidents.case_of(here, id_)
    senior = here.reader.role in SENIOR
    policy = here.window.bundle().policy
    suggest = suggestion_for(here, case) if senior else None
    return page(
        request,
        "incident.html",
        422 if errors else 200,
        case=incidents.seer(here, [case]).whole(case),
        suggest=suggest,
        senior=senior,
        words=Words({**actions(case.about), **(suggest.says if suggest else {})}),
        kinds=list(kinds().values()),
        tasks={kind: incident_words.task_words(kind) for kind in task_kinds(policy)},
        codes=CODES,
        errors=dict(errors or {}),
        filled=dict(filled or {}),
    )

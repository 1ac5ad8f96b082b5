"""An incident in plain words: its states, its steps, what each word of it means."""

from collections.abc import Mapping

from audit_api.sightings import SAYS
from audit_log.incident_model import IncidentState, Intent, Lane, Place
from change_control.incident_reports import HAPPENED
from change_control.incident_steps import OUTCOMES, RESPONSES

# The colour only repeats the words, as elsewhere: (tone, words).
STATES: Mapping[str, tuple[str, str]] = {
    IncidentState.REPORTED: ("warn", "Reported: nobody has begun"),
    IncidentState.INVESTIGATION: ("info", "Being investigated"),
    IncidentState.ACTION: ("info", "Action"),
    IncidentState.SANCTION: ("info", "Sanction"),
    IncidentState.CLOSED: ("good", "Closed"),
}
LANES: Mapping[str, str] = {
    Lane.INAPPROPRIATE: "Inappropriate",
    Lane.ILLEGAL: "May be illegal: for the police",
}
INTENTS: Mapping[str, str] = {
    Intent.ACCIDENTAL: "By accident",
    Intent.CARELESS: "Careless",
    Intent.DELIBERATE: "Deliberate",
    Intent.UNKNOWN: "Not known",
}
PLACES: Mapping[str, str] = {
    Place.ON_SITE: "At school",
    Place.OFF_SITE: "Out of school",
    Place.UNKNOWN: "Not known",
}
SOURCES: Mapping[str, str] = {
    "rule": "Noticed by the filter",
    "block-page": "Told from a block page",
    "short-address": "Told by the report page",
    "staff": "Told by an adult of the school",
    "hand": "Entered by hand",
}
ABOUT: Mapping[str, str] = {
    "pupil": "Pupils",
    "staff": "Staff",
    "safeguarding": "A child who may need help",
    "technical": "The school's own security",
    "unsorted": "Not sorted yet",
}
STEPS: Mapping[str, str] = {
    "investigate": "Begin the investigation",
    "substance": "Decide whether the concern has substance",
    "act": "Go on to action",
    "sanction": "Decide on sanctions",
    "close": "Close the incident",
    "reopen": "Open it again",
    "lower": "Say that it is not illegal",
    "mode": "Look into it: investigation mode",
    "release": "Let the device on again",
}
RESPONSE_WORDS: Mapping[str, str] = dict(
    zip(RESPONSES, ("Internal response or discipline", "Local authority", "Police"), strict=True)
)
OUTCOME_WORDS: Mapping[str, str] = dict(
    zip(
        OUTCOMES,
        ("No blame", "No concern", "The same as another one", "Dealt with", "Referred to others"),
        strict=True,
    )
)
# What a child chose on the report page, or the filter noticed.
HAPPENED_WORDS: Mapping[str, str] = {**HAPPENED, **SAYS}
TASKS: Mapping[str, str] = {
    "parents": "Inform parents or carers",
    "local-authority": "Inform the local authority",
    "ceop": "Inform CEOP",
    "police": "Inform the police",
    "safeguarding-partners": "Inform the safeguarding partners",
    "governors": "Inform the governors",
    "line-manager": "Inform the line manager",
    "technical-support": "Ask technical support",
    "school-community": "Say in school that it was dealt with",
}


def task_words(kind: str) -> str:
    return TASKS.get(kind, kind.replace("-", " ").capitalize())

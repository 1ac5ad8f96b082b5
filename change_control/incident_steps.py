"""The procedure as a table (S35, S165, S170): which step leads from where to where, and what it needs.

Every step takes two seniors, who sign the same words; `change_control/incidents.py` sees to that.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from audit_log.incident_fold import STATE_AFTER as STATE_AFTER
from audit_log.incident_model import Incident, IncidentState
from change_control.errors import ChangeError, bad_input
from change_control.incident_kinds import actions

Facts = Mapping[str, Any]
REPORTED, INVESTIGATION, ACTION, SANCTION, CLOSED = IncidentState
OPEN = frozenset({REPORTED, INVESTIGATION, ACTION, SANCTION})
FROM: Mapping[str, frozenset[IncidentState]] = {
    "investigate": frozenset({REPORTED}),
    "substance": frozenset({INVESTIGATION}),
    "act": frozenset({INVESTIGATION}),
    "sanction": frozenset({ACTION}),
    "close": OPEN,
    "reopen": frozenset({CLOSED}),
    "lower": OPEN,  # from the illegal lane to the other
    "mode": frozenset({INVESTIGATION}),  # investigation mode (S167)
    "release": frozenset(IncidentState),  # of a device that is shut off
}
STANDS: Mapping[IncidentState, str] = {
    REPORTED: "only reported",
    INVESTIGATION: "being investigated",
    ACTION: "at the stage of action",
    SANCTION: "at the stage of sanctions",
    CLOSED: "closed",
}
# The gates read the words of these, and are told by nothing whom a case is about.
OF_A_DEVICE = frozenset({"mode", "release"})
REMOVAL = "removal-of-access"
LONGEST_REMOVAL = timedelta(days=366)
RESPONSES = ("internal", "local-authority", "police")  # S171
NO_CONCERN = "no-concern"
OUTCOMES = ("no-blame", NO_CONCERN, "duplicate", "dealt-with", "referred")


FIELDS = frozenset({"reason", "substance", "responses", "actions", "deviation", "removal", "outcome"})


def as_error(fault: str) -> ChangeError:
    """Something left out of the form is its field's fault; anything else is too late, or too early."""
    field, _, says = fault.partition(": ")
    return bad_input({field: says}) if field in FIELDS and says else ChangeError("wrong-state", fault)


def as_said(fault: str) -> str:
    """Without its field, for whoever fills in none."""
    field, _, says = fault.partition(": ")
    return says if field in FIELDS and says else fault


def of_whom(case: Incident) -> dict[str, str | None]:
    """What two sign besides the step itself: of what kind the case is, and about whom."""
    return {"kind": case.kind, "about": case.about, "person": case.person_id}


def step_fault(case: Incident, act: str, facts: Facts, now: datetime) -> str | None:
    """Why this step cannot be taken now, or None. Asked at both signatures."""
    if act not in FROM:
        return f"there is no such step; there are {', '.join(FROM)}"
    if case.state not in FROM[act]:
        return f"this step is not possible while the incident is {STANDS[case.state]}"
    if "of" in facts and facts["of"] != of_whom(case):
        return "the incident was sorted anew since; take this back and ask again"
    if not str(facts.get("reason", "")).strip():
        return "reason: is needed"
    needs = NEEDS.get(act)
    return needs(case, facts, now) if needs else None


def _act(case: Incident, facts: Facts, _now: datetime) -> str | None:
    if case.substance is not True:
        return "first two have to decide that the concern has substance"
    responses = facts.get("responses", ())
    if not responses or not set(responses) <= set(RESPONSES):
        return "responses: choose at least one of the school itself, the local authority and the police"
    return None


def _substance(_case: Incident, facts: Facts, _now: datetime) -> str | None:
    return None if isinstance(facts.get("substance"), bool) else "substance: yes or no is needed"


def _sanction(case: Incident, facts: Facts, now: datetime) -> str | None:
    chosen, rows = facts.get("actions"), _suggested(facts)
    known = dict.fromkeys([*actions(case.about), *(word for row in rows for word in row)])
    if not isinstance(chosen, list | tuple) or not chosen or not all(word in known for word in chosen):
        return "actions: choose at least one of the actions in the list"
    as_suggested = any(set(chosen) == set(row) for row in rows)
    if not as_suggested and not str(facts.get("deviation") or "").strip():
        return "deviation: these are not the actions that the table suggests, so say why"
    if REMOVAL in chosen and not facts.get("removal"):
        return "removal: a day and time is needed, since removal of access is among the actions"
    return _removal(case, facts, now)


def _suggested(facts: Facts) -> list[tuple[str, ...]]:
    """The rows of the tables that fit (incident_sanctions.py): to choose one of them is no deviation."""
    return [tuple(facts["suggested"]), *(tuple(row) for row in facts["also"])]


def _removal(case: Incident, facts: Facts, now: datetime) -> str | None:
    """S184: with an end, and of somebody."""
    removal = facts.get("removal")
    if not removal:
        return None
    if case.person_id is None:
        return "removal: first say whom the incident is about"
    if removal["person"] != case.person_id:
        return "the incident is about somebody else since; take this back and ask again"
    if case.about == "pupil" and "actions" in facts and REMOVAL not in facts["actions"]:
        return "removal: leave it empty, or choose removal of access among the actions"
    until = datetime.fromisoformat(removal["until"])
    if not now < until <= now + LONGEST_REMOVAL:
        return f"removal: access must come back later than now, and within {LONGEST_REMOVAL.days} days"
    return None


def _close(case: Incident, facts: Facts, now: datetime) -> str | None:
    if facts.get("outcome") not in OUTCOMES:
        return "outcome: choose one of the outcomes in the list"
    if case.is_illegal and not case.referrals:
        return "what may be illegal is closed only after it was referred to the police"
    if case.state is INVESTIGATION and case.substance is None:
        return "first two have to decide whether the concern has substance"
    if case.substance and facts["outcome"] == NO_CONCERN:
        return "two have decided that the concern has substance; it is closed with another outcome"
    if case.state is INVESTIGATION and case.substance:
        return "a concern that has substance goes on to action"
    return _removal(case, facts, now)


def _lower(case: Incident, _facts: Facts, _now: datetime) -> str | None:
    return None if case.is_illegal else "it is not in the illegal lane"


def _mode(case: Incident, facts: Facts, now: datetime) -> str | None:
    """What it opens was looked at when it was asked for (incident_modes.py)."""
    if case.is_illegal:
        return "what may be illegal is for the police, and nobody looks at it here"
    if datetime.fromisoformat(facts["ends_at"]) <= now:
        return "its time is over before two had signed it; take it back and ask again"
    return None


def _release(case: Incident, facts: Facts, now: datetime) -> str | None:
    shut = next((each for each in case.isolated if each.id == facts.get("isolation")), None)
    if shut is None or shut.released_at is not None or shut.ends_at <= now:
        return "this device is not shut off (any more)"
    return None


NEEDS: Mapping[str, Callable[[Incident, Facts, datetime], str | None]] = {
    "substance": _substance,
    "act": _act,
    "sanction": _sanction,
    "close": _close,
    "lower": _lower,
    "mode": _mode,
    "release": _release,
}

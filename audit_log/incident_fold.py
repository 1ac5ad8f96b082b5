"""From the lines of a case to the case. Pure, so that anybody who has the lines can work it out again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from audit_log.incident_model import (
    Evidence,
    File,
    Incident,
    IncidentEntry,
    IncidentState,
    Intent,
    Isolated,
    Lane,
    Note,
    Place,
    Referral,
    Report,
    Step,
    Task,
)
from audit_log.incident_types import require_types

Facts = Mapping[str, Any]
# What a signed step makes of the state (S35); a step that is not here leaves it as it is.
STATE_AFTER: Mapping[str, IncidentState] = {
    "investigate": IncidentState.INVESTIGATION,
    "act": IncidentState.ACTION,
    "sanction": IncidentState.SANCTION,
    "close": IncidentState.CLOSED,
    "reopen": IncidentState.INVESTIGATION,
}
WORDS: Mapping[str, Callable[[str], Any]] = {"place": Place, "intent": Intent, "lane": Lane}


class FoldError(ValueError):
    """These lines make no case: the first is no report, or one says what cannot be read."""


def fold(entries: Iterable[IncidentEntry]) -> Incident:
    """Of one case, in the order of their numbers. Raises FoldError."""
    found: Incident | None = None
    for entry in entries:
        found = fold_on(found, entry)
    if found is None:
        raise FoldError("a case without lines")
    return found


def fold_on(known: Incident | None, entry: IncidentEntry) -> Incident:
    """The case with one more line. Raises FoldError."""
    try:
        if entry.facts is not None:
            require_types(entry.act, entry.facts)
        return _opened(entry) if known is None else _next(known, entry)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise FoldError(f"entry {entry.seq} says what cannot be read: {type(error).__name__}") from error


def _opened(entry: IncidentEntry) -> Incident:
    facts = entry.facts
    if entry.act != "report":
        raise ValueError(entry.act)
    new = Incident(
        entry.incident_id, "", "nobody", Lane.INAPPROPRIATE, IncidentState.REPORTED, entry.at, entry.at
    )
    if facts is None:
        return replace(new, erased=True)
    new = _classified(new, facts)
    new = replace(new, halted_at=entry.at if new.is_illegal else None)
    return _reported(new, entry, facts)


def _next(incident: Incident, entry: IncidentEntry) -> Incident:
    changed = replace(incident, changed_at=entry.at)
    if entry.facts is None:
        return replace(changed, erased=True)
    return ACTS[entry.act](changed, entry, entry.facts)


def _classified(incident: Incident, facts: Facts) -> Incident:
    said = {name: facts[name] for name in ("kind", "about", "role", "device", "restricted") if name in facts}
    said |= {name: read(facts[name]) for name, read in WORDS.items() if name in facts}
    if "person" in facts:
        said["person_id"] = facts["person"]
    return replace(incident, **said)


def _sorted(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    """What was asked for before was asked of another case; of somebody else nothing is decided yet. A case
    that is about staff from now on is for those who answer for such cases."""
    now = _classified(incident, facts)
    if (now.kind, now.about, now.person_id) != (incident.kind, incident.about, incident.person_id):
        now = _overtaken(now, entry.at)
    if (now.about, now.person_id) != (incident.about, incident.person_id):
        decided = now.state in (IncidentState.ACTION, IncidentState.SANCTION)
        now = replace(now, substance=None, state=IncidentState.INVESTIGATION if decided else now.state)
    members = frozenset() if now.restricted and not incident.restricted else now.members - {now.person_id}
    return replace(now, members=members)


def _overtaken(incident: Incident, at: datetime) -> Incident:
    """No first signature outlasts what it was given for."""
    steps = tuple(replace(each, ended_at=at) if each.is_waiting else each for each in incident.steps)
    return replace(incident, steps=steps)


def _reported(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    happened = facts.get("happened_at")
    report = Report(
        entry.seq,
        entry.at,
        str(facts["source"]),
        facts.get("by"),
        str(facts.get("text", "")),
        facts.get("event"),
        datetime.fromisoformat(happened) if happened else None,
        str(facts.get("happened", "")),
        facts.get("self_reported") is True,
    )
    excluded = incident.excluded | frozenset(facts.get("exclude", ()))
    return _with_tasks(
        replace(incident, reports=(*incident.reports, report), excluded=excluded), entry, facts
    )


def _noted(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    note = Note(entry.seq, entry.at, entry.actor_id, str(facts["text"]))
    return replace(incident, notes=(*incident.notes, note))


def _evidence(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    new = Evidence(
        str(facts["id"]),
        entry.at,
        entry.actor_id,
        datetime.fromisoformat(facts["from"]),
        datetime.fromisoformat(facts["to"]),
        facts.get("person"),
        facts.get("device"),
        facts.get("event"),
        str(facts.get("why", "")),
    )
    return replace(incident, evidence=(*incident.evidence, new))


def _file(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    words = (str(facts[name]) for name in ("id", "name"))
    id_, name = words
    new = File(
        id_, entry.at, entry.actor_id, name, int(facts["size"]), facts["sha256"], str(facts.get("says", ""))
    )
    return replace(incident, files=(*incident.files, new))


def _task(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    """One that somebody opened, or those that follow from what two decided."""
    return _with_tasks(incident, entry, facts if "tasks" in facts else {"tasks": [facts]})


def _with_tasks(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    """Those that a line opens beside what else it says: how many lines there are tells nobody the kind."""
    new = (
        Task(
            str(each["id"]),
            str(each["kind"]),
            entry.at,
            entry.actor_id,
            datetime.fromisoformat(each["due"]),
            str(each.get("text", "")),
        )
        for each in facts.get("tasks", ())
    )
    return replace(incident, tasks=(*incident.tasks, *new))


def _task_done(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    tasks = tuple(
        replace(each, done_at=entry.at, done_by=entry.actor_id, how=str(facts["how"]))
        if each.id == facts["id"] and each.done_at is None
        else each
        for each in incident.tasks
    )
    return replace(incident, tasks=tasks)


def _asked(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    new = Step(entry.object_id, str(facts["act"]), facts, entry.actor_id, entry.at, entry.salt, entry.sealed)
    for each in incident.steps:  # one that waits too long already
        if (each.act, each.facts.get("isolation")) == (new.act, facts.get("isolation")) and each.is_waiting:
            incident = _changed(incident, each.id, ended_at=entry.at)
    return replace(incident, steps=(*incident.steps, new))


def _changed(incident: Incident, step_id: str, **what: Any) -> Incident:
    steps = tuple(replace(each, **what) if each.id == step_id else each for each in incident.steps)
    return replace(incident, steps=steps)


def _signed(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    step = incident.step(entry.object_id)
    if (
        step is None
        or not step.waits(entry.at)
        or step.asked_by == entry.actor_id
        or step.sealed != entry.sealed
    ):
        raise ValueError("signed what nobody else asked for")
    incident = _changed(incident, step.id, signed_by=entry.actor_id, signed_at=entry.at)
    state = STATE_AFTER.get(step.act, incident.state)
    closed_at = entry.at if step.act == "close" else incident.closed_at  # of a closed one: a device let go
    if state is not incident.state or step.act == "lower":
        incident = _overtaken(incident, entry.at)
    incident = replace(incident, state=state, closed_at=closed_at if state is IncidentState.CLOSED else None)
    match step.act:
        case "substance":
            return replace(incident, substance=facts["substance"] is True)
        case "lower":
            return replace(incident, lane=Lane.INAPPROPRIATE, halted_at=None)
        case "reopen":
            return replace(incident, substance=None)
        case "release":
            return _released(incident, str(facts["isolation"]), entry.at)
    return incident


def _released(incident: Incident, isolation: str, at: datetime) -> Incident:
    isolated = tuple(
        replace(each, released_at=at) if each.id == isolation else each for each in incident.isolated
    )
    return replace(incident, isolated=isolated)


def _ended(incident: Incident, entry: IncidentEntry, _facts: Facts) -> Incident:
    """A waiting step is taken back; an investigation mode is over."""
    return _changed(incident, entry.object_id, ended_at=entry.at, ended_by=entry.actor_id)


def _illegal(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    """Whatever was open to look at it is shut with it (S169, S172)."""
    incident = _with_tasks(_overtaken(incident, entry.at), entry, facts)
    steps = tuple(
        replace(each, ended_at=entry.at, ended_by=entry.actor_id)
        if each.act == "mode" and each.ended_at is None
        else each
        for each in incident.steps
    )
    return replace(incident, lane=Lane.ILLEGAL, halted_at=entry.at, steps=steps)


def _referred(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    said = (str(facts.get(name, "")) for name in ("code", "to", "reference", "reason"))
    code, to, reference, reason = said
    new = Referral(entry.at, entry.actor_id, code, to, reference, reason)
    return replace(incident, referrals=(*incident.referrals, new))


def _isolated(incident: Incident, entry: IncidentEntry, facts: Facts) -> Incident:
    ends_at = datetime.fromisoformat(facts["ends_at"])
    new = Isolated(
        entry.object_id,
        str(facts["device"]),
        entry.actor_id,
        entry.at,
        ends_at,
        None,
        entry.salt,
        entry.sealed,
    )
    return replace(incident, isolated=(*incident.isolated, new))


ACTS: Mapping[str, Callable[[Incident, IncidentEntry, Facts], Incident]] = {
    "report": _reported,
    "classify": _sorted,
    "note": _noted,
    "join": lambda incident, _, facts: replace(incident, members=incident.members | {str(facts["person"])}),
    "leave": lambda incident, _, facts: replace(incident, members=incident.members - {str(facts["person"])}),
    "evidence": _evidence,
    "file": _file,
    "task": _task,
    "task-done": _task_done,
    "ask": _asked,
    "sign": _signed,
    "withdraw": _ended,
    "end": _ended,
    "illegal": _illegal,
    "refer": _referred,
    "isolate": _isolated,
    "look": lambda incident, _entry, _facts: incident,
    "made": lambda incident, _entry, _facts: incident,
}

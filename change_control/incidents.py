"""The verbs of a case: report it, sort it, take notes, name who is on it, and take its steps two by two.

Each leaves one line in the change log, which holds the case's id and a hash, and one beside it, which holds
what was said. Who reported is in no line of the change log: whom it is about may read that.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit_log.db import reading
from audit_log.incident_model import Incident, Intent, Lane, Place
from audit_log.incidents import Sealed, incident_of, open_about
from audit_log.people import person_by_id
from audit_log.seal import stamp
from change_control.desk import Actor, Desk
from change_control.errors import ChangeError, bad_input
from change_control.in_force import parsed_policy
from change_control.incident_abouts import CHOSEN_BY, NOT_SENIOR, NOT_TO_BE_NAMED, kind_fault
from change_control.incident_effects import apply_step, prepared
from change_control.incident_endings import end_modes
from change_control.incident_followups import into_illegal, reported
from change_control.incident_kinds import ADULTS, UNSORTED, IncidentKind, kinds
from change_control.incident_lines import write as write
from change_control.incident_readers import require_leader, require_reader, signers
from change_control.incident_rights import (
    MOST_ON_A_STAFF_CASE,
    SENIOR,
    Looker,
    View,
    leads,
    may_name,
    may_sign,
    view_of,
)
from change_control.incident_steps import OF_A_DEVICE, as_error, as_said, of_whom, step_fault
from change_control.probes import record_refused
from change_control.roles import entitle
from change_control.sealing import Change, change
from change_control.texts import fault_of, needed
from filter_policy.devices import device_in

Facts = Mapping[str, Any]
NO_CASE = "there is no such incident for you"
LONGEST_DEVICE = 100  # characters
SOURCES = ("rule", "block-page", "short-address", "staff", "hand")


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody reports, or a rule found. `person`: whom it is about, by id; `by`: who reports, likewise.

    `joins`: whether it becomes part of an open case about the same person and of the same kind.
    """

    source: str  # one of SOURCES
    kind: str = UNSORTED
    person: str | None = None
    by: str | None = None
    text: str = ""
    event_id: str | None = None
    happened_at: datetime | None = None
    happened: str = ""
    device: str | None = None
    place: Place = Place.UNKNOWN
    intent: Intent = Intent.UNKNOWN
    self_reported: bool = False
    exclude: frozenset[str] = frozenset()
    joins: bool = True
    role: str | None = None  # of whom it is about, where nobody says who that is


def report(desk: Desk, told: Told, now: datetime) -> Incident:
    """Open a case, or join the open one about the same person and kind. Raises ChangeError bad-input.

    Nobody is asked for a right: everybody may report (S54). Who reports is named by `told.by` alone.
    """
    with change(desk, now) as made:
        return report_in(made, told)


def report_in(made: Change, told: Told) -> Incident:
    """Within a change that does more."""
    kind = _kind(told)
    joins = told.joins and told.person and not told.exclude  # who may see a case is not for a later report
    found = open_about(made.conn, told.person, kind.id) if joins and told.person else None
    if found is not None and told.by is not None and told.by == found.person_id:
        found = None  # whom a case is about opens one of their own
    facts = _report_facts(made.conn, told, kind)
    return reported(made, found, facts)


def _kind(told: Told) -> IncidentKind:
    faults = {}
    if told.kind not in kinds():
        faults["kind"] = f"one of {', '.join(kinds())} is needed"
    if told.source not in SOURCES:
        faults["source"] = f"one of {', '.join(SOURCES)} is needed"
    if fault := fault_of(told.text):
        faults["text"] = fault
    if faults:
        raise bad_input(faults)
    return kinds()[told.kind]


def _report_facts(conn: Connection, told: Told, kind: IncidentKind) -> dict[str, Any]:
    return {
        "source": told.source,
        "by": told.by,
        "text": told.text.strip(),
        "event": told.event_id,
        "happened_at": stamp(told.happened_at) if told.happened_at else None,
        "happened": told.happened,
        "self_reported": told.self_reported,
        "exclude": sorted(told.exclude),
        "lane": kind.lane,
        "device": told.device,
        "place": told.place,
        "intent": told.intent,
        **_of_whom(conn, kind, told.person, told.source in CHOSEN_BY),
        **({"role": str(told.role)} if told.role and told.person is None else {}),
    }


def _of_whom(conn: Connection, kind: IncidentKind, person: str | None, chosen: bool) -> dict[str, Any]:
    """`chosen`: by somebody who can choose another kind. What a rule says, or a child, is kept as it is."""
    found = person_by_id(conn, person) if person is not None else None
    if person is not None and found is None:
        raise bad_input({"person": "is nobody on the register"})
    role = str(found.role) if found else None
    if chosen and (fault := kind_fault(kind, role)):
        raise fault
    is_staff = kind.about == "staff" or role in ADULTS
    return {"kind": kind.id, "about": kind.about, "person": person, "role": role, "restricted": is_staff}


def looker(actor: Actor) -> Looker:
    return Looker(actor.person_id, actor.role)


def case_for(conn: Connection, actor: Actor, incident_id: str) -> Incident:
    """For whoever sees all of it. Raises ChangeError not-found for everybody else, whatever the reason."""
    case = incident_of(conn, incident_id)
    if case is None or case.erased or view_of(case, looker(actor)) is not View.ALL:
        raise ChangeError("not-found", NO_CASE)
    return case


def opened_case(made: Change, actor: Actor, act: str, incident_id: str) -> Incident:
    """The case, for a verb that this actor may do to it. Raises ChangeError."""
    entitle(made.conn, actor, f"incident:{act}", made.at)
    return case_for(made.conn, actor, incident_id)


def require_open(case: Incident) -> None:
    if not case.is_open:
        raise ChangeError("wrong-state", "this incident is closed; two people can open it again")


def note(desk: Desk, actor: Actor, incident_id: str, text: str, now: datetime) -> Incident:
    """Notes are only added to; also to a case that is closed."""
    said = needed(text, "text")
    with change(desk, now) as made:
        case = opened_case(made, actor, "note", incident_id)
        return write(made, case, "note", actor, {"text": said})


def classify(desk: Desk, actor: Actor, incident_id: str, raw: Facts, now: datetime) -> Incident:
    """`raw`: any of kind, person (id or None), place, intent, device. Raises ChangeError bad-input.

    A kind that is for the police takes the case into the illegal lane with it.
    """
    with change(desk, now) as made:
        case = opened_case(made, actor, "classify", incident_id)
        require_open(case)
        if raw.get("person", case.person_id) == actor.person_id:
            raise ChangeError("refused", "nobody keeps a case about themselves; ask another leader")
        facts = _classified(made.conn, case, raw)
        of_whom_else = (facts["person"], facts.get("device", case.device)) != (case.person_id, case.device)
        if of_whom_else and not leads(case, looker(actor)):
            raise ChangeError("wrong-role", "only who leads the case says whom, or which device, it is about")
        now_sorted = require_reader(made, write(made, case, "classify", actor, facts))
        now_sorted = end_modes(made, now_sorted, actor)
        if kinds()[now_sorted.kind].lane is Lane.ILLEGAL and not now_sorted.is_illegal:
            return into_illegal(made, now_sorted, actor, "its kind is for the police")
        return now_sorted


def _classified(conn: Connection, case: Incident, raw: Facts) -> dict[str, Any]:
    faults: dict[str, str] = {}
    said: dict[str, Any] = {}
    for name, words in (("place", Place), ("intent", Intent), ("kind", kinds())):
        if name in raw and raw[name] not in tuple(words):
            faults[name] = f"one of {', '.join(words)} is needed"
        elif name in raw:
            said[name] = raw[name]
    if "device" in raw:
        said["device"] = _device(raw["device"], faults)
    if not raw.keys() <= {"kind", "person", "place", "intent", "device"} or not raw:
        faults["kind"] = faults.get("kind", "any of kind, person, place, intent and device is needed")
    if faults:
        raise bad_input(faults)
    kind = kinds()[said.get("kind", case.kind)]
    person = raw.get("person", case.person_id)
    said |= _of_whom(conn, kind, person, (kind.id, person) != (case.kind, case.person_id))
    return said | ({"role": case.role} if person is None and case.person_id is None else {})


def _device(said: object, faults: dict[str, str]) -> str | None:
    """An address as it is spelled everywhere; what has none, like a telephone, as it is named."""
    if not said:
        return None
    if fault := fault_of(said, LONGEST_DEVICE):
        faults["device"] = fault
        return None
    text = str(said).strip()
    try:
        return device_in(text)
    except ValueError:
        return text


def join(desk: Desk, actor: Actor, incident_id: str, person: str, now: datetime) -> Incident:
    """Name somebody to the case. Of a case about staff one person at most, besides the headteacher (S15)."""
    with change(desk, now) as made:
        case = opened_case(made, actor, "join", incident_id)
        require_open(case)
        found = person_by_id(made.conn, person)
        if not may_name(case, looker(actor)):
            raise ChangeError("wrong-role", "only who leads the case names somebody to it")
        if found is None or found.role not in SENIOR:
            raise bad_input({"person": NOT_SENIOR})
        if person in case.excluded | {case.person_id}:
            raise bad_input({"person": NOT_TO_BE_NAMED})
        if case.restricted and len(case.members - {person}) >= MOST_ON_A_STAFF_CASE:
            says = "a case about staff is for the headteacher and one more; let the other leave it first"
            raise ChangeError("refused", says)
        return write(made, case, "join", actor, {"person": person})


def leave(desk: Desk, actor: Actor, incident_id: str, person: str, now: datetime) -> Incident:
    """Whoever leads the case takes somebody off it, or they go themselves."""
    with change(desk, now) as made:
        case = opened_case(made, actor, "leave", incident_id)
        if not may_name(case, looker(actor)) and person != actor.person_id:
            raise ChangeError("wrong-role", "only who leads the case takes somebody off it")
        if person not in case.members:
            raise bad_input({"person": "is not on this case by name"})
        left = require_reader(made, write(made, case, "leave", actor, {"person": person}))
        return end_modes(made, left, actor)


def to_illegal(desk: Desk, actor: Actor, incident_id: str, reason: str, now: datetime) -> Incident:
    """One person, at once (S163, S172): nothing of it is looked at any more."""
    why = needed(reason)
    with change(desk, now) as made:
        case = opened_case(made, actor, "illegal", incident_id)
        require_open(case)
        if case.is_illegal:
            raise ChangeError("wrong-state", "it is in the illegal lane already")
        return into_illegal(made, case, actor, why)


def ask_step(  # noqa: PLR0917  # the order of every verb here: desk, who, what, why, now
    desk: Desk, actor: Actor, incident_id: str, act: str, raw: Facts, now: datetime
) -> Incident:
    """The first of two signatures; the last step of the case is then the new one. `raw`: reason, and what
    the step needs (incident_steps.py)."""
    try:
        with change(desk, now) as made:
            return _ask(desk, made, actor, incident_id, act, raw)
    except ChangeError as error:
        if act == "mode" and error.code == "refused":
            _record_refused(desk, actor, raw, now)
        raise


def _record_refused(desk: Desk, actor: Actor, raw: Facts, now: datetime) -> None:
    """That a site is on a list of illegal content is never asked in secret (probes.py)."""
    with reading(desk.engine) as conn:
        policy = parsed_policy(conn)
    record_refused(desk, actor, raw, policy, now)


def _ask(  # noqa: PLR0917  # as above
    desk: Desk, made: Change, actor: Actor, incident_id: str, act: str, raw: Facts
) -> Incident:
    case = _signing(made, actor, "ask", incident_id)
    alike = (each for each in case.steps if each.facts.get("isolation") == raw.get("isolation"))
    if any(each.act == act and each.waits(made.at) for each in alike):
        raise ChangeError("wrong-state", "this step waits for a second signature already")
    if fault := fault_of(raw.get("reason", "")):
        raise bad_input({"reason": fault})
    facts = {**prepared(desk, made, case, actor, act, raw), "act": act, "incident": case.id}
    if act not in OF_A_DEVICE:
        facts["of"] = of_whom(case)
    if fault := step_fault(case, act, facts, made.at):
        raise as_error(fault)
    return write(made, case, "ask", actor, facts, secrets.token_hex(8))


def sign_step(desk: Desk, actor: Actor, incident_id: str, step_id: str, now: datetime) -> Incident:
    """The second signature, by another senior, under the same words. By it the step is done."""
    with change(desk, now) as made:
        return sign_in(made, actor, incident_id, step_id)


def sign_in(made: Change, actor: Actor, incident_id: str, step_id: str) -> Incident:
    case = _signing(made, actor, "sign", incident_id)
    step = case.step(step_id)
    if step is None:
        raise ChangeError("not-found", "there is no such step")
    if not step.waits(made.at):
        raise ChangeError("wrong-state", "this step does not wait for a signature (any more)")
    if step.asked_by == actor.person_id:
        raise ChangeError("same-person", "two people sign each step; ask another senior on the case")
    if not signers(made.conn, case, [step.asked_by], made.at):
        raise ChangeError("wrong-state", "whoever asked for this step is not on the case any more")
    require_leader(case, signers(made.conn, case, [step.asked_by, actor.person_id], made.at))
    if fault := step_fault(case, step.act, step.facts, made.at):
        raise ChangeError("wrong-state", as_said(fault))
    after = write(made, case, "sign", actor, Sealed(step.salt, step.sealed), step_id)
    return apply_step(made, after, step, actor)


def withdraw_step(  # noqa: PLR0917  # as above
    desk: Desk, actor: Actor, incident_id: str, step_id: str, reason: str, now: datetime
) -> Incident:
    """A step that waits is taken back, by any senior on the case."""
    why = needed(reason)
    with change(desk, now) as made:
        case = _signing(made, actor, "withdraw", incident_id)
        step = case.step(step_id)
        if step is None or not step.is_waiting:
            raise ChangeError("wrong-state", "this step does not wait for a signature (any more)")
        return write(made, case, "withdraw", actor, {"reason": why}, step_id)


def _signing(made: Change, actor: Actor, act: str, incident_id: str) -> Incident:
    case = opened_case(made, actor, act, incident_id)
    if not may_sign(case, looker(actor)):
        raise ChangeError("wrong-role", "only the senior people on the case sign its steps")
    return case

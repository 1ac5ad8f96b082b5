"""What is done with an incident, from what the window is told to the verbs of change control."""

from typing import Any

from audit_api import incidents
from audit_api.answers import LogRowOut
from audit_api.incident_act_shapes import (
    AlsoFitsOut,
    EvidenceIn,
    IsolateIn,
    LookedOut,
    LookIn,
    ModeIn,
    ReferIn,
    SuggestionOut,
    TaskIn,
)
from audit_api.incident_shapes import ActedOut
from audit_api.log_rows import Named, illegal_in
from audit_api.window import Visit
from audit_log.db import reading
from audit_log.incident_model import Incident
from change_control import incident_files, investigations
from change_control.incident_devices import isolate as isolate_device
from change_control.incident_evidence import Looked, add_evidence, rows_of
from change_control.incident_files import Attached
from change_control.incident_kinds import kinds
from change_control.incident_referral_codes import refer as refer_case
from change_control.incident_sanctions import suggestion as suggested
from change_control.incident_tasks import done_task, open_task
from change_control.referral import make_referral


def evidence(visit: Visit, id_: str, body: EvidenceIn) -> ActedOut:
    def do() -> None:
        said: dict[str, Any] = {
            "person": body.person,
            "device": body.device,
            "event": body.event,
            "from": visit.instant("from", body.from_),
            "to": visit.instant("to", body.to),
            "why": body.why,
        }
        raw = {name: value for name, value in said.items() if value}
        add_evidence(visit.desk, visit.reader.actor, id_, raw, visit.now)

    return incidents.acted(visit, id_, do)


def looked(visit: Visit, id_: str, evidence_id: str, asked: LookIn) -> LookedOut:
    """A line says who looked and why, before anything is shown. Raises ChangeError."""
    case = incidents.case_of(visit, id_)
    found = rows_of(
        visit.desk,
        visit.reader.actor,
        id_,
        evidence_id,
        asked.purpose,
        visit.now,
        limit=asked.limit,
        after=asked.cursor,
    )
    shown = next(
        each for each in incidents.seer(visit, [case]).whole(case).evidence if each.id == evidence_id
    )
    return LookedOut(rows=_rows(visit, found), next=found.next, evidence=shown)


def _rows(visit: Visit, found: Looked) -> list[LogRowOut]:
    policy = visit.window.bundle().policy
    with reading(visit.desk.engine) as conn:
        return list(Named(illegal_in(policy)).shown(conn, found.rows))


def attach(visit: Visit, id_: str, name: str, content: bytes, says: str) -> ActedOut:
    return incidents.acted(
        visit,
        id_,
        lambda: incident_files.attach(visit.desk, visit.reader.actor, id_, name, content, says, visit.now),
    )


def content(visit: Visit, id_: str, file_id: str) -> Attached:
    """A line says who looked. Raises Problem or ChangeError."""
    incidents.case_of(visit, id_)
    return incident_files.content_of(visit.desk, visit.reader.actor, id_, file_id, visit.now)


def task(visit: Visit, id_: str, body: TaskIn) -> ActedOut:
    raw = {name: value for name, value in (("text", body.text), ("due", body.due)) if value}
    return incidents.acted(
        visit, id_, lambda: open_task(visit.desk, visit.reader.actor, id_, body.kind, raw, visit.now)
    )


def task_done(visit: Visit, id_: str, task_id: str, how: str) -> ActedOut:
    return incidents.acted(
        visit, id_, lambda: done_task(visit.desk, visit.reader.actor, id_, task_id, how, visit.now)
    )


def isolate(visit: Visit, id_: str, body: IsolateIn) -> ActedOut:
    return incidents.acted(
        visit,
        id_,
        lambda: isolate_device(
            visit.desk, visit.reader.actor, id_, body.device, body.hours, body.reason, visit.now
        ),
    )


def ask_mode(visit: Visit, id_: str, body: ModeIn) -> ActedOut:
    def do() -> None:
        raw = body.model_dump(exclude_none=True)
        if body.people is not None:
            with reading(visit.desk.engine) as conn:
                raw["people"] = [incidents.person_id(conn, each, "people") for each in body.people]
        investigations.ask_mode(visit.desk, visit.reader.actor, id_, raw, visit.now)

    return incidents.acted(visit, id_, do)


def end_mode(visit: Visit, id_: str, step_id: str) -> ActedOut:
    return incidents.acted(
        visit,
        id_,
        lambda: investigations.end_mode(visit.desk, visit.reader.actor, id_, step_id, visit.now),
    )


def refer(visit: Visit, id_: str, body: ReferIn) -> ActedOut:
    return incidents.acted(
        visit,
        id_,
        lambda: refer_case(
            visit.desk,
            visit.reader.actor,
            id_,
            body.code,
            body.to,
            body.reference,
            body.reason,
            visit.now,
        ),
    )


def referral(visit: Visit, id_: str) -> bytes:
    """A ZIP; a line says that it was made. Raises Problem or ChangeError."""
    incidents.case_of(visit, id_)
    return make_referral(visit.desk, visit.reader.actor, id_, visit.now)


def suggestion(visit: Visit, id_: str) -> SuggestionOut:
    return suggestion_for(visit, incidents.case_of(visit, id_))


def suggestion_for(visit: Visit, case: Incident) -> SuggestionOut:
    if case.kind not in kinds():  # erased: nothing is known to suggest by
        return SuggestionOut(
            actions=[], says={}, basis=[], also=[], earlier=0, of_kind=0, reported_in_time=None,
            no_blame=False, support="",
        )  # fmt: skip
    policy = visit.window.bundle().policy
    with reading(visit.desk.engine) as conn:
        found = suggested(conn, policy, case, visit.now)
    return SuggestionOut(
        actions=list(found.actions),
        says=found.says(case.about),
        basis=list(found.basis),
        also=[
            AlsoFitsOut(kind=each.kind, why=each.why, source=each.source, actions=list(each.actions))
            for each in found.also
        ],
        earlier=found.earlier,
        of_kind=found.of_kind,
        reported_in_time=found.reported_in_time,
        no_blame=found.is_no_blame,
        support=found.support,
    )

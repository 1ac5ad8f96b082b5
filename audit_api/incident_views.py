"""A case as somebody who may see all of it sees it. What may be illegal goes through a veil (S169)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit_api.answers import SomebodyOut
from audit_api.incident_shapes import (
    CaseOut,
    CaseStepOut,
    EvidenceOut,
    FileOut,
    IsolatedOut,
    MayOut,
    NoteOut,
    ReferredOut,
    ReportOut,
    TaskOut,
    WholeCaseOut,
)
from audit_api.incident_veil import veiled
from audit_api.incident_words import STEPS, task_words
from audit_api.names import Names
from audit_api.times import iso, iso_or_none
from audit_log.incident_model import Evidence, Incident, Isolated, Report, Step, Task
from change_control.incident_devices import is_shut
from change_control.incident_kinds import kinds
from change_control.incident_rights import Looker, may_name, may_sign
from change_control.incident_steps import FROM, OUTCOMES, RESPONSES, step_fault

SHOWN_FACTS = (
    "substance", "responses", "actions", "suggested", "deviation", "removal", "outcome", "isolation",
    "device", "sites", "starts_at", "ends_at",
)  # fmt: skip
NEVER_OF_ILLEGAL = frozenset({"sites"})
# What these need besides their state is worked out from what is sent, when it is asked for.
ASKED_ELSEWHERE = frozenset({"mode", "sanction"})


@dataclass(frozen=True, slots=True)
class Seer:
    """Who looks, at what time, with the names of everybody in the cases."""

    looker: Looker
    now: datetime
    names: Names

    def somebody(self, person_id: str) -> SomebodyOut:
        return self.names.somebody(person_id)

    def waits(self, case: Incident, step: Step) -> bool:
        """For a signature of whoever looks."""
        return step.waits(self.now) and step.asked_by != self.looker.person_id and may_sign(case, self.looker)

    def case(self, case: Incident) -> CaseOut:
        return CaseOut.model_validate(self._line(case))

    def whole(self, case: Incident) -> WholeCaseOut:
        said = _words_of(case)
        return WholeCaseOut.model_validate(
            {
                **self._line(case),
                "device": case.device,
                "halted_at": iso_or_none(case.halted_at),
                "members": [self.somebody(each) for each in sorted(case.members)],
                "report": [self._report(case, each, said) for each in case.reports],
                "notes": [
                    NoteOut(at=iso(each.at), by=self.somebody(each.by), text=said(each.text))
                    for each in case.notes
                ],
                "evidence": [self._evidence(case, each, said) for each in case.evidence],
                "files": list(self._files(case)),
                "held_files": len(case.files) if case.is_illegal else 0,
                "tasks": [self.task(case, each) for each in case.tasks],
                "steps": [self.step(case, each) for each in case.steps],
                "isolated": [self._isolated(each) for each in case.isolated],
                "referrals": [
                    ReferredOut(
                        at=iso(each.at),
                        by=self.somebody(each.by),
                        code=each.code,
                        to=said(each.to),
                        reference=said(each.reference),
                        reason=said(each.reason),
                    )
                    for each in case.referrals
                ],
                "erased": case.erased,
                "may": self._may(case),
            }
        )

    def _line(self, case: Incident) -> dict[str, Any]:
        kind = kinds().get(case.kind)
        return {
            "id": case.id,
            "kind": case.kind,
            "says": kind.says if kind else "Erased",
            "about": case.about,
            "lane": case.lane,
            "state": case.state,
            "restricted": case.restricted,
            "person": self.names.somebody_or_none(case.person_id),
            "role": case.role,
            "place": case.place,
            "intent": case.intent,
            "opened_at": iso(case.opened_at),
            "changed_at": iso(case.changed_at),
            "closed_at": iso_or_none(case.closed_at),
            "substance": case.substance,
            "reports": len(case.reports),
            "waits": [each.act for each in case.steps if self.waits(case, each)],
            "overdue": len(list(overdue(case, self.now))),
        }

    def _report(self, case: Incident, report: Report, said: Callable[[str], str]) -> ReportOut:
        return ReportOut(
            at=iso(report.at),
            source=report.source,
            by=self.names.somebody_or_none(report.by),
            text=said(report.text),
            event=None if case.is_illegal else report.event_id,
            happened_at=iso_or_none(report.happened_at),
            happened=said(report.happened),
            self_reported=report.self_reported,
        )

    def _evidence(self, case: Incident, one: Evidence, said: Callable[[str], str]) -> EvidenceOut:
        return EvidenceOut.model_validate(
            {
                "id": one.id,
                "at": iso(one.at),
                "by": self.somebody(one.by),
                "from": iso(one.from_at),
                "to": iso(one.to_at),
                "person": self.names.somebody_or_none(one.person_id),
                "device": one.device,
                "event": None if case.is_illegal else one.event_id,
                "why": said(one.why),
            }
        )

    def _files(self, case: Incident) -> Iterator[FileOut]:
        for each in () if case.is_illegal else case.files:
            yield FileOut(
                id=each.id,
                at=iso(each.at),
                by=self.somebody(each.by),
                name=each.name,
                size=each.size,
                sha256=each.sha256,
                says=each.says,
            )

    def task(self, case: Incident, one: Task) -> TaskOut:
        said = _words_of(case)
        return TaskOut(
            id=one.id,
            kind=one.kind,
            says=task_words(one.kind),
            at=iso(one.at),
            by=self.somebody(one.by),
            due_at=iso(one.due_at),
            overdue=is_overdue(one, self.now),
            text=said(one.text),
            done_at=iso_or_none(one.done_at),
            done_by=self.names.somebody_or_none(one.done_by),
            how=said(one.how),
        )

    def step(self, case: Incident, one: Step) -> CaseStepOut:
        said = _words_of(case)
        waits = None
        if one.waits(self.now):
            waits = "you" if self.waits(case, one) else "another"
        return CaseStepOut.model_validate(
            {
                "id": one.id,
                "act": one.act,
                "says": STEPS.get(one.act, one.act),
                "reason": said(one.reason),
                "facts": dict(_facts(case, one, said)),
                "asked_by": self.somebody(one.asked_by),
                "asked_at": iso(one.asked_at),
                "signed_by": self.names.somebody_or_none(one.signed_by),
                "signed_at": iso_or_none(one.signed_at),
                "ended_at": iso_or_none(one.ended_at),
                "ended_by": self.names.somebody_or_none(one.ended_by),
                "waits": waits,
                "in_force": is_mode_in_force(case, one, self.now),
            }
        )

    def _isolated(self, one: Isolated) -> IsolatedOut:
        return IsolatedOut(
            id=one.id,
            device=one.device,
            by=self.somebody(one.by),
            starts_at=iso(one.starts_at),
            ends_at=iso(one.ends_at),
            released_at=iso_or_none(one.released_at),
            in_force=is_shut(one, self.now),
        )

    def _may(self, case: Incident) -> MayOut:
        signs = may_sign(case, self.looker)
        steps = list(possible(case, self.now)) if signs else []
        return MayOut(sign=signs, name=may_name(case, self.looker), steps=steps)


def people_of(cases: Iterable[Incident]) -> Iterator[str | None]:
    """The ids that showing these cases needs names for."""
    for case in cases:
        yield case.person_id
        yield from case.members
        yield from (each.by for each in case.reports)
        for some in (case.notes, case.evidence, case.files, case.isolated, case.referrals):
            yield from (each.by for each in some)
        yield from (each.person_id for each in case.evidence)
        for task in case.tasks:
            yield from (task.by, task.done_by)
        for step in case.steps:
            yield from (step.asked_by, step.signed_by, step.ended_by)


def is_overdue(task: Task, now: datetime) -> bool:
    return task.done_at is None and task.due_at <= now


def overdue(case: Incident, now: datetime) -> Iterator[Task]:
    return (each for each in case.tasks if is_overdue(each, now))


def is_mode_in_force(case: Incident, step: Step, now: datetime) -> bool:
    """Investigation mode, which ends by the clock."""
    if step.act != "mode" or step.signed_at is None or step.ended_at is not None or not case.is_open:
        return False
    begins, ends = (datetime.fromisoformat(str(step.facts[name])) for name in ("starts_at", "ends_at"))
    return not case.is_illegal and begins <= now < ends


def possible(case: Incident, now: datetime) -> Iterator[str]:
    """Which steps could be asked for now, as far as the case itself says."""
    asked = [each for each in case.steps if each.waits(now)]
    waiting = {each.act for each in asked if each.act != "release"}
    back = {each.facts.get("isolation") for each in asked}
    shut = next((each.id for each in case.isolated if is_shut(each, now) and each.id not in back), None)
    likely = {"reason": "x", "responses": RESPONSES[:1], "outcome": OUTCOMES[0], "isolation": shut}
    for act in FROM:
        if act in waiting or case.state not in FROM[act]:
            continue
        if act in ASKED_ELSEWHERE:
            if act != "mode" or not case.is_illegal:
                yield act
        elif step_fault(case, act, {**likely, "substance": True}, now) is None:
            yield act


def _words_of(case: Incident) -> Callable[[str], str]:
    return veiled if case.is_illegal else lambda text: text


def _facts(case: Incident, step: Step, said: Callable[[str], str]) -> Iterator[tuple[str, Any]]:
    for name in SHOWN_FACTS:
        value = step.facts.get(name)
        if value is None or (case.is_illegal and name in NEVER_OF_ILLEGAL):
            continue
        if name == "deviation":
            value = said(str(value))
        elif name in ("starts_at", "ends_at"):
            value = iso(datetime.fromisoformat(value))
        elif name == "removal":
            value = {"until": iso(datetime.fromisoformat(value["until"]))}
        yield name, value
    if shut := next((each for each in case.isolated if each.id == step.facts.get("isolation")), None):
        yield "device", shut.device  # which is what two sign when it is let on again

"""What the form of an incident says, part by part; and the same for programs, in case.json (S176).

Who reported is in neither: whom the case is about may come to read it (S54).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit_log.filtering_log import LogRow
from audit_log.incident_model import Evidence, Incident, IncidentEntry, Step
from audit_log.people import Registered
from audit_log.seal import stamp
from change_control.incident_kinds import kinds
from change_control.referral_form import Form, Pair, Part, day_and_time, plain
from change_control.referral_texts import without_addresses
from filter_policy.model import Role

WHO_SAID = ("by",)  # of a report: whoever told it
BESIDE = frozenset({"act", "incident", "reason"})  # of what was signed: said elsewhere on the form
MOST_SITES = 100  # on the form
SOURCES = {
    "rule": "noticed by the filter",
    "block-page": "reported from a block page",
    "short-address": "reported",
    "staff": "reported by staff",
    "hand": "written down",
}


@dataclass(frozen=True, slots=True)
class EvidenceRows:
    """`sha256`: over the sealed hashes of these rows, one after the other; None of what may be illegal, whose
    addresses could be guessed by it. `others`: rows of the staff that
    whoever made it may not read (S190); they are held all the same."""

    evidence: Evidence
    rows: int
    sha256: str | None
    others: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """All that is told of a case. `looked_into`: the rows that were made in its investigation; `blocked`: at
    which sites something was blocked, by the evidence."""

    case: Incident
    entries: Sequence[IncidentEntry]
    people: Mapping[str, Registered]
    evidence: Sequence[EvidenceRows]
    looked_into: Sequence[LogRow]
    blocked: Sequence[str]
    made_by: str
    at: datetime
    zone: ZoneInfo

    def name(self, person_id: str | None) -> str:
        found = self.people.get(person_id or "")
        if found is None:
            return "nobody who is known" if not person_id or person_id == "system" else person_id
        return f"{found.name} ({found.role})"

    def when(self, at: datetime | None) -> str:
        return day_and_time(at, self.zone)

    def text(self, said: str) -> str:
        """What somebody wrote, as it may leave the school."""
        return str(without_addresses(said)) if self.case.is_illegal else said

    def device(self, said: str) -> str:
        return str(without_addresses(said, "device")) if self.case.is_illegal else said


def form_of(told: Told) -> Form:
    parts = (
        Part("The incident", [list(_incident(told))]),
        Part("What happened", list(_happened(told))),
        Part("Steps, each signed by two", list(_steps(told)), "None yet."),
        Part("Evidence in the filtering log", list(_evidence(told)), "None."),
        Part("Visits by staff to look into it", list(_looked_into(told)), "None."),
        Part("Files", list(_files(told)), "None."),
        Part("Who was told, and what was done", list(_done(told)), "Nobody yet."),
        Part("Who looked at the evidence", list(_looks(told)), "Nobody."),
    )
    return Form(told.case.id, told.at, told.zone, told.case.is_illegal, parts)


def _incident(told: Told) -> Iterator[Pair]:
    case, kind = told.case, kinds().get(told.case.kind)
    yield "Reference", case.id
    yield "Kind", kind.says if kind else case.kind
    yield "About", told.name(case.person_id)
    yield "Suspected to be", "illegal: for the police" if case.is_illegal else "inappropriate"
    yield "Intent", plain(str(case.intent))
    yield "Where", plain(str(case.place))
    if case.device:
        yield "Device", told.device(case.device)
    yield "Opened", told.when(case.opened_at)
    yield "Where it stands", plain(str(case.state))
    if case.substance is not None:
        yield "Substance", "two people decided that there is" + ("" if case.substance else " none")
    yield "On the case", ", ".join(told.name(each) for each in sorted(_on_the_case(case))) or "its leaders"
    yield "Form made", f"{told.when(told.at)}, by {told.name(told.made_by)}"


def _on_the_case(case: Incident) -> set[str]:
    signed = {who for step in case.steps for who in (step.asked_by, step.signed_by) if who}
    return signed | case.members


def _happened(told: Told) -> Iterator[list[Pair]]:
    for report in told.case.reports:
        block = [("At", told.when(report.happened_at or report.at))]
        block.append(("How it became known", SOURCES.get(report.source, report.source)))
        block += [("What", plain(told.text(report.happened)))] if report.happened else []
        yield [*block, *([("In words", told.text(report.text))] if report.text else [])]
    for note in told.case.notes:
        yield [("Note of", f"{told.when(note.at)}, {told.name(note.by)}"), ("", told.text(note.text))]


def _steps(told: Told) -> Iterator[list[Pair]]:
    for step in told.case.steps:
        yield [("Step", plain(step.act)), *_signed(told, step), ("Reason", told.text(step.reason))]


def _signed(told: Told, step: Step) -> Iterator[Pair]:
    facts = {name: value for name, value in step.facts.items() if name not in BESIDE}
    facts = dict(without_addresses(facts)) if told.case.is_illegal else facts
    if facts:
        said = {name: _names(told, value) for name, value in facts.items()}
        yield "What was agreed", plain(said)
    yield "First signature", f"{told.name(step.asked_by)}, {told.when(step.asked_at)}"
    if step.signed_by is not None:
        yield "Second signature", f"{told.name(step.signed_by)}, {told.when(step.signed_at)}"
    else:
        yield "Second signature", "taken back" if step.ended_at else "not yet"


def _names(told: Told, value: Any) -> Any:
    """People by their names."""
    if isinstance(value, list | tuple):
        return [_names(told, each) for each in value]
    return told.name(value) if isinstance(value, str) and value in told.people else value


def _evidence(told: Told) -> Iterator[list[Pair]]:
    for each in told.evidence:
        one = each.evidence
        whose = [told.name(one.person_id)] if one.person_id else []
        whose += [f"the device {one.device}"] if one.device else []
        yield [
            ("Rows of", " at ".join(whose) or "one row, of nobody who is known"),
            ("From, to", f"{told.when(one.from_at)} to {told.when(one.to_at)}"),
            ("Kept by", f"{told.name(one.by)}, {told.when(one.at)}"),
            *([("Why", told.text(one.why))] if one.why else []),
            ("Rows", str(each.rows)),
            *([("Left out", f"{each.others} rows of staff")] if each.others else []),
            *([("SHA-256", each.sha256)] if each.sha256 else []),
        ]
    if told.blocked and not told.case.is_illegal:
        more = len(told.blocked) - MOST_SITES
        said = ", ".join(told.blocked[:MOST_SITES]) + (f" and {more} more: see rows.csv" if more > 0 else "")
        yield [("Blocked at", said)]


def _looked_into(told: Told) -> Iterator[list[Pair]]:
    """The addresses that were looked at, each with who and when (S168, S175)."""
    rows = told.looked_into
    if rows:
        yield [("Visits", f"{len(rows)}, all of them for child protection, and recorded whole")]
    for row in () if told.case.is_illegal else rows[:MOST_SITES]:
        yield [
            ("Address", row.url or row.host or ""),
            ("By", f"{told.name(row.person_id)}, {told.when(row.at)}"),
        ]
    if len(rows) > MOST_SITES and not told.case.is_illegal:
        yield [("More", f"{len(rows) - MOST_SITES} in rows.csv")]


def _files(told: Told) -> Iterator[list[Pair]]:
    for each in told.case.files:
        about = (
            [("File", "not given out: what may be illegal is not passed on by the school")]
            if told.case.is_illegal
            else [("File", each.name), *([("Shows", each.says)] if each.says else [])]
        )
        kept = ("Attached by", f"{told.name(each.by)}, {told.when(each.at)}")
        yield [*about, kept, ("Bytes", str(each.size)), ("SHA-256", each.sha256)]


def _done(told: Told) -> Iterator[list[Pair]]:
    case = told.case
    for each in case.referrals:
        yield [
            ("Referred to", told.text(each.to)),
            ("Why", plain(each.code)),
            *([("Their reference", told.text(each.reference))] if each.reference else []),
            ("By", f"{told.name(each.by)}, {told.when(each.at)}"),
            ("Reason", told.text(each.reason)),
        ]
    for task in case.tasks:
        done = f"{told.when(task.done_at)}, by {told.name(task.done_by)}" if task.done_at else "not yet"
        how = [("How", told.text(task.how))] if task.how else []
        yield [("To be told", plain(task.kind)), ("Due", told.when(task.due_at)), ("Done", done), *how]
    for shut in case.isolated:
        until = f"{told.when(shut.starts_at)} to {told.when(shut.released_at or shut.ends_at)}"
        yield [("Device shut off", shut.device), ("From, to", until), ("By", told.name(shut.by))]


def _looks(told: Told) -> Iterator[list[Pair]]:
    for entry in told.entries:
        if entry.act == "look" and entry.facts is not None:
            what = "rows" if "evidence" in entry.facts else "a file"
            purpose = told.text(str(entry.facts.get("purpose", "")))
            block = [("Who", f"{told.name(entry.actor_id)}, {told.when(entry.at)}"), ("What", what)]
            yield [*block, *([("For", purpose)] if purpose else [])]


def lines_told(told: Told) -> list[dict[str, Any]]:
    """The facts of each line, and the salt with which their hash can be worked out; or what is left out."""
    return [_line(told, entry) for entry in told.entries]


def _line(told: Told, entry: IncidentEntry) -> dict[str, Any]:
    line: dict[str, Any] = {"seq": entry.seq, "act": entry.act, "at": stamp(entry.at)}
    if entry.facts is None:
        return line | {"said": None, "withheld": "removed when its time was over"}
    hidden: tuple[str, ...] = WHO_SAID if entry.act == "report" and entry.facts.get("by") is not None else ()
    hidden += ("exclude",) if entry.facts.get("exclude") else ()
    said: Any = {name: value for name, value in entry.facts.items() if name not in hidden}
    why = ["who told it"] if hidden else []
    if told.case.is_illegal and (bare := without_addresses(said)) != json.loads(json.dumps(said)):
        said, why = bare, [*why, "addresses"]
    if why:
        return line | {"said": said, "withheld": " and ".join(why)}
    return line | {"said": said, "facts": entry.sealed, "salt": entry.salt.hex()}


def case_json(told: Told, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    case = told.case
    return {
        "schoolgate": "referral",
        "format": 1,
        "incident": case.id,
        "kind": case.kind,
        "lane": str(case.lane),
        "state": str(case.state),
        "about": case.person_id,
        "purpose": "child protection",
        "made_at": stamp(told.at),
        "made_by": told.made_by,
        "lines": lines_told(told),
        "evidence": [
            {"id": each.evidence.id, "rows": each.rows, "sha256": each.sha256, "left_out": each.others}
            for each in told.evidence
        ],
        "looked_into": len(told.looked_into),
        "columns": dict(columns),
        "people": {
            each.id: {"name": each.name, "role": str(each.role)}
            for each in sorted(told.people.values(), key=lambda one: one.id)
        },
    }


def people_in(case: Incident, entries: Sequence[IncidentEntry], made_by: str) -> set[str]:
    """Whom the bundle names: whom it is about and who worked on it, but not who reported it."""
    worked = {entry.actor_id for entry in entries} | {made_by} | _on_the_case(case)
    about = {each.person_id for each in case.evidence} | {case.person_id}
    named = {who for step in case.steps for who in step.facts.get("people", ()) if isinstance(who, str)}
    return {each for each in worked | about | named if each and each != "system" and each not in Role}

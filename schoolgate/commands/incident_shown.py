"""An incident as it is read at the keyboard, in school time: above all what somebody is about to sign."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from schoolgate.telling import put_fields, put_table

if TYPE_CHECKING:
    from schoolgate.client import Api

Shown = Mapping[str, Any]
Line = tuple[str, object]
COLUMNS = ("id", "state", "lane", "kind", "person", "opened_at", "waits", "overdue")
FIELDS = (
    "id", "says", "state", "lane", "restricted", "person", "role", "place", "intent", "device", "opened_at",
    "closed_at", "substance", "members", "waits", "overdue",
)  # fmt: skip
QUEUE = ("why", "incident", "lane", "about", "what", "id", "by", "since")
LABELS = {
    "substance": "substance",
    "responses": "response",
    "actions": "actions",
    "suggested": "suggested",
    "deviation": "why otherwise",
    "removal": "removed until",
    "outcome": "outcome",
    "isolation": "device",
    "device": "device",
    "sites": "sites",
    "starts_at": "from",
    "ends_at": "until",
}


@dataclass(frozen=True, slots=True)
class Clock:
    """The school's own."""

    zone: ZoneInfo

    @classmethod
    def of(cls, api: "Api") -> "Clock":
        return cls(ZoneInfo(api.get("/session").get("zone") or "UTC"))

    def at(self, iso: str | None) -> str | None:
        from audit_api.times import when

        return when(datetime.fromisoformat(iso), self.zone) if iso else None


def put_rows(rows: list[dict[str, Any]], columns: tuple[str, ...], clock: Clock, time: str) -> None:
    put_table([{**each, time: clock.at(each[time])} for each in rows], columns)


def put_queue(found: Shown, clock: Clock) -> None:
    rows = [_waits("overdue", each["case"], each["task"], clock) for each in found["overdue"]]
    rows += [_waits("to sign", each["case"], each["step"], clock) for each in found["to_sign"]]
    rows += [_waits("asked", each["case"], each["step"], clock) for each in found["asked"]]
    rows += [_waits("new", each, {}, clock) for each in found["new"]]
    put_table(rows, QUEUE)


def _waits(why: str, case: Shown, what: Shown, clock: Clock) -> dict[str, Any]:
    return {
        "why": why,
        "incident": case["id"],
        "lane": case["lane"],
        "about": case["person"],
        "what": what.get("says") or case["says"],
        "id": what.get("id"),
        "by": what.get("asked_by") or what.get("by"),
        "since": clock.at(what.get("due_at") or what.get("asked_at") or case["opened_at"]),
    }


def put_case(case: Shown, clock: Clock) -> None:
    shown = {**case, "members": [each["name"] for each in case["members"]]}
    shown |= {name: clock.at(case[name]) for name in ("opened_at", "closed_at")}
    put_fields((name, shown.get(name)) for name in FIELDS if shown.get(name) not in ([], 0, False))
    put_fields(_said(case, clock))
    for each in case["steps"]:
        put_fields(step_lines(case, each, clock))
    put_fields(_kept(case, clock))


def _said(case: Shown, clock: Clock) -> Iterator[Line]:
    for each in case["report"]:
        by = f" {each['by']['name']}:" if each["by"] else ""
        yield "reported", f"{clock.at(each['at'])}, {each['source']}:{by} {each['text']}"
    for each in case["notes"]:
        yield "note", f"{clock.at(each['at'])} {each['by']['name']}: {each['text']}"


def step_lines(case: Shown, step: Shown, clock: Clock) -> Iterator[Line]:
    """Everything that is signed with it, and by whom."""
    yield "step", f"{step['id']} {step['says']}: {_stands(step, clock)}"
    yield "  reason", step["reason"]
    yield "  asked by", f"{step['asked_by']['name']}, {clock.at(step['asked_at'])}"
    if step["signed_by"]:
        yield "  signed by", f"{step['signed_by']['name']}, {clock.at(step['signed_at'])}"
    for name, value in step["facts"].items():
        yield f"  {LABELS.get(name, name)}", _in_words(case, name, value, clock)


def _stands(step: Shown, clock: Clock) -> str:
    if step["waits"]:
        return "waits for you" if step["waits"] == "you" else "waits for another senior on the case"
    if step["ended_at"]:
        by = f" by {step['ended_by']['name']}" if step.get("ended_by") else ""
        return f"{'ended early' if step['signed_at'] else 'taken back'}{by} {clock.at(step['ended_at'])}"
    return "signed by two" if step["signed_at"] else "nobody signed it in time"


def _in_words(case: Shown, name: str, value: Any, clock: Clock) -> object:
    from audit_api.incident_words import OUTCOME_WORDS, RESPONSE_WORDS
    from change_control.incident_kinds import actions

    says = RESPONSE_WORDS if name == "responses" else actions(case["about"])
    if name == "removal":
        return clock.at(value["until"])
    if name in ("starts_at", "ends_at"):
        return clock.at(value)
    if name == "isolation":
        return next((each["device"] for each in case["isolated"] if each["id"] == value), value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(says.get(each, each) for each in value) or "nothing"
    return OUTCOME_WORDS.get(value, value) if name == "outcome" else value


def _kept(case: Shown, clock: Clock) -> Iterator[Line]:
    for each in case["tasks"]:
        stands = f"done {clock.at(each['done_at'])}" if each["done_at"] else f"due {clock.at(each['due_at'])}"
        yield "task", f"{each['id']} {each['says']}, {stands}"
    for each in case["evidence"]:
        yield "evidence", f"{each['id']} {clock.at(each['from'])} to {clock.at(each['to'])}"
    for each in case["isolated"]:
        yield "shut off", f"{each['id']} {each['device']} {_shut(each, clock)}"
    for each in case["files"]:
        yield "file", f"{each['id']} {each['name']} {each['says']}".strip()
    for each in case["referrals"]:
        yield "referred", f"{clock.at(each['at'])} to {each['to']} {each['reference']}: {each['reason']}"


def _shut(isolated: Shown, clock: Clock) -> str:
    if isolated["released_at"]:
        return f"let on again {clock.at(isolated['released_at'])}"
    return f"until {clock.at(isolated['ends_at'])}"

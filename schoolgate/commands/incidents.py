"""Incidents: what waits, one of them, and the steps that two seniors sign."""

from typing import Annotated, Any

import typer

from schoolgate.telling import AsJson, Why, put_fields, put_json, put_table, tell

app = typer.Typer(help="When something goes wrong: incidents that you deal with.", no_args_is_help=True)

COLUMNS = ("id", "state", "lane", "kind", "person", "opened_at", "waits", "overdue")
FIELDS = (
    "id", "says", "state", "lane", "restricted", "person", "role", "place", "intent", "device", "opened_at",
    "closed_at", "substance", "members", "waits", "overdue",
)  # fmt: skip
Person = Annotated[str | None, typer.Option(help="About whom: user name or id.")]
Device = Annotated[str | None, typer.Option(help="The address of the device.")]
Several = list[str]


@app.command("list")
def list_(
    *,
    state: Annotated[
        str | None, typer.Option(help="reported, investigation, action, sanction, closed")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="One kind alone: schoolgate incidents kinds")] = None,
    person: Person = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones as well.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Those that you deal with, newest first."""
    from schoolgate.client import signed_in_api

    still = None if everything or state else "yes"
    asked = {"state": state, "kind": kind, "person": person, "open": still, "limit": limit, "cursor": cursor}
    page = signed_in_api().get("/incidents", asked)
    put_json(page) if as_json else put_table(page["rows"], COLUMNS)


@app.command()
def queue(as_json: AsJson = False) -> None:
    """What is overdue, what waits for your signature, and what is new."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/incidents/queue")
    if as_json:
        put_json(found)
        return
    rows = [_waits("overdue", each["case"], each["task"]) for each in found["overdue"]]
    rows += [_waits("to sign", each["case"], each["step"]) for each in found["to_sign"]]
    rows += [_waits("new", each, {}) for each in found["new"]]
    put_table(rows, ("why", "incident", "what", "id", "since"))


def _waits(why: str, case: dict[str, Any], what: dict[str, Any]) -> dict[str, Any]:
    since = what.get("due_at") or what.get("asked_at") or case["opened_at"]
    says = what.get("says") or case["says"]
    return {"why": why, "incident": case["id"], "what": says, "id": what.get("id"), "since": since}


@app.command()
def kinds(as_json: AsJson = False) -> None:
    """What an incident can be, with the lines of the schools' written policies."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/incidents/kinds")
    put_json(found) if as_json else put_table(found["kinds"], ("id", "about", "lane", "source", "says"))


@app.command()
def show(incident_id: str, as_json: AsJson = False) -> None:
    """One incident, with its notes and steps."""
    from schoolgate.client import signed_in_api

    put_case(signed_in_api().get(f"/incidents/{incident_id}"), as_json)


@app.command("open")
def open_(
    *,
    kind: Annotated[str, typer.Option(help="schoolgate incidents kinds")],
    text: Annotated[str, typer.Option(help="What happened.")] = "",
    person: Person = None,
    place: Annotated[str, typer.Option(help="on-site, off-site or unknown")] = "unknown",
    intent: Annotated[str, typer.Option(help="accidental, careless, deliberate or unknown")] = "unknown",
    device: Device = None,
    as_json: AsJson = False,
) -> None:
    """Open one by hand, also of what happened out of school. For the coordinator and the headteacher."""
    body = {"kind": kind, "text": text, "person": person, "place": place, "intent": intent, "device": device}
    act("", body, as_json)


@app.command()
def report(
    text: Annotated[str, typer.Option(help="What happened.")],
    kind: Annotated[str | None, typer.Option(help="What it is, where you know.")] = None,
    person: Person = None,
    exclude: Annotated[
        str | None, typer.Option(help="A leader who must not learn of it: coordinator or headteacher.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Report something to those who deal with it; for everybody with a console."""
    said = {"text": text, "kind": kind, "person": person, "exclude": exclude}
    from schoolgate.client import signed_in_api

    found = signed_in_api().post("/incidents/reports", {k: v for k, v in said.items() if v is not None})
    if as_json:
        put_json(found)
    tell("Reported. Those who deal with it see it now.")


@app.command()
def note(incident_id: str, text: str, as_json: AsJson = False) -> None:
    """Add a note. Notes are only added to."""
    act(f"/{incident_id}/notes", {"text": text}, as_json)


@app.command()
def classify(
    incident_id: str,
    *,
    kind: Annotated[str | None, typer.Option(help="schoolgate incidents kinds")] = None,
    person: Person = None,
    place: Annotated[str | None, typer.Option(help="on-site, off-site or unknown")] = None,
    intent: Annotated[str | None, typer.Option(help="accidental, careless, deliberate or unknown")] = None,
    device: Device = None,
    as_json: AsJson = False,
) -> None:
    """Say what it is, and about whom. What is left out stays as it is."""
    said = {"kind": kind, "person": person, "place": place, "intent": intent, "device": device}
    body = {name: value for name, value in said.items() if value is not None}
    act(f"/{incident_id}/classify", body, as_json)


@app.command()
def join(incident_id: str, person: str, as_json: AsJson = False) -> None:
    """Name somebody to it, by user name."""
    act(f"/{incident_id}/join", {"person": person}, as_json)


@app.command()
def leave(incident_id: str, person: str, as_json: AsJson = False) -> None:
    """Take somebody off it, or go yourself."""
    act(f"/{incident_id}/leave", {"person": person}, as_json)


@app.command()
def illegal(incident_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Say that it may be illegal: at once nothing of it is looked at any more."""
    act(f"/{incident_id}/illegal", {"reason": reason}, as_json)


@app.command()
def ask(
    incident_id: str,
    step: Annotated[
        str, typer.Argument(help="investigate, substance, act, sanction, close, reopen, lower, release")
    ],
    reason: Why,
    *,
    substance: Annotated[bool | None, typer.Option("--substance/--no-substance")] = None,
    response: Annotated[
        Several | None, typer.Option(help="Of act: internal, local-authority, police.")
    ] = None,
    action: Annotated[Several | None, typer.Option(help="Of sanction. May be given several times.")] = None,
    deviation: Annotated[str | None, typer.Option(help="Why otherwise than suggested.")] = None,
    until: Annotated[str | None, typer.Option(help="Of sanction: until when access is removed.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Of close.")] = None,
    isolation: Annotated[str | None, typer.Option(help="Of release: its id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign a step first. Another senior on the case signs it too, and then it is taken."""
    body = {
        "act": step,
        "reason": reason,
        "substance": substance,
        "responses": response or None,
        "actions": action or None,
        "deviation": deviation,
        "removal": {"until": until} if until else None,
        "outcome": outcome,
        "isolation": isolation,
    }
    act(f"/{incident_id}/steps", body, as_json)
    tell("Signed. Another senior on the case signs it too.")


@app.command()
def sign(incident_id: str, step_id: str, as_json: AsJson = False) -> None:
    """Sign a step second, after somebody else. With that it is taken."""
    act(f"/{incident_id}/steps/{step_id}/sign", {}, as_json)


@app.command()
def withdraw(incident_id: str, step_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Take back a step that waits."""
    act(f"/{incident_id}/steps/{step_id}/withdraw", {"reason": reason}, as_json)


def act(path: str, body: dict[str, Any], as_json: bool) -> None:
    from schoolgate.client import signed_in_api

    put_acted(signed_in_api().post(f"/incidents{path}", body), as_json)


def put_acted(found: dict[str, Any], as_json: bool) -> None:
    """The case as it is then; a line where it is not (any more) theirs to see."""
    if as_json:
        put_json(found)
    elif found["case"] is None:
        tell("Done. It was passed on to those who deal with it.")
    else:
        put_case(found["case"], as_json)


def put_case(case: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(case)
        return
    shown = {**case, "members": [each["name"] for each in case["members"]]}
    put_fields((name, shown.get(name)) for name in FIELDS if shown.get(name) not in ([], 0, False))
    for each in case["report"]:
        put_fields([("reported", f"{each['at']} {each['source']} {each['text']}".strip())])
    for each in case["notes"]:
        put_fields([("note", f"{each['at']} {each['by']['name']}: {each['text']}")])
    for each in case["steps"]:
        stands = f"waits for {each['waits']}" if each["waits"] else (each["signed_at"] or "taken back")
        put_fields([("step", f"{each['id']} {each['act']}, {stands}: {each['reason']}")])
    for each in case["tasks"]:
        put_fields([("task", f"{each['id']} {each['says']}, {each['done_at'] or 'due ' + each['due_at']}")])
    for each in case["evidence"]:
        put_fields([("evidence", f"{each['id']} {each['from']} to {each['to']}")])
    for each in case["isolated"]:
        put_fields([("shut off", f"{each['id']} {each['device']} until {each['ends_at']}")])

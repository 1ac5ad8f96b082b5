"""Incidents: what waits, one of them, and the steps that two seniors sign."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from schoolgate.commands.incident_shown import COLUMNS, Clock, put_case, put_queue, put_rows
from schoolgate.telling import AsJson, WhyOfCase, put_json, put_table, tell

if TYPE_CHECKING:
    from schoolgate.client import Api

app = typer.Typer(help="When something goes wrong: incidents that you deal with.", no_args_is_help=True)

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
    api = signed_in_api()
    page = api.get("/incidents", asked)
    put_json(page) if as_json else put_rows(page["rows"], COLUMNS, Clock.of(api), "opened_at")


@app.command()
def queue(as_json: AsJson = False) -> None:
    """What is overdue, what waits for your signature or, asked by you, for another's, and what is new."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    found = api.get("/incidents/queue")
    put_json(found) if as_json else put_queue(found, Clock.of(api))


@app.command()
def kinds(as_json: AsJson = False) -> None:
    """What an incident can be, with the lines of the schools' written policies."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/incidents/kinds")
    put_json(found) if as_json else put_table(found["kinds"], ("id", "about", "lane", "source", "says"))


@app.command()
def show(incident_id: str, as_json: AsJson = False) -> None:
    """One incident, with its notes, and each step with all that is signed with it."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    found = api.get(f"/incidents/{incident_id}")
    put_json(found) if as_json else put_case(found, Clock.of(api))


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
def illegal(incident_id: str, reason: WhyOfCase, as_json: AsJson = False) -> None:
    """Say that it may be illegal: at once nothing of it is looked at any more."""
    act(f"/{incident_id}/illegal", {"reason": reason}, as_json)


@app.command()
def ask(
    incident_id: str,
    step: Annotated[
        str, typer.Argument(help="investigate, substance, act, sanction, close, reopen, lower, release")
    ],
    reason: WhyOfCase,
    *,
    substance: Annotated[bool | None, typer.Option("--substance/--no-substance")] = None,
    response: Annotated[
        Several | None, typer.Option(help="Of act: internal, local-authority, police.")
    ] = None,
    action: Annotated[
        Several | None,
        typer.Option(help="Of sanction, as `incidents kinds --json` has them. May be given several times."),
    ] = None,
    deviation: Annotated[str | None, typer.Option(help="Why otherwise than suggested.")] = None,
    until: Annotated[str | None, typer.Option(help="Of sanction: until when access is removed.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Of close: no-blame, no-concern, duplicate, dealt-with, referred.")
    ] = None,
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
def withdraw(incident_id: str, step_id: str, reason: WhyOfCase, as_json: AsJson = False) -> None:
    """Take back a step that waits."""
    act(f"/{incident_id}/steps/{step_id}/withdraw", {"reason": reason}, as_json)


def act(path: str, body: dict[str, Any], as_json: bool) -> None:
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    put_acted(api, api.post(f"/incidents{path}", body), as_json)


def put_acted(api: "Api", found: dict[str, Any], as_json: bool) -> None:
    """The case as it is then; a line where it is not (any more) theirs to see."""
    if as_json:
        put_json(found)
    elif found["case"] is None:
        tell("Done. It was passed on to those who deal with it.")
    else:
        put_case(found["case"], Clock.of(api))

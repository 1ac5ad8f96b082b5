"""Incidents: evidence, files, whom to tell, devices, and the police."""

from pathlib import Path
from typing import Annotated

import typer

from schoolgate.commands.incident_shown import Clock, put_rows
from schoolgate.commands.incidents import Several, act, put_acted
from schoolgate.telling import AsJson, Failed, WhyOfCase, put_json, put_table, tell

ROW = ("at", "who", "url", "verdict", "reason", "client_address")
Out = Annotated[Path, typer.Option(help="Where to write it.")]


def evidence(
    incident_id: str,
    *,
    person: Annotated[str | None, typer.Option(help="User name or id.")] = None,
    device: Annotated[str | None, typer.Option(help="The address of a device.")] = None,
    event: Annotated[str | None, typer.Option(help="Or one row: whose it is, around then.")] = None,
    from_at: Annotated[str | None, typer.Option("--from", help="ISO 8601; an hour more is kept.")] = None,
    to_at: Annotated[str | None, typer.Option("--to", help="ISO 8601; an hour more is kept.")] = None,
    why: Annotated[str, typer.Option(help="What it shows.")] = "",
    as_json: AsJson = False,
) -> None:
    """Keep rows of the filtering log for it. Nothing is looked at."""
    said = {"person": person, "device": device, "event": event, "from": from_at, "to": to_at}
    act(f"/{incident_id}/evidence", {**said, "why": why}, as_json)


def rows(
    incident_id: str,
    evidence_id: str,
    *,
    purpose: Annotated[str, typer.Option(help="Why you look. It is kept, and a line says so.")],
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at the rows of one piece of evidence, by name."""
    from schoolgate.client import signed_in_api

    asked = {"purpose": purpose, "limit": limit, "cursor": cursor}
    api = signed_in_api()
    found = api.get(f"/incidents/{incident_id}/evidence/{evidence_id}", asked)
    put_json(found) if as_json else put_rows(found["rows"], ROW, Clock.of(api), "at")


def attach(
    incident_id: str,
    file: Path,
    says: Annotated[str, typer.Option(help="What it shows.")] = "",
    as_json: AsJson = False,
) -> None:
    """Attach a file, 10 MB at most. Never of what may be illegal."""
    from schoolgate.client import signed_in_api

    try:
        content = file.read_bytes()
    except OSError as error:
        raise Failed(f"{file} cannot be read: {error.strerror}") from error
    asked = {"name": file.name, "says": says}
    api = signed_in_api()
    put_acted(api, api.upload(f"/incidents/{incident_id}/files", asked, content), as_json)


def get_file(incident_id: str, file_id: str, out: Out) -> None:
    """Fetch a file as it was attached. A line says that you looked."""
    _kept("GET", f"/incidents/{incident_id}/files/{file_id}", out)


def referral(incident_id: str, out: Out) -> None:
    """A bundle for the police or another authority: a ZIP with the form, the rows and their proof."""
    _kept("POST", f"/incidents/{incident_id}/referral", out)


def _kept(method: str, path: str, out: Path) -> None:
    from schoolgate.client import signed_in_api

    content = signed_in_api().download(method, path)
    try:
        with out.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise Failed(f"{out} cannot be written: {error.strerror}") from error
    tell(f"{out}: {len(content):,} bytes.")


def task(
    incident_id: str,
    kind: Annotated[str, typer.Argument(help="parents, police, local-authority, ceop ...")],
    text: Annotated[str, typer.Option(help="In place of the school's letter.")] = "",
    due: Annotated[str | None, typer.Option(help="2026-11-27; as the policy says if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Note whom to tell."""
    act(f"/{incident_id}/tasks", {"kind": kind, "text": text, "due": due}, as_json)


def done(
    incident_id: str,
    task_id: str,
    how: Annotated[str, typer.Option(help="Who was told, how, and what they said.")],
    as_json: AsJson = False,
) -> None:
    """Note that they were told."""
    act(f"/{incident_id}/tasks/{task_id}/done", {"how": how}, as_json)


def isolate(
    incident_id: str,
    device: Annotated[str, typer.Argument(help="Its address.")],
    reason: WhyOfCase,
    hours: Annotated[int, typer.Option(min=1, max=720)] = 24,
    as_json: AsJson = False,
) -> None:
    """Shut off a device at once. Two people let it on again before its time: ask release."""
    act(f"/{incident_id}/isolate", {"device": device, "hours": hours, "reason": reason}, as_json)


def mode(
    incident_id: str,
    *,
    device: Annotated[str, typer.Option(help="The address of the device that you use.")],
    site: Annotated[Several, typer.Option(help="May be given several times.")],
    reason: WhyOfCase,
    minutes: Annotated[int, typer.Option(min=1, max=240)] = 60,
    deviation: Annotated[str | None, typer.Option(help="Why another device than before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for investigation mode: one device, named sites, a short time. Another senior signs it too."""
    body = {"device": device, "sites": site, "minutes": minutes, "deviation": deviation, "reason": reason}
    act(f"/{incident_id}/mode", body, as_json)


def end(incident_id: str, step_id: str, as_json: AsJson = False) -> None:
    """End investigation mode early."""
    act(f"/{incident_id}/steps/{step_id}/end", {}, as_json)


def refer(
    incident_id: str,
    *,
    code: Annotated[str, typer.Option(help="Why, as schoolgate incidents kinds --json has them.")],
    to: Annotated[str, typer.Option(help="To whom.")],
    reason: WhyOfCase,
    reference: Annotated[str, typer.Option(help="Theirs, if they gave one.")] = "",
    as_json: AsJson = False,
) -> None:
    """Note that it was referred to the police or another authority."""
    act(f"/{incident_id}/refer", {"code": code, "to": to, "reference": reference, "reason": reason}, as_json)


def suggestion(incident_id: str, as_json: AsJson = False) -> None:
    """What the schools' tables suggest for it."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get(f"/incidents/{incident_id}/suggestion")
    if as_json:
        put_json(found)
        return
    put_table(
        [{"action": each, "says": found["says"][each]} for each in found["actions"]], ("action", "says")
    )


def add_to(app: typer.Typer) -> None:
    for verb in (evidence, rows, attach, referral, task, done, isolate, mode, end, refer, suggestion):
        app.command()(verb)
    app.command("file")(get_file)

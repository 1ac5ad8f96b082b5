"""The people register. Everything that lets somebody in is proposed by one person and approved by another."""

from pathlib import Path
from typing import Annotated

import typer

from schoolgate.commands import proposals, protecting
from schoolgate.telling import AsJson, Failed, Why, put_json, put_table, tell

app = typer.Typer(help="Who there is, in which groups and classes.", no_args_is_help=True)

PASSWORDS = ("username", "proxy")
COLUMNS = ("id", "username", "name", "role", "filter_groups", "classes")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: username,name,role,filter_groups,classes,password")],
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """Propose the people of a CSV file. First passwords are shown once, here and nowhere else."""
    from schoolgate.client import signed_in_api

    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{file} cannot be read: {error}") from error
    proposal = signed_in_api().post("/people/proposals", {"csv": text, "reason": reason})
    proposals.show(proposal, as_json)
    first = proposal.get("first_passwords") or {}
    if first and not as_json:
        put_table([{"username": name, **passwords} for name, passwords in first.items()], PASSWORDS)
    if proposal["state"] == "approved":
        tell("In force: it only takes away. Another person reviews it.")
    else:
        tell("Proposed. Another person can now approve it.")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 200,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Everybody, by user name."""
    from schoolgate.client import signed_in_api

    page = signed_in_api().get("/people", {"limit": limit, "cursor": cursor})
    if as_json:
        put_json(page)
    else:
        put_table(page["rows"], COLUMNS)


@app.command("proposals")
def list_proposals(as_json: AsJson = False) -> None:
    """What has been proposed, newest first."""
    proposals.list_proposals("people", {}, as_json)


@app.command()
def approve(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Approve what somebody else proposed."""
    proposals.decide("people", proposal_id, "approve", reason, as_json)


@app.command()
def decline(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Decline a proposal."""
    proposals.decide("people", proposal_id, "decline", reason, as_json)


@app.command()
def withdraw(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Take back your own proposal."""
    proposals.decide("people", proposal_id, "withdraw", reason, as_json)


@app.command()
def suspend(
    person: Annotated[str, typer.Argument(help="A user name, or the id that `people list` shows.")],
    reason: Why,
    until: Annotated[str | None, typer.Option(help="ISO 8601; without it, until further notice.")] = None,
    as_json: AsJson = False,
) -> None:
    """Shut somebody out, at once. One person may; letting them in again takes two."""
    from schoolgate.client import signed_in_api

    body = {"reason": reason, **({"until": until} if until else {})}
    api = signed_in_api()
    answer = api.post(f"/people/{protecting.id_of(api, person)}/suspend", body)
    if as_json:
        put_json(answer)
    tell("Suspended.")


@app.command()
def end(
    person: Annotated[str, typer.Argument(help="A user name, or the id that `people list` shows.")],
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """Somebody has left: the account opens nothing from now on. The line of the register stays."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    answer = api.post(f"/people/{protecting.id_of(api, person)}/end", {"reason": reason})
    if as_json:
        put_json(answer)
    tell("Ended.")


app.command("access")(protecting.access)

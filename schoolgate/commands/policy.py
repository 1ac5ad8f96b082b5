"""The policy: check a file, propose it, have somebody else approve it."""

from pathlib import Path
from typing import Annotated

import typer

from schoolgate.commands import preview, proposals
from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, Why, put, put_json, tell

app = typer.Typer(
    help="The filtering policy. Editing the file changes nothing; proposing it does.", no_args_is_help=True
)

File = Annotated[Path | None, typer.Argument(help="The file; as in school.yaml if not given.")]


@app.command()
def check(ctx: typer.Context, file: File = None, as_json: AsJson = False) -> None:
    """Name every fault of the file with its line; 0 when there is none."""
    from filter_policy.parse import PolicyError, parse_policy

    path = file or front_of(ctx).settings.policy
    faults: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    try:
        undecided = parse_policy(_text(path), file=str(path)).undecided
    except PolicyError as error:
        faults = tuple(error.faults)
    if as_json:
        put_json({"file": str(path), "whole": not faults, "faults": faults, "undecided": undecided})
    for row in undecided:
        tell(f"{row}: not decided; not_allowed until the school does")
    if faults:
        raise Failed(*faults)
    tell(f"{path}: no fault")


@app.command()
def propose(ctx: typer.Context, reason: Why, file: File = None, as_json: AsJson = False) -> None:
    """Ask for this file to come into force, with the lists that the API built at its start.

    Somebody else has to approve it.
    """
    from schoolgate.client import signed_in_api

    path = file or front_of(ctx).settings.policy
    body = {"text": _text(path), "reason": reason}
    proposals.show(signed_in_api().post("/policy/proposals", body), as_json)
    tell("Proposed. Another person can now approve it.")


@app.command()
def approve(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Approve what somebody else proposed; every gate has it within two seconds."""
    proposals.decide("policy", proposal_id, "approve", reason, as_json)


@app.command()
def decline(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Decline a proposal."""
    proposals.decide("policy", proposal_id, "decline", reason, as_json)


@app.command()
def withdraw(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Take back your own proposal."""
    proposals.decide("policy", proposal_id, "withdraw", reason, as_json)


@app.command()
def show(
    proposal_id: Annotated[
        str | None, typer.Argument(help="A proposal; without it, the policy in force.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The text of the policy in force, or of a proposal."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    found = api.get(f"/policy/proposals/{proposal_id}" if proposal_id else "/policy")
    if as_json:
        put_json(found)
    else:
        put(found["text"])


app.command("preview")(preview.policy)


@app.command("proposals")
def list_(as_json: AsJson = False) -> None:
    """What has been proposed, newest first."""
    proposals.list_proposals("policy", {}, as_json)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{path} cannot be read: {error}") from error

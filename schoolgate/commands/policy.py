"""The policy: check a file, propose it, have somebody else approve it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from filter_policy.model import Policy

from schoolgate.commands import preview, proposals
from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, Why, put, put_json, put_table, tell

app = typer.Typer(
    help="The filtering policy. Editing the file changes nothing; proposing it does.", no_args_is_help=True
)

PROPOSAL = re.compile(r"[0-9a-f]{16}")
VERSIONS = ("id", "in_force_at", "until", "proposed_by", "agreed_by", "reason")

File = Annotated[Path | None, typer.Argument(help="The file; as in school.yaml if not given.")]


@app.command()
def check(ctx: typer.Context, file: File = None, as_json: AsJson = False) -> None:
    """Name every fault of the file with its line, and each of its checks that fails; 0 when there is none."""
    from filter_policy.parse import PolicyError, parse_policy

    path = file or front_of(ctx).settings.policy
    faults: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    failed: tuple[str, ...] | None = ()
    try:
        policy = parse_policy(_text(path), file=str(path))
        undecided, failed = policy.undecided, _failed_checks(ctx, policy)
    except PolicyError as error:
        faults = tuple(error.faults)
    if as_json:
        told = {"faults": faults, "undecided": undecided, "failing_checks": failed}
        put_json({"file": str(path), "whole": not faults, **told})
    for row in undecided:
        tell(f"{row}: not decided; not_allowed until the school does")
    if faults or failed:
        raise Failed(*faults, *(f"check: {each}" for each in failed or ()))
    tell(f"{path}: no fault")


def _failed_checks(ctx: typer.Context, policy: "Policy") -> tuple[str, ...] | None:
    """Under the lists in force; None where there are none at hand to try them with."""
    from filter_policy.checks import failing
    from schoolgate.in_force import index_in_force

    if not policy.checks:
        return ()
    try:
        index = index_in_force(front_of(ctx).settings.state)
    except Failed as error:
        tell(f"The checks were not tried, for want of lists: {error}")
        return None
    return tuple(each.says for each in failing(policy, index.lookup))


@app.command()
def propose(ctx: typer.Context, reason: Why, file: File = None, as_json: AsJson = False) -> None:
    """Ask for this file to come into force. Somebody else has to approve it.

    What only shuts is in force at once, and somebody else reviews it: see `policy diff`.
    """
    from schoolgate.client import signed_in_api

    path = file or front_of(ctx).settings.policy
    body = {"text": _text(path), "reason": reason}
    made = signed_in_api().post("/policy/proposals", body)
    proposals.show(made, as_json)
    if made["state"] == "approved":
        tell("In force: it only shuts. Another person reviews it.")
    else:
        tell("Proposed. Another person can now approve it.")


@app.command()
def diff(
    ctx: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(help="A file, or the id of a proposal; as in school.yaml if not given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What it would change of the policy in force, in the table's words, and whether it opens anything."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    path = Path(what) if what else front_of(ctx).settings.policy
    is_file = what is None or path.exists() or not PROPOSAL.fullmatch(what)
    text = _text(path) if is_file else api.get(f"/policy/proposals/{what}")["text"]
    found = api.post("/policy/compare", {"text": text})
    if as_json:
        put_json(found)
        return
    for each in found["worded"]:
        put(each["says"])
    for says in found["not_seen"]:
        tell(says)
    effect = found["effect"]
    for name in ("opens", "shuts"):
        for each in effect[name]:
            how = f" ({each['how']})" if each["how"] else ""
            put(f"{name}, for {each['who']}: {each['what']}, {each['when']}{how}")
    for says in found["failing_checks"]:
        tell(f"check: {says}")
    if effect["hides"]:
        tell(f"Not shown by what opens or shuts: {', '.join(effect['hides'])}")
    tell(effect["says"])


@app.command()
def history(as_json: AsJson = False) -> None:
    """The policies that were in force, newest first: since when, who proposed, who agreed, and why."""
    from schoolgate.client import signed_in_api

    page = signed_in_api().get("/policy/history", {"limit": 200})
    if as_json:
        put_json(page)
    else:
        put_table(page["rows"], VERSIONS)


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

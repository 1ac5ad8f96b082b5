"""The sealed envelope: a code in the school's safe that stands in for the second person, once.

The code is typed when it is asked for, or comes from stdin: never as an argument, which others can see.
"""

import sys
from typing import Annotated, Any

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Why, put_fields, put_json, put_table, tell

app = typer.Typer(help="The sealed envelope in the school's safe.", no_args_is_help=True)

FromStdin = Annotated[bool, typer.Option("--code-stdin", help="Read the code from stdin.")]
STATUS = ("ready", "made_by", "agreed_by", "made_at", "used_by", "used_at")
PROPOSAL = ("id", "state", "asked_by", "asked_at", "decided_by", "decided_at", "reason")


@app.command()
def make(reason: Why, as_json: AsJson = False) -> None:
    """Begin a new envelope. You are shown one half of its code, once; whoever agrees sees the other."""
    from schoolgate.client import signed_in_api

    _show(signed_in_api().post("/break-glass/proposals", {"reason": reason}), as_json)
    tell("Put your half, the first, into the envelope. Somebody else now says: schoolgate break-glass agree")


@app.command()
def agree(proposal_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Agree to a new envelope. You are shown the other half, once; an older envelope works no more."""
    from schoolgate.client import signed_in_api

    path = f"/break-glass/proposals/{proposal_id}/approve"
    _show(signed_in_api().post(path, {"reason": reason}), as_json)
    tell("Put your half, the second, into the envelope; both sign across the flap.")


@app.command("approve-with")
def approve_with(
    proposal_id: str, reason: Why, code_stdin: FromStdin = False, as_json: AsJson = False
) -> None:
    """Agree alone to a proposal. It works once, and everybody who answers for the filter is told."""
    from schoolgate.client import signed_in_api

    api = signed_in_api()
    body = {"proposal": proposal_id, "code": _code(code_stdin), "reason": reason}
    done = api.post("/break-glass/approve", body)
    if as_json:
        put_json(done)
    tell(f"Agreed. Two others have to sign review {done['review']}.")


@app.command()
def code(
    ctx: typer.Context,
    *,
    username: Annotated[str, typer.Option(help="Who has to get in again: somebody who may approve.")],
    reason: Why,
    api: Annotated[
        str | None, typer.Option("--api", help="Where the API is, if not as in school.yaml.")
    ] = None,
    code_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """When nobody can sign in: a new enrolment code for one person."""
    from schoolgate.client import Api

    base = (api or front_of(ctx).settings.api).rstrip("/")
    body = {"username": username, "code": _code(code_stdin), "reason": reason}
    made = Api(base, ca=front_of(ctx).school_ca(base)).post("/break-glass/code", body)
    if as_json:
        put_json(made)
    else:
        put_fields((("username", made["username"]), ("code", made["code"])))
    tell("Now: schoolgate enrol. Until two others have signed, this account opens nothing.")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Whether an envelope lies in the safe, unused; and those that are being made."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/break-glass")
    being_made = signed_in_api().get("/break-glass/proposals", {"state": "requested"})["rows"]
    if as_json:
        put_json({**found, "proposals": being_made})
        return
    put_fields((name, found.get(name)) for name in STATUS)
    if being_made:
        put_table(being_made, PROPOSAL)


def _show(proposal: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(proposal)
    else:
        put_fields((name, proposal.get(name)) for name in (*PROPOSAL, "which", "half"))


def _code(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    given: str = typer.prompt("The code: both halves", hide_input=True, err=True)
    return given

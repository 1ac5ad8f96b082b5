"""Tokens for programs: less than you may yourself, and nothing that takes a person's word."""

from typing import Annotated, Any

import typer

from schoolgate.commands.session import FromStdin, ask_password
from schoolgate.telling import AsJson, put_fields, put_json, put_table, tell

app = typer.Typer(help="Tokens for programs, made by you and for less than you may.", no_args_is_help=True)

COLUMNS = ("id", "name", "owner", "scopes", "addresses", "ends_at", "last_used_at", "ended_at")
FIELDS = ("id", "name", "scopes", "addresses", "ends_at", "token")


@app.command("list")
def list_(
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Those of others too, if you may approve.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Which there are, and when each was last used. Never the tokens themselves."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/tokens", {"everybody": "true" if everybody else None})
    if as_json:
        put_json(found)
        return
    put_table(found["rows"], COLUMNS)
    tell(f"You may give: {', '.join(found['scopes'])}")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    scope: Annotated[list[str], typer.Option("--scope", help="What it may; give it once for each.")],
    days: Annotated[int, typer.Option(min=1, max=365, help="For how many days.")] = 90,
    address: Annotated[
        list[str] | None, typer.Option("--address", help="A network it may be used from; else anywhere.")
    ] = None,
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """Make one, with your password once more.

    The token is shown now and never again; a line in the change log tells what it may.
    """
    from schoolgate.client import Refused, signed_in_api

    body: dict[str, Any] = {"name": name, "scopes": scope, "days": days, "addresses": address or []}
    api = signed_in_api()
    body["password"] = ask_password("The password that you sign in with", password_stdin)
    try:
        made = api.post("/tokens", body)
    except Refused as refused:
        if refused.slug != "code-needed":
            raise
        body["code"] = ask_password("Six digits from your telephone", password_stdin).strip()
        made = api.post("/tokens", body)
    if as_json:
        put_json(made)
    else:
        put_fields((field, made[field]) for field in FIELDS)
    tell("Keep the token where the program reads it and nobody else does.")


@app.command()
def revoke(token_id: Annotated[str, typer.Argument(help="Its id, from: schoolgate tokens list")]) -> None:
    """End one at once: your own, or anybody's if you may approve."""
    from schoolgate.client import signed_in_api

    signed_in_api().delete(f"/tokens/{token_id}")
    tell("Revoked. The program gets no answer any more.")

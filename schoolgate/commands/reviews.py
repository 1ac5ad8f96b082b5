"""Reviews: what one person did at once, looked at by others."""

from typing import Annotated

import typer

from schoolgate.telling import AsJson, put_json, put_table, tell

app = typer.Typer(help="What one person did at once, for others to look at.", no_args_is_help=True)

COLUMNS = ("id", "kind", "overdue", "due_at", "done_at", "by", "says", "reason")


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Those that are signed as well.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """What waits for somebody to look at it, newest first."""
    from schoolgate.client import signed_in_api

    params = {"open": None if everything else "true", "limit": limit, "cursor": cursor}
    page = signed_in_api().get("/reviews", params)
    if as_json:
        put_json(page)
        return
    put_table(page["rows"], COLUMNS)
    late = sum(bool(row["overdue"]) for row in page["rows"])
    if late:
        tell(f"{late} overdue.")


@app.command()
def sign(
    review_id: str,
    note: Annotated[str, typer.Option(help="What you looked at, or why you do not agree. It is kept.")],
    disagree: Annotated[bool, typer.Option("--disagree", help="It stays open until you agree.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say that you have looked at what somebody else did."""
    from schoolgate.client import signed_in_api

    body = {"agrees": not disagree, "note": note}
    found = signed_in_api().post(f"/reviews/{review_id}/sign", body)
    if as_json:
        put_json(found)
    if found["done_at"]:
        tell("Signed; enough others have looked.")
    elif disagree:
        tell("Kept. It stays open; what was done can be undone by a proposal.")
    else:
        tell("Signed; somebody else has to look at it as well.")

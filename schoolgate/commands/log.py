"""The filtering log, through the API: what you may see is what your role may see."""

from typing import Annotated

import typer

from schoolgate.telling import AsJson, put, put_json, put_table, tell

app = typer.Typer(help="What was asked of the gate, and what it answered.", no_args_is_help=True)

COLUMNS = ("at", "kind", "verdict", "reason", "person", "host", "category", "method", "status", "reference")


@app.command()
def search(
    *,
    from_: Annotated[str | None, typer.Option("--from", help="ISO 8601.")] = None,
    to: Annotated[str | None, typer.Option(help="ISO 8601; not included.")] = None,
    person: Annotated[
        str | None, typer.Option(help="A user name. Looking leaves a line in the change log.")
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="Why you look at one person's record.")] = None,
    group: Annotated[str | None, typer.Option(help="A filter group.")] = None,
    school_class: Annotated[str | None, typer.Option("--class", help="A class: 6B.")] = None,
    host: Annotated[str | None, typer.Option(help="A host and all below it.")] = None,
    category: Annotated[str | None, typer.Option()] = None,
    verdict: Annotated[str | None, typer.Option(help="allow or block")] = None,
    reason: Annotated[str | None, typer.Option(help="A reason: category-not-allowed.")] = None,
    kind: Annotated[str | None, typer.Option(help="request, connect, tunnel, websocket ...")] = None,
    reference: Annotated[str | None, typer.Option(help="The code on a block page.")] = None,
    unblock: Annotated[str | None, typer.Option(help="The id of an unblock.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rows of the filtering log, newest first."""
    from schoolgate.client import signed_in_api

    asked = {
        "from": from_, "to": to, "person": person, "purpose": purpose, "group": group, "class": school_class,
        "host": host, "category": category, "verdict": verdict, "reason": reason, "kind": kind,
        "reference": reference, "unblock": unblock, "limit": limit, "cursor": cursor,
    }  # fmt: skip
    api = signed_in_api()
    if as_csv:
        put(api.get_text("/filtering-log", asked, "text/csv"))
        return
    page = api.get("/filtering-log", asked)
    if as_json:
        put_json(page)
        return
    put_table(page["rows"], COLUMNS)
    if page.get("next"):
        tell(f"There is more: --cursor {page['next']}")

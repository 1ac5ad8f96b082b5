"""`schoolgate log list`, also `search`: rows of the filtering log, page by page."""

from typing import Annotated

import typer

from schoolgate.commands.log_filters import Asked, filtered
from schoolgate.telling import AsJson, put, put_json, put_table, tell

COLUMNS = ("at", "kind", "verdict", "reason", "who", "host", "category", "method", "status", "reference")


@filtered
def search(
    *,
    asked: Asked,
    to: Annotated[str | None, typer.Option("--to", help="The same as --until.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rows of the filtering log, newest first."""
    from schoolgate.client import signed_in_api

    wanted = {**asked, "to": to or asked["to"], "limit": limit, "cursor": cursor}
    api = signed_in_api()
    if as_csv:
        put(api.get_text("/filtering-log", wanted, "text/csv"))
        return
    page = api.get("/filtering-log", wanted)
    if as_json:
        put_json(page)
        return
    columns = (*COLUMNS, "search_terms") if any(row.get("search_terms") for row in page["rows"]) else COLUMNS
    put_table(page["rows"], columns)
    if page.get("searched_to"):
        tell(f"Looked back as far as {page['searched_to']}, where the search stopped.")
    if page.get("next"):
        tell(f"There is more: --cursor {page['next']}")

"""The change log: who changed what, who agreed, and whether the seal holds."""

from typing import Annotated

import typer

from schoolgate.telling import AsJson, Failed, put_json, put_table, tell

app = typer.Typer(help="Who changed what, why, and who agreed.", no_args_is_help=True)

COLUMNS = ("seq", "at", "event", "actor", "role", "says", "reason")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """The lines, newest first."""
    from schoolgate.client import signed_in_api

    page = signed_in_api().get("/changes", {"limit": limit, "cursor": cursor})
    if as_json:
        put_json(page)
        return
    put_table([{**row, "reason": (row.get("texts") or {}).get("reason")} for row in page["rows"]], COLUMNS)
    if page.get("next"):
        tell(f"There is more: --cursor {page['next']}")


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Hold every line against its seal and the signed checkpoints; 0 when the log is whole, else 1.

    Of the filtering log it follows the chain of the seals. Its rows are read by `schoolgate log verify`.
    """
    from schoolgate.client import signed_in_api

    found = signed_in_api().get("/changes/verify")
    if as_json:
        put_json(found)
    if not found["whole"]:
        raise Failed(str(found["says"]))
    tell(str(found["says"]))

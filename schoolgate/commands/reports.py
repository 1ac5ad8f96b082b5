"""Reports, through the API: figures in which nobody is."""

from typing import Annotated, Any

import typer

from schoolgate.telling import AsJson, put, put_json, put_table, tell

app = typer.Typer(help="What was asked for and blocked, in figures.", no_args_is_help=True)

FIGURES = ("name", "requests", "pages", "blocked")


@app.callback()
def root() -> None:
    """A group, though it has one verb so far."""


@app.command()
def month(
    month: Annotated[str | None, typer.Option(help="2026-11; this month if left out.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet, a figure to a line.")] = False,
    as_json: AsJson = False,
) -> None:
    """A month in sentences and three tables: kinds of site, groups, most blocked sites."""
    from schoolgate.client import signed_in_api

    api, asked = signed_in_api(), {"month": month}
    if as_csv:
        put(api.get_text("/reports/month", asked, "text/csv"))
        return
    found = api.get("/reports/month", asked)
    if as_json:
        put_json(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    tell(found["name"])
    for said in found["says"]:
        put(said)
    sites = [*found["sites"], {"site": "(other sites)", "blocked": found["other_sites_blocked"]}]
    for rows, columns in (
        (found["kinds"], FIGURES),
        (found["groups"], FIGURES),
        (sites, ("site", "blocked")),
    ):
        put("")
        put_table(rows, columns)

"""The change log: who changed what, who agreed, and whether the seal holds."""

from pathlib import Path
from typing import Annotated

import typer

from schoolgate.telling import AsJson, Failed, put, put_json, put_table, tell

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
def verify(
    file: Annotated[
        Path | None, typer.Option("--file", help="An export, checked here: no server is asked.")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A file with a checkpoint that was kept; only with --file."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="A file with the school's public key; only with --file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold every line against its seal and the signed checkpoints; 0 when the log is whole, else 1.

    Of the filtering log it follows the chain of the seals. Its rows are read by `schoolgate log verify`.
    With --file an export is checked by the verifier that shares nothing with the server; 2: it cannot be.
    """
    from schoolgate.client import signed_in_api
    from schoolgate.commands.changes_file import check_file

    if file is not None:
        raise typer.Exit(check_file(file, checkpoint or (), key, as_json=as_json))
    if checkpoint or key:
        raise typer.BadParameter("only with --file", param_hint="--checkpoint" if checkpoint else "--key")
    found = signed_in_api().get("/changes/verify")
    if as_json:
        put_json(found)
    if not found["whole"]:
        raise Failed(str(found["says"]))
    tell(str(found["says"]))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to; it has its name when all of it is there.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """The whole change log into a file, to be checked elsewhere: `schoolgate changes verify --file FILE`."""
    from schoolgate.client import signed_in_api
    from schoolgate.commands.changes_file import save_export

    if file.exists() and not force:
        raise Failed(f"{file} is there already; --force replaces it.")
    with signed_in_api().stream("/changes/export", {}) as answer:
        lines = save_export(answer.iter_bytes(), file, force=force)
    if as_json:
        put_json({"file": str(file), "lines": lines})
    tell(f"{lines:,} lines in {file}. Check it: schoolgate changes verify --file {file}")


@app.command()
def checkpoints(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 1,
    as_json: AsJson = False,
) -> None:
    """The signed checkpoints, newest first, as they are to be kept elsewhere."""
    from schoolgate.client import signed_in_api

    page = signed_in_api().get("/changes/checkpoints", {"limit": limit})
    if as_json:
        put_json(page)
        return
    put("\n".join(str(row["note"]) for row in page["rows"]))


@app.command()
def proof(
    seq: Annotated[int, typer.Argument(min=1, help="The number of the entry.")],
    size: Annotated[
        int | None, typer.Option(min=1, help="In the log of so many entries; else the newest checkpoint's.")
    ] = None,
    entry: Annotated[bool, typer.Option("--entry", help="The sealed entry too, exactly as it is.")] = False,
    as_json: AsJson = False,
) -> None:
    """That an entry is in the log under a signed checkpoint (RFC 6962), for whoever holds that checkpoint."""
    from schoolgate.client import signed_in_api

    found = signed_in_api().get(f"/changes/{seq}/proof", {"size": size})
    if as_json:
        put_json(found)
        return
    put(f"prev {found['prev']}\nleaf {found['leaf']}")
    put("\n".join(f"hash {each}" for each in found["proof"]) or "no hash is needed")
    put(f"root {found['root']}\n\n{found['checkpoint'] or 'no checkpoint was signed over so many entries'}")
    if entry:
        put(found["sealed"])

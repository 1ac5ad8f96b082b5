"""The lists of this machine: compile them, see what is in them, ask what they say of a site."""

from dataclasses import asdict
from typing import Annotated

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put_fields, put_json, put_table, tell

app = typer.Typer(help="What a site is, by which list.", no_args_is_help=True)


@app.command()
def build(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Compile the lists that lists.yaml names. The API takes a new set when it starts."""
    from filter_lists.compiler import ListsError
    from filter_lists.ensure import ensure_index

    settings = front_of(ctx).settings
    try:
        index = ensure_index(settings.lists, settings.state)
    except ListsError as error:
        raise Failed(*error.faults) from error
    built = {"generation": index.generation, "names": len(index), "lists": len(index.lists)}
    if as_json:
        put_json(built)
    else:
        put_fields(built.items())


@app.command()
def status(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Each list in force: its category, how many entries, how many lines were not understood."""
    from schoolgate.in_force import index_in_force

    index = index_in_force(front_of(ctx).settings.state)
    rows = [{**asdict(each), "skipped": sum(count for _, count, _ in each.skipped)} for each in index.lists]
    if as_json:
        put_json({"generation": index.generation, "lists": rows})
        return
    put_table(rows, ("list_id", "category", "format", "entries", "lines", "skipped"))
    tell(f"Generation {index.generation}")


@app.command()
def lookup(
    ctx: typer.Context,
    site: Annotated[str, typer.Argument(help="A host, host/path or URL.")],
    as_json: AsJson = False,
) -> None:
    """What the lists in force say of a site. Entries of illegal lists are not read out."""
    from filter_lists.names import NameFault, parse_url
    from schoolgate.in_force import bundle_in_force, index_in_force, shown_entry

    state = front_of(ctx).settings.state
    bundle = bundle_in_force(state)
    try:
        url = parse_url(site if "://" in site else f"http://{site}")
    except NameFault as fault:
        raise Failed(str(fault)) from fault
    found = index_in_force(state).lookup(url)
    rows = [
        {"category": each.category, "list_id": each.list_id, "entry": shown_entry(bundle.policy, each)}
        for each in found
    ]
    if as_json:
        put_json({"site": str(url), "listings": rows})
    elif rows:
        put_table(rows, ("category", "list_id", "entry"))
    else:
        tell(f"{url.host} is on no list.")

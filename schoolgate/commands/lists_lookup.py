"""What the lists say of a site; works with every service down."""

from typing import Annotated

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put_json, put_table, tell

ON_NO_LIST = 4


def lookup(
    ctx: typer.Context,
    site: Annotated[str, typer.Argument(help="A host, host/path or URL.")],
    *,
    generation: Annotated[str | None, typer.Option(help="Ask these lists instead of those in force.")] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 4 when it is on no list.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Name each list that has a site, its entry, and its licence. Entries of illegal lists are not shown."""
    from audit_api.typed import typed_url
    from filter_lists.names import NameFault
    from schoolgate.in_force import bundle_in_force, index_of, told_listing

    state = front_of(ctx).settings.state
    bundle = bundle_in_force(state)
    try:
        url = typed_url(site)
    except NameFault as fault:
        raise Failed(str(fault)) from fault
    index = index_of(state, generation or bundle.lists)
    rows = [told_listing(bundle.policy, index, each) for each in index.lookup(url)]
    if as_json:
        put_json({"site": str(url), "generation": index.generation, "listings": rows})
    elif rows:
        put_table(rows, ("category", "list_id", "entry", "licence"))
        tell(f"Generation {index.generation}")
    else:
        tell(f"{url.host} is on no list.")
    if exit_code and not rows:
        raise typer.Exit(ON_NO_LIST)

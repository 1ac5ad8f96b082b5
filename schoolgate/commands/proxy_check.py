"""Does the gate of this machine filter? For a person, and for whatever restarts it."""

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, put_json, tell


def proxy_check(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Ask the gate for a page that must be blocked; 1 when anything else than its own block page comes.

    On the machine (or in the container) of the gate, as its user: it proves itself by a secret of this start.
    """
    from proxy_addon.probe import probe

    found = probe(front_of(ctx).settings.state)
    if as_json:
        put_json({"well": found.well, "shut": found.shut, "says": found.says})
    else:
        tell(f"{'ok  ' if found.well else 'FAIL'}  gate: {found.says}")
    if not found.well:
        raise typer.Exit(1)

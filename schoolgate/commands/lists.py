"""The lists: what they are, how old, what they say of a site, and how other ones come into force."""

import typer

from schoolgate.commands import (
    lists_build,
    lists_changes,
    lists_check,
    lists_diff,
    lists_lookup,
    lists_status,
    preview,
)

app = typer.Typer(help="What a site is, by which list.", no_args_is_help=True)

# On this machine, with every service down; they change nothing.
app.command()(lists_status.status)
app.command()(lists_lookup.lookup)
app.command()(lists_build.build)
app.command()(lists_diff.diff)
app.command()(lists_check.check)
# Through the API.
app.command()(lists_changes.update)
app.command()(lists_changes.propose)
app.command("proposals")(lists_changes.list_)
app.command()(lists_changes.show)
app.command("preview")(preview.lists)
app.command()(lists_changes.approve)
app.command()(lists_changes.decline)
app.command()(lists_changes.withdraw)
app.command()(lists_changes.rollback)
app.command()(lists_changes.generations)

"""The filtering log, through the API: what you may see is what your role may see. One file for each verb."""

import typer

from schoolgate.commands import log_export, log_retention, log_search, log_tail, log_verify

app = typer.Typer(help="What was asked of the gate, and what it answered.", no_args_is_help=True)
app.command("list")(log_search.search)
app.command("search")(log_search.search)
app.command("export")(log_export.export)
app.command("tail")(log_tail.tail)
app.command("verify")(log_verify.verify)
app.command("retention")(log_retention.retention)

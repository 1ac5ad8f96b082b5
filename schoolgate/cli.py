"""The command line: noun, then verb. Each command imports what it needs when it runs: start-up is felt."""

from pathlib import Path
from typing import Annotated

import typer

from schoolgate.commands import (
    break_glass,
    changes,
    changes_looks,
    changes_restored,
    explain,
    incident_acts,
    incidents,
    lists,
    log,
    log_damage,
    people,
    policy,
    policy_pinned,
    protecting,
    proxy_check,
    reports,
    reviews,
    second_factor,
    services,
    session,
    tokens,
    unblocks,
    whose_export,
)
from schoolgate.front import Front

HELP = """A filtering web proxy for schools that can prove how it filters.

Data goes to stdout, messages to stderr; --json gives data for programs.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 blocked (explain --exit-code),
4 on no list (lists lookup --exit-code).
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they show local variables, and those can be secrets
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(version("schoolgate"))
        except PackageNotFoundError:  # run from a checkout
            typer.echo("0.1.0")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The folder with school.yaml, policy.yaml and lists.yaml; config/ if not given."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version, and end.")
    ] = False,
) -> None:
    ctx.obj = Front(config)


app.command()(services.run)
app.command()(services.init)
app.command()(services.demo)
app.command()(services.doctor)
app.command()(explain.explain)
app.command()(session.enrol)
app.command()(session.login)
app.command()(session.logout)
app.add_typer(second_factor.app, name="second-factor")
app.add_typer(tokens.app, name="tokens")
app.add_typer(unblocks.app, name="unblocks")
policy.app.command()(policy_pinned.pinned)
app.add_typer(policy.app, name="policy")
app.add_typer(people.app, name="people")
app.add_typer(protecting.corrections, name="corrections")
app.add_typer(protecting.holds, name="holds")
app.add_typer(protecting.erasures, name="erasures")
app.add_typer(lists.app, name="lists")
log.app.command()(log_damage.damage)
log.app.command()(log_damage.release)
log.app.command()(whose_export.whose_export)
app.add_typer(log.app, name="log")
changes.app.command()(changes_looks.seen)
changes.app.command()(changes_looks.review)
changes.app.command()(changes_looks.reviews)
changes.app.command()(changes_looks.key)
changes.app.command()(changes_restored.restored)
app.add_typer(changes.app, name="changes")
app.add_typer(reports.app, name="reports")
incident_acts.add_to(incidents.app)
app.add_typer(incidents.app, name="incidents")
app.add_typer(reviews.app, name="reviews")
app.add_typer(break_glass.app, name="break-glass")
app.command()(services.proxy)
app.command()(proxy_check.proxy_check)
app.command()(services.recorder)
app.command()(services.api)

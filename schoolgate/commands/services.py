"""What runs: the whole system, or one process of it; and what makes it ready to run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from schoolgate.front import front_of
from schoolgate.telling import AsJson, Failed, put_json, tell

Port = Annotated[int | None, typer.Option(help="Instead of the one in school.yaml; 0 takes any free one.")]
ReadyFd = Annotated[int | None, typer.Option("--ready-fd", hidden=True)]  # the supervisor listens there
FounderText = Annotated[str | None, typer.Option(help="USERNAME:NAME:ROLE")]


def run(ctx: typer.Context) -> None:
    """Start everything: gate, recorder, API and console. The first start founds the school. Ctrl-C drains."""
    from schoolgate.running import run_school

    raise typer.Exit(run_school(front_of(ctx).settings))


def init(
    ctx: typer.Context,
    first: FounderText = None,
    second: FounderText = None,
    if_needed: Annotated[bool, typer.Option("--if-needed", help="Do nothing if it has been done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Found the school: two people with a code each, the policy, line 1 of the change log, the CA.

    Only an empty register can be founded.
    """
    from schoolgate.founding import FIRST, SECOND, Founder, code_files, tell_next_steps
    from schoolgate.running import prepare

    settings = front_of(ctx).settings
    two = (Founder.read(first) if first else FIRST, Founder.read(second) if second else SECOND)
    if not prepare(settings, two) and not if_needed:
        raise Failed("This school has been founded already; nothing was changed.")
    tell_next_steps(settings)
    if as_json:
        put_json(
            {"state": str(settings.state), "codes": {p.stem: str(p) for p in code_files(settings.state)}}
        )


def demo(
    *,
    state: Annotated[
        Path | None, typer.Option(help="Where the demo keeps its data; var/demo if not given.")
    ] = None,
    proxy_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8080,
    api_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8000,
    world: Annotated[
        Path | None, typer.Option(help="A world of your own instead of the example school: docs/demo.md")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """An example school to look around in. On this machine alone: its passwords are public."""
    from schoolgate.demo.running import run_demo

    folder = (state or Path("var/demo")).absolute()
    raise typer.Exit(run_demo(folder, proxy_port, api_port, world, as_json=as_json))


def doctor(
    ctx: typer.Context,
    mail: Annotated[
        bool, typer.Option("--mail", help="Try the mail server as well; nothing is sent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at everything that can be wrong on this machine; 1 when something is. Explains what it finds."""
    from schoolgate.doctor import examine
    from schoolgate.doctor_words import as_told, explained

    findings = examine(front_of(ctx), mail=mail)
    if as_json:
        put_json([explained(each) for each in findings])
    else:
        for finding in findings:
            tell(as_told(finding))
    if not all(finding.fit for finding in findings):
        raise typer.Exit(1)


def proxy(ctx: typer.Context, port: Port = None, ready_fd: ReadyFd = None) -> None:
    """The gate alone."""
    from schoolgate.serving import serve_gate

    sys.exit(serve_gate(front_of(ctx).settings, port, ready_fd))


def recorder(ctx: typer.Context, ready_fd: ReadyFd = None) -> None:
    """The recorder alone: moves the journal into the database."""
    from schoolgate.serving import serve_recorder

    sys.exit(serve_recorder(front_of(ctx).settings, ready_fd))


def api(ctx: typer.Context, port: Port = None, ready_fd: ReadyFd = None) -> None:
    """The API and the console alone; publishes what is in force to the gates."""
    from schoolgate.serving import serve_api

    sys.exit(serve_api(front_of(ctx).settings, port, ready_fd))

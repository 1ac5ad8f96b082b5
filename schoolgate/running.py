"""`schoolgate run`: made ready if need be, then three processes under one supervisor."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from schoolgate.founding import FIRST, SECOND, Founder, found_school, tell_next_steps
from schoolgate.log import configure_logging
from schoolgate.settings import Settings
from schoolgate.supervisor import Service, StartError, Supervisor, cannot_listen
from schoolgate.telling import Failed, tell

GATE_DRAIN = 12.0  # the gate itself lets open requests finish for ten seconds


def run_school(settings: Settings) -> int:
    """Until Ctrl-C or SIGTERM. Raises Failed."""
    configure_logging("supervisor", settings.log_level)
    _require_ports(settings)
    prepare(settings, (FIRST, SECOND))

    def on_ready(ports: Mapping[str, int]) -> None:
        _banner(settings, ports)
        tell_next_steps(settings)

    try:
        return Supervisor(services(settings), child_environ(os.environ)).run(on_ready)
    except StartError as error:
        raise Failed(f"Schoolgate could not start. {error}") from error


def prepare(settings: Settings, two: tuple[Founder, Founder]) -> bool:
    """State folder, database, keys, lists, CA, and the first two people. True: founded just now."""
    from schoolgate.school_ca import ensure_school_ca
    from schoolgate.wiring import is_founded, open_desk, utc_now

    desk = open_desk(settings)
    ensure_school_ca(settings.state, utc_now())
    try:
        if is_founded(desk.engine):
            return False
        found_school(settings, desk, two, utc_now())
    finally:
        desk.engine.dispose()
    tell(f"This school has been founded in {settings.state}.")
    tell_next_steps(settings)
    return True


def child_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Children find this very program, wherever they are started."""
    return {**environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}


def services(settings: Settings) -> list[Service]:
    """In the order of leaving: who answers, who records what was answered, who shows it."""
    program = (sys.executable, "-P", "-m", "schoolgate", "--config", str(settings.config))
    return [
        Service("gate", (*program, "proxy"), settings.proxy_port, GATE_DRAIN),
        Service("recorder", (*program, "recorder")),
        Service("api", (*program, "api"), settings.api_port),
    ]


def _require_ports(settings: Settings) -> None:
    wanted = {
        "proxy_port": (settings.proxy_host, settings.proxy_port),
        "api_port": (settings.api_host, settings.api_port),
    }
    faults = [
        f"{host} port {port} cannot be listened on: {why}. "
        f"Another one: {key} in {settings.config / 'school.yaml'}, or SCHOOLGATE_{key.upper()}"
        for key, (host, port) in wanted.items()
        if (why := cannot_listen(host, port))
    ]
    if faults:
        raise Failed(*faults)


def _banner(settings: Settings, ports: Mapping[str, int]) -> None:
    from schoolgate.school_ca import FOLDER, PUBLIC

    console = (
        settings.console if settings.console_url else settings.api.rsplit(":", 1)[0] + f":{ports['api']}"
    )
    tell("Schoolgate is running.")
    tell(f"  proxy    {settings.proxy_host} port {ports['gate']}")
    tell(f"  console  {console}")
    tell(f"  CA       {settings.state / FOLDER / PUBLIC} (every device must trust it)")
    tell("Ctrl-C drains and ends it.")

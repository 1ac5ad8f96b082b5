"""`schoolgate run`: made ready if need be, then three processes under one supervisor."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from schoolgate import watching
from schoolgate.founding import FIRST, SECOND, Founder, found_school, tell_next_steps
from schoolgate.log import configure_logging
from schoolgate.settings import PREFIX, Settings
from schoolgate.supervisor import Service, StartError, Supervisor, reserve, why_not
from schoolgate.telling import Failed, tell

GATE_DRAIN = 12.0  # the gate itself lets open requests finish for ten seconds


def run_school(settings: Settings) -> int:
    """Until Ctrl-C or SIGTERM. Raises Failed."""
    configure_logging("supervisor", settings.log_level)
    held = _reserve_ports(settings)
    settings = replace(settings, **{key: holder.getsockname()[1] for key, holder in held.items()})

    def make_ready() -> None:
        prepare(settings, (FIRST, SECOND))

    def on_ready(_ports: Mapping[str, int]) -> None:
        _tell_faults(settings)
        _banner(settings)
        tell_next_steps(settings)

    try:
        return Supervisor(services(settings), _environ(settings)).run(make_ready, on_ready)
    except StartError as error:
        raise Failed(f"Schoolgate could not start. {error}") from error
    finally:
        for holder in held.values():
            holder.close()


def _tell_faults(settings: Settings) -> None:
    """What runs in spite of it, and should not stay so."""
    from schoolgate.doctor import at_start

    wrong = [finding.check for finding in at_start(settings) if not finding.fit]
    if wrong:
        tell(f"Something is wrong here ({', '.join(wrong)}): schoolgate doctor explains it.")


def prepare(settings: Settings, two: tuple[Founder, Founder]) -> bool:
    """State folder, database, keys, lists, CA, and the first two people. True: founded just now."""
    from schoolgate.console_tls import ensure_console_tls
    from schoolgate.school_ca import ensure_school_ca
    from schoolgate.wiring import is_founded, open_desk, utc_now

    desk = open_desk(settings)
    ensure_school_ca(settings.state, utc_now())
    ensure_console_tls(settings, utc_now())
    try:
        if is_founded(desk.engine):
            return False
        found_school(settings, desk, two, utc_now())
    finally:
        desk.engine.dispose()
    tell(f"This school has been founded in {settings.state}.")
    return True


def child_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Children find this very program, wherever they are started."""
    return {**environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}


def _environ(settings: Settings) -> dict[str, str]:
    """The ports as they were found: each child knows those of the others, and so what is our own."""
    ports = {PREFIX + "PROXY_PORT": settings.proxy_port, PREFIX + "API_PORT": settings.api_port}
    environ = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in ports}
    return {**child_environ(environ), **{name: str(port) for name, port in ports.items()}}


def services(settings: Settings) -> list[Service]:
    """In the order of leaving: who answers, who records what was answered, who shows it."""
    program = (sys.executable, "-P", "-m", "schoolgate", "--config", str(settings.config))
    return [
        Service(
            "gate",
            (*program, "proxy"),
            settings.proxy_port,
            GATE_DRAIN,
            partial(watching.gate_fault, settings.state),
        ),
        Service("recorder", (*program, "recorder")),
        Service("api", (*program, "api"), settings.api_port),
    ]


def _reserve_ports(settings: Settings) -> dict[str, socket.socket]:
    """Held until the end: 0 becomes a number here. Raises Failed, naming each port that is not to be had."""
    wanted = {
        "proxy_port": (settings.proxy_host, settings.proxy_port),
        "api_port": (settings.api_host, settings.api_port),
    }
    held: dict[str, socket.socket] = {}
    faults: list[str] = []
    for key, (host, port) in wanted.items():
        try:
            held[key] = reserve(host, port)
        except OSError as error:
            faults.append(f"{host} port {port} cannot be listened on: {why_not(error)}. Another one: ")
            faults[-1] += f"{key} in {settings.config / 'school.yaml'}, or {PREFIX}{key.upper()}"
    if faults:
        for holder in held.values():
            holder.close()
        raise Failed(*faults)
    return held


def _banner(settings: Settings) -> None:
    from schoolgate.school_ca import FOLDER, PUBLIC

    tell("Schoolgate is running.")
    tell(f"  proxy    {settings.proxy_host} port {settings.proxy_port}")
    tell(f"  console  {settings.console}")
    tell(f"  CA       {settings.state / FOLDER / PUBLIC} (every device must trust it)")
    tell("Ctrl-C drains and ends it.")

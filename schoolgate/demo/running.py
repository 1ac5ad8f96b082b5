"""`schoolgate demo`: a whole school on loopback, founded in a moment, with sites of its own to visit."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from schoolgate import watching
from schoolgate.demo.setting import SPEC, remembered, world_id, write_config
from schoolgate.demo.world import WorldError, example_world, load_world
from schoolgate.log import configure_logging
from schoolgate.running import GATE_DRAIN, child_environ
from schoolgate.settings import PREFIX, Settings
from schoolgate.supervisor import Service, StartError, Supervisor, reserve, why_not
from schoolgate.telling import Failed, put_json, tell

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Bound by us for as long as we run: the children listen there, and nobody else can."""

    proxy: socket.socket
    api: socket.socket

    @property
    def numbers(self) -> tuple[int, int]:
        return self.proxy.getsockname()[1], self.api.getsockname()[1]

    def close(self) -> None:
        self.proxy.close()
        self.api.close()


def run_demo(state: Path, proxy_port: int, api_port: int, world_file: Path | None, *, as_json: bool) -> int:
    """Until Ctrl-C or SIGTERM. Raises Failed."""
    configure_logging("demo", "warning")
    try:
        world = load_world(world_file) if world_file else example_world()
    except WorldError as error:
        raise Failed("This world cannot be used:", *error.faults) from error
    of_world = world_id(world_file)
    before = remembered(state, of_world)
    ports = Ports(_held(proxy_port, "--proxy-port"), _held(api_port, "--api-port"))
    settings = write_config(state, world.categories, ports.numbers)
    told: dict[str, Any] = {}

    def prepare() -> None:
        """Imports half of the house: the children load meanwhile."""
        from schoolgate.demo.school import ready_school

        told.update(_addresses(ports), ca=str(state / "ca" / "school-ca.pem"))
        told.update(ready_school(settings, world, of_world, before))

    def on_ready(_ports: Mapping[str, int]) -> None:
        if as_json:
            put_json(told)
        else:
            _welcome(told)

    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    try:
        return Supervisor(_services(settings, *ports.numbers), child_environ(environ)).run(prepare, on_ready)
    except StartError as error:
        raise Failed(f"The demo could not start. {error}") from error
    finally:
        ports.close()


def _held(port: int, option: str) -> socket.socket:
    try:
        return reserve(LOOPBACK, port)
    except OSError as error:
        why = f"{LOOPBACK} port {port} cannot be listened on: {why_not(error)}"
        raise Failed(f"{why}. Another one: {option}") from error


def _addresses(ports: Ports) -> dict[str, str]:
    proxy, api = ports.numbers
    return {"proxy": f"http://{LOOPBACK}:{proxy}", "api": f"http://{LOOPBACK}:{api}"}


def _services(settings: Settings, proxy_port: int, api_port: int) -> list[Service]:
    python = (sys.executable, "-P", "-m")
    program = (*python, "schoolgate", "--config", str(settings.config))
    gate_fault = partial(watching.gate_fault, settings.state)
    gate = ("schoolgate.demo.gate", "--config", str(settings.config), "--spec", str(settings.state / SPEC))
    return [
        Service("gate", (*python, *gate), proxy_port, GATE_DRAIN, gate_fault),
        Service("recorder", (*program, "recorder")),
        Service("api", (*program, "api"), api_port),
    ]


def _welcome(told: Mapping[str, Any]) -> None:
    """For a newcomer: where to look, and as whom."""
    tell("This is a demo: its passwords are public, and it answers on this machine alone.")
    tell(f"  proxy    {told['proxy']}")
    tell(f"  console  {told['api']}")
    tell(f"  CA       {told['ca']}")
    tell("")
    tell(f"  {'name':<9}{'role':<12}{'groups, classes':<20}{'browsing password':<20}console password")
    for name, person in told["people"].items():
        where = ", ".join([*person["filter_groups"], *person["classes"]])
        words = f"{person['password'] or '-':<20}{person['console_password'] or '-'}"
        tell(f"  {name:<9}{person['role']:<12}{where:<20}{words}")
    tell("")
    tell(f"  sites    {', '.join(told['sites'])}")
    tell("")
    tell("Ctrl-C ends it. The data stays; start it again and it goes on. A walk through it: docs/demo.md")

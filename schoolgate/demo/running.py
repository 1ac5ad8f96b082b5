"""`schoolgate demo`: a whole school on loopback, founded in a moment, with sites of its own to visit."""

import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from change_control.desk import Desk
from filter_lists.names import Url
from schoolgate.demo.authority import ExampleAuthority
from schoolgate.demo.founding import console_password_of
from schoolgate.demo.origins import Origin, Origins
from schoolgate.demo.school import ready_school
from schoolgate.demo.setting import Remembered, remembered, world_id, write_config
from schoolgate.demo.sites import ExampleSites, Page
from schoolgate.demo.world import World, WorldError, example_file, example_world, load_world
from schoolgate.log import configure_logging
from schoolgate.running import GATE_DRAIN, child_environ
from schoolgate.school_ca import ensure_school_ca
from schoolgate.settings import PREFIX, Settings
from schoolgate.supervisor import Service, StartError, Supervisor, reserve
from schoolgate.telling import Failed, put_json, tell
from schoolgate.wiring import open_desk, utc_now

LOOPBACK = "127.0.0.1"
SPEC = "gate.json"
UPSTREAM_CA = "upstream-ca.pem"


@dataclass(frozen=True, slots=True)
class Ports:
    """Held until the children listen there."""

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
    told_by = world_id(world_file)
    before = remembered(state, told_by)
    settings = write_config(state, world.categories)
    ports = Ports(_held(proxy_port, "--proxy-port"), _held(api_port, "--api-port"))
    authority = ExampleAuthority()
    sites = None if world.origins else _example_sites(state, authority, before)
    origins = world.origins or _origins_of(sites)
    site_ports = sites.ports if sites else (0, 0)
    desk = open_desk(settings)
    ready_school(desk, world, world_id=told_by, origins=origins, site_ports=site_ports, before=before)
    ensure_school_ca(state, utc_now())
    _write_spec(state, origins, authority, world)
    told = _told(desk, state, world, origins, ports)
    desk.engine.dispose()
    try:
        return _supervise(settings, ports, told, as_json)
    finally:
        if sites:
            sites.stop()


def _held(port: int, option: str) -> socket.socket:
    try:
        return reserve(LOOPBACK, port)
    except OSError as error:
        raise Failed(
            f"{LOOPBACK} port {port} cannot be listened on: {error.strerror}. Another: {option}"
        ) from error


def _example_sites(state: Path, authority: ExampleAuthority, before: Remembered | None) -> ExampleSites:
    raw = yaml.safe_load(example_file("sites.yaml"))
    pages = {host: Page(**page) for host, page in raw.items()}
    certificate = authority.write_site(pages, state)
    try:
        sites = ExampleSites(pages, certificate, before.site_ports if before else (0, 0))
    except OSError:  # somebody else listens there by now
        sites = ExampleSites(pages, certificate)
    sites.start()
    return sites


def _origins_of(sites: ExampleSites | None) -> Origins:
    if sites is None:
        return Origins()
    http, https = sites.ports
    ports = {80: Origin(LOOPBACK, http), 443: Origin(LOOPBACK, https)}
    return Origins(dict.fromkeys(sites.pages, ports))


def _write_spec(state: Path, origins: Origins, authority: ExampleAuthority, world: World) -> None:
    """What the gate of the demo trusts and knows besides: the world's CA and names."""
    import certifi

    trusted = [certifi.contents(), authority.certificate.decode()]
    if world.upstream_ca:
        trusted.append(world.upstream_ca.read_text(encoding="utf-8"))
    (state / UPSTREAM_CA).write_text("\n".join(trusted), encoding="utf-8")
    spec = {"origins": origins.to_json(), "upstream_ca": str(state / UPSTREAM_CA)}
    (state / SPEC).write_text(json.dumps(spec), encoding="utf-8")


def _told(desk: Desk, state: Path, world: World, origins: Origins, ports: Ports) -> dict[str, Any]:
    proxy, api = ports.numbers
    people = {
        person.username: {
            "password": person.password,
            "console_password": console_password_of(person),
            "role": str(person.role),
            "filter_groups": list(person.filter_groups),
            "classes": list(person.classes),
        }
        for person in world.people.values()
    }
    return {
        "proxy": f"http://{LOOPBACK}:{proxy}",
        "api": f"http://{LOOPBACK}:{api}",
        "ca": str(state / "ca" / "school-ca.pem"),
        "people": people,
        "sites": {host: _category(desk, host) for host in origins.by_host},
    }


def _category(desk: Desk, host: str) -> str | None:
    listings = desk.lists().lookup(Url("https", host.removeprefix("*."), 443))
    return next((listing.category for listing in listings), None)


def _supervise(settings: Settings, ports: Ports, told: Mapping[str, Any], as_json: bool) -> int:
    def on_ready(_ports: Mapping[str, int]) -> None:
        ports.close()
        if as_json:
            put_json(told)
        else:
            _welcome(told)

    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    try:
        return Supervisor(_services(settings, *ports.numbers), child_environ(environ)).run(on_ready)
    except StartError as error:
        raise Failed(f"The demo could not start. {error}") from error
    finally:
        ports.close()


def _services(settings: Settings, proxy_port: int, api_port: int) -> list[Service]:
    python = (sys.executable, "-P", "-m")
    program = (*python, "schoolgate", "--config", str(settings.config))
    gate = ("schoolgate.demo.gate", "--config", str(settings.config), "--spec", str(settings.state / SPEC))
    return [
        Service("gate", (*python, *gate), proxy_port, GATE_DRAIN),
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
    for name, person in told["people"].items():
        where = ", ".join([*person["filter_groups"], *person["classes"]])
        console = f"   console: {person['console_password']}" if person["console_password"] else ""
        tell(f"  {name:<9}{person['role']:<12}{where:<20}{person['password'] or '-':<20}{console}")
    tell("")
    first = next((n for n, p in told["people"].items() if p["role"] == "pupil" and p["password"]), None)
    if first:
        password = told["people"][first]["password"]
        for host in list(told["sites"])[-1:]:
            tell(f"  curl -x {told['proxy']} -U '{first}:{password}' --cacert {told['ca']} https://{host}/")
    tell("Ctrl-C ends it. The data stays; start it again and it goes on.")

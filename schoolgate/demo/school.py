"""The demo's school: made at the first start, met again at the next; and all that its gate must know."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import certifi
import yaml

from audit_log.db import reading
from audit_log.recorder import Recorder
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.in_force import parsed, policy_in_force
from change_control.proposals import approve, propose_policy
from change_control.publish import publish
from filter_lists.names import Url
from filter_policy.model import Policy
from filter_policy.parse import PolicyError, parse_policy
from schoolgate.demo.authority import ExampleAuthority
from schoolgate.demo.founding import School, console_password_of, found_world
from schoolgate.demo.origins import Origin, Origins
from schoolgate.demo.past_changes import Week, write_past_changes
from schoolgate.demo.past_requests import write_past_requests
from schoolgate.demo.policy_text import asked_ports, policy_of
from schoolgate.demo.setting import SPEC, UPSTREAM_CA, Remembered, remember
from schoolgate.demo.sites import ExampleSites, Page
from schoolgate.demo.world import World, example_file
from schoolgate.school_ca import ensure_school_ca
from schoolgate.settings import Settings
from schoolgate.telling import Failed
from schoolgate.wiring import open_desk, utc_now

EXAMPLE_BEGAN = timedelta(days=8)  # before the week that its log shows
WORLD_BEGAN = timedelta(hours=3)
LOOPBACK = "127.0.0.1"
NO_SITES = (0, 0)


def ready_school(
    settings: Settings, world: World, world_id: str, before: Remembered | None
) -> dict[str, Any]:
    """Founded, published, its sites served. Returns its people and sites. Raises Failed with every fault."""
    authority = ExampleAuthority()
    sites = None if world.origins else _example_sites(settings.state, authority, before)
    origins = world.origins or _origins_of(sites)
    desk = open_desk(settings)
    try:
        school = _school(desk, settings.policy, world, origins, before)
    except ChangeError as error:
        faults = [f"  {field}: {why}" for field, why in error.fields.items()]
        raise Failed(f"This world cannot be founded: {error.says}", *faults) from error
    ensure_school_ca(settings.state, utc_now())
    publish(desk)
    remember(settings.state, Remembered(world_id, school.founders, sites.ports if sites else NO_SITES))
    _write_spec(settings.state, origins, authority, world)
    told = {"people": _people(world), "sites": {host: _category(desk, host) for host in origins.by_host}}
    desk.engine.dispose()
    return told


def _school(desk: Desk, file: Path, world: World, origins: Origins, before: Remembered | None) -> School:
    now = utc_now()
    text = policy_of(world, _today(now), sorted(origins.endpoints(asked_ports(world))))
    file.write_text(text, encoding="utf-8")  # where the faults are, if there are any
    _check(text, file)
    if before is not None:
        school = School(desk, before.founders)
        _follow(school, text, now)
    elif world.is_example:
        school = _example_school(desk, world, text, now)
    else:
        school = found_world(desk, world, text, now - WORLD_BEGAN)
    with reading(desk.engine) as conn:
        file.write_text(policy_in_force(conn)[0], encoding="utf-8")
    return school


def _example_school(desk: Desk, world: World, text: str, now: datetime) -> School:
    week = Week.before(now, parsed(text).timetable.zone)
    began = (now - EXAMPLE_BEGAN).astimezone(week.zone).date()
    began -= timedelta(days=max(0, began.weekday() - 4))  # not at a weekend
    school = found_world(desk, world, text, week.on(began, 9))
    past = write_past_changes(school, week)
    write_past_requests(past)
    recorder = Recorder(desk.engine, desk.state / "journal")
    while recorder.run_once():
        pass
    return school


def _follow(school: School, text: str, now: datetime) -> None:
    """The example sites have moved, or the term is over: agreed on by the founders, like any change."""
    with reading(school.desk.engine) as conn:
        in_force = policy_in_force(conn)[0]
    wanted, is_so = parsed(text), parsed(in_force)
    term_is_over = _in_term(wanted, now) and not _in_term(is_so, now)
    if set(wanted.egress_allow) <= set(is_so.egress_allow) and not term_is_over:
        return
    one, two = (school.actor(username) for username in school.founders)
    why = "The demo was started again: its sites have moved, or its term was over"
    asked = propose_policy(school.desk, one, text, why, now)
    approve(school.desk, two, asked.id, "the demo agrees with itself, as no school could", now)


def _in_term(policy: Policy, now: datetime) -> bool:
    today = _today(now, policy.timetable.zone)
    return any(first <= today <= last for first, last in policy.timetable.terms)


def _today(now: datetime, zone: ZoneInfo | None = None) -> date:
    return now.astimezone(zone or ZoneInfo("Europe/London")).date()


def _check(text: str, file: Path) -> None:
    try:
        parse_policy(text, file=str(file))
    except PolicyError as error:
        raise Failed("The policy of this world cannot be used:", *error.faults) from error


def _example_sites(state: Path, authority: ExampleAuthority, before: Remembered | None) -> ExampleSites:
    """Where they were, as the policy has it; elsewhere if somebody listens there by now."""
    pages = {host: Page(**page) for host, page in yaml.safe_load(example_file("sites.yaml")).items()}
    certificate = authority.write_site(pages, state)
    try:
        sites = ExampleSites(pages, certificate, before.site_ports if before else NO_SITES)
    except OSError:
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
    trusted = [certifi.contents(), authority.certificate.decode()]
    if world.upstream_ca:
        trusted.append(world.upstream_ca.read_text(encoding="utf-8"))
    (state / UPSTREAM_CA).write_text("\n".join(trusted), encoding="utf-8")
    spec = {"origins": origins.to_json(), "upstream_ca": str(state / UPSTREAM_CA)}
    (state / SPEC).write_text(json.dumps(spec), encoding="utf-8")


def _people(world: World) -> dict[str, Any]:
    return {
        name: {
            "password": person.password,
            "console_password": console_password_of(person),
            "role": str(person.role),
            "filter_groups": list(person.filter_groups),
            "classes": list(person.classes),
        }
        for name, person in world.people.items()
    }


def _category(desk: Desk, host: str) -> str | None:
    listings = desk.lists().lookup(Url("https", host.removeprefix("*."), 443))
    return next((listing.category for listing in listings), None)

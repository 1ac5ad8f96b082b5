"""The demo's school: made at the first start, met again at the next."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from audit_log.db import reading
from audit_log.recorder import Recorder
from change_control.desk import Desk
from change_control.errors import ChangeError
from change_control.in_force import parsed, policy_in_force
from change_control.proposals import approve, propose_policy
from change_control.publish import publish
from filter_policy.parse import PolicyError, parse_policy
from schoolgate.demo.founding import School, found_world
from schoolgate.demo.origins import Origins
from schoolgate.demo.past_changes import Week, write_past_changes
from schoolgate.demo.past_requests import write_past_requests
from schoolgate.demo.policy_text import asked_ports, policy_of
from schoolgate.demo.setting import Remembered, remember
from schoolgate.demo.world import World
from schoolgate.telling import Failed
from schoolgate.wiring import utc_now

EXAMPLE_BEGAN = timedelta(days=8)  # before the week that its log shows


def ready_school(
    desk: Desk,
    world: World,
    *,
    world_id: str,
    origins: Origins,
    site_ports: tuple[int, int],
    before: Remembered | None,
) -> None:
    """Raises Failed with every fault of the world's policy, or of a person it does not bear."""
    now = utc_now()
    text = policy_of(world, _today(now), sorted(origins.endpoints(asked_ports(world))))
    file = desk.state / "config" / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    _check(text, str(file))
    try:
        if before is None:
            school = _found(desk, world, text, now, with_history=world_id == "example")
        else:
            school = School(desk, before.founders)
            _follow(school, text, now)
    except ChangeError as error:
        faults = [f"  {field}: {why}" for field, why in error.fields.items()]
        raise Failed(f"This world cannot be founded: {error.says}", *faults) from error
    with reading(desk.engine) as conn:
        file.write_text(policy_in_force(conn)[0], encoding="utf-8")
    remember(desk.state, Remembered(world_id, school.founders, site_ports))
    publish(desk)


def _found(desk: Desk, world: World, text: str, now: datetime, *, with_history: bool) -> School:
    if not with_history:
        return found_world(desk, world, text, now - timedelta(hours=3))
    school = found_world(desk, world, text, now - EXAMPLE_BEGAN)
    past = write_past_changes(school, Week.before(now, parsed(text).timetable.zone))
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
    today = _today(now, is_so.timetable.zone)
    in_term = (
        any(first <= today <= last for first, last in is_so.timetable.terms) or not wanted.timetable.terms
    )
    if set(wanted.egress_allow) <= set(is_so.egress_allow) and in_term:
        return
    one, two = (school.actor(username) for username in school.founders)
    why = "The demo was started again: its sites have moved, or its term was over"
    asked = propose_policy(school.desk, one, text, why, now)
    approve(school.desk, two, asked.id, "the demo agrees with itself, as no school could", now)


def _today(now: datetime, zone: ZoneInfo | None = None) -> date:
    return now.astimezone(zone or ZoneInfo("Europe/London")).date()


def _check(text: str, file: str) -> None:
    try:
        parse_policy(text, file=file)
    except PolicyError as error:
        raise Failed("The policy of this world cannot be used:", *error.faults) from error

"""What somebody should look at now stands on the first page of those who read everything about changes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audit_api.alarms import Alarm, alarms, disk_alarms
from audit_api.checkpoint_delivery import Delivering
from audit_api.mail import Ways
from audit_api.reader import find_reader
from audit_api.window import Visit
from audit_log.db import writing
from audit_log.people import change_person
from change_control.incidents import Told, report
from tests.audit_api.school import FOUNDED, School
from tests.builders import NOON

OVERSEE = ("gail", "hedy", "cora", "terry")


def visit(school: School, username: str) -> Visit:
    now = school.clock.now
    reader = find_reader(school.desk, school.token(username)[0], now)
    assert reader is not None
    return Visit(school.app.state.window, reader, now)


def told(school: School, username: str = "gail") -> list[str]:
    return [each.says for each in alarms(visit(school, username))]


def test_where_all_is_well_there_is_none(school: School) -> None:
    assert told(school) == []


def test_a_gate_that_does_not_answer_is_one(school: School) -> None:
    school.app.state.window.probe_gate = lambda: "no answer from 127.0.0.1 port 8080 (TimeoutError)"

    (alarm,) = alarms(visit(school, "gail"))
    assert alarm.tone == "bad"
    assert alarm.says.startswith("The gate does not answer as it should: no answer from 127.0.0.1 port 8080")
    assert "The gate does not answer as it should" in school.browser("cora")[0].get("/").text

    school.app.state.window.probe_gate = lambda: ""
    assert told(school) == []


def test_a_way_by_which_nothing_ever_arrived_is_one(school: School, tmp_path: Path) -> None:
    school.app.state.window.ways = Ways(folder=tmp_path / "share")
    Delivering(school.app.state.window).look(NOON)

    (alarm,) = alarms(visit(school, "gail"))
    says = (
        "No checkpoint of the change log has left this server to its folder yet"
        " (the folder for checkpoints cannot be used: No such file or directory)."
    )
    assert alarm == Alarm("bad", says, "/changes", "The change log")


def test_a_delivery_of_more_than_26_hours_ago_is_one(school: School) -> None:
    school.app.state.window.ways = Ways(folder=school.desk.state / "checkpoints")
    Delivering(school.app.state.window).look(NOON)
    assert told(school) == []

    school.clock.forward(hours=26.1)
    (said,) = told(school)
    assert said == (
        "No checkpoint of the change log has left this server to its folder since Tue 24 Nov 2026, 12:00."
    )


@pytest.mark.parametrize("username", [*OVERSEE, "tess"])
def test_only_those_who_read_everything_about_changes_are_told(
    school: School, tmp_path: Path, username: str
) -> None:
    school.clock.now = FOUNDED + timedelta(days=92)
    (tmp_path / "policy.yaml").write_text("other")
    school.app.state.window.desk = replace(school.desk, policy_file=tmp_path / "policy.yaml")

    found = visit(school, username)
    assert bool(alarms(found)) == bool(disk_alarms(found)) == (username in OVERSEE)


def test_how_many_incidents_nobody_can_read_is_told_to_governors_as_a_number(school: School) -> None:
    """And to no headteacher whom it is about."""
    hedy, cora = (school.person(each).id for each in ("hedy", "cora"))
    report(school.desk, Told("rule", "staff-personal-channels", hedy), NOON)
    assert told(school) == []
    with writing(school.desk.engine) as conn:
        change_person(conn, cora, suspended_from=NOON)
    (says,) = told(school)
    assert says.startswith("One open incident can be read by no coordinator and no headteacher.")
    assert told(school, "hedy") == told(school, "terry") == []

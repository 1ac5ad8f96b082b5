"""Where nothing newly agreed on reaches a gate, everybody who should know is told."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from audit_api.alarms import alarms
from audit_api.reader import find_reader
from audit_api.window import Visit
from audit_log.db import writing
from audit_log.tables import change_log
from change_control.publish import publish
from tests.audit_api.school import School, an_ask
from tests.builders import NOON


@pytest.fixture
def unproven(school: School) -> School:
    """One sealed line of an account is no longer what was signed."""
    publish(school.desk)
    with writing(school.desk.engine) as conn:
        conn.exec_driver_sql("DROP TRIGGER change_log_no_update")
        conn.execute(update(change_log).where(change_log.c.seq == 1).values(entry=change_log.c.entry + " "))
    school.clock.now = NOON + timedelta(minutes=5)
    asked = school.as_("tess").post("/api/v1/unblocks", json=an_ask()).json()["id"]
    with capture_logs():
        school.as_("cora").post(f"/api/v1/unblocks/{asked}/approve", json={})
    return school


def test_it_is_not_ready_and_says_since_when(unproven: School) -> None:
    answer = unproven.nobody().get("/readyz")

    assert answer.status_code == 503
    (bundle,) = (each for each in answer.json()["checks"] if each["name"] == "bundle")
    assert bundle["says"].startswith("what was changed since entry ")
    assert "reaches no gate: " in bundle["says"]


def test_it_is_a_figure(school: School, unproven: School) -> None:
    told = unproven.as_("terry").get("/metrics").text

    assert "schoolgate_bundle_unproven 1" in told.splitlines()


def test_it_is_the_first_alarm_of_those_who_read_everything(unproven: School) -> None:
    reader = find_reader(unproven.desk, unproven.token("gail")[0], unproven.clock.now)
    assert reader is not None

    first = alarms(Visit(unproven.app.state.window, reader, unproven.clock.now))[0]

    assert first.tone == "bad"
    assert "reaches no gate" in first.says
    assert "a policy or lists that only shut wait too" in first.says


def test_what_was_agreed_on_since_says_that_it_is_not_in_force_yet(unproven: School) -> None:
    (view,) = unproven.as_("cora").get("/api/v1/unblocks?state=approved").json()["rows"]
    told = unproven.as_("cora").get(f"/api/v1/unblocks/{view['id']}").json()
    page = unproven.browser("cora")[0].get(f"/unblocks/{view['id']}?done=approved").text

    assert told["not_in_force"].startswith("agreed, and not yet in force: what was changed since entry ")
    assert "Agreed, and not yet in force: what was changed since entry " in page
    assert "Approved. It takes effect within two seconds." not in page


def test_where_all_is_proven_nothing_is_said(school: School) -> None:
    publish(school.desk)

    assert "schoolgate_bundle_unproven 0" in school.as_("terry").get("/metrics").text.splitlines()

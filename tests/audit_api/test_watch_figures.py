"""What machines are told of how the filter watches itself."""

from datetime import timedelta

import pytest

from audit_api.health import checks
from tests.audit_api.logged import store
from tests.audit_api.reported import count
from tests.audit_api.school import School
from tests.audit_api.test_canaries import a_canary
from tests.audit_api.test_watch_alarms import TEN, an_hour, usual
from tests.builders import NOON


def figures(school: School) -> dict[str, str]:
    lines = school.nobody().get("/metrics").text.splitlines()
    ours = ("schoolgate_canaries", "schoolgate_block_share", "schoolgate_gate")
    return dict(line.split(" ") for line in lines if line.startswith(ours))


def test_the_canaries_and_the_blocks_are_figures(school: School) -> None:
    store(school.desk.engine, [a_canary("staff", "gambling"), a_canary("staff", None, 9, outcome="failed")])
    usual(school, (1, 2, 3))
    an_hour(school, TEN, 1000, 20)
    assert figures(school) == {
        "schoolgate_canaries_asked": "2",
        "schoolgate_canaries_failed": "1",
        "schoolgate_canaries_late": "0",
        "schoolgate_canaries_age_seconds": "540",
        "schoolgate_block_share_fallen_hours": "1",
    }


def test_that_none_runs_is_a_figure(school: School) -> None:
    count(school, 10, at=NOON - timedelta(days=1))
    assert figures(school)["schoolgate_canaries_late"] == "1"
    assert "schoolgate_canaries_age_seconds" not in figures(school)


@pytest.mark.parametrize(("gate", "ready"), [(None, None), ("", True), ("something else answered", False)])
def test_the_gate_is_asked_where_it_can_be(school: School, gate: str | None, ready: bool | None) -> None:
    school.app.state.window.probe_gate = lambda: gate
    found = {each.name: each for each in checks(school.app.state.window)}
    assert ("gate" in found) == (gate is not None)
    if ready is not None:
        assert found["gate"].works is ready
        assert found["gate"].says == (gate or "works")
    assert figures(school).get("schoolgate_gate_unwell") == (None if gate is None else str(int(bool(gate))))

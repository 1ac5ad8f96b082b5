"""For machines that watch: is it able to do its work, and a few figures, nothing personal."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from audit_log.db import writing
from audit_log.tables import journal_aside
from tests.audit_api.school import School, an_ask
from tests.builders import NOON


def beat(state: Path, **changes: Any) -> None:
    """As the recorder does."""
    said = {"at": NOON.isoformat(), "sql": "ok", "behind_bytes": 0, "damaged_bytes": 0} | changes
    (state / "journal").mkdir(exist_ok=True)
    (state / "journal" / "recorder.json").write_text(json.dumps(said))


def faults(school: School) -> set[str]:
    answer = school.nobody().get("/readyz")
    told = answer.json()
    assert answer.status_code == (200 if told["ready"] else 503)
    return {check["name"] for check in told["checks"] if not check["works"]}


def test_it_answers_that_it_answers(school: School) -> None:
    assert school.nobody().get("/healthz").json() == {"status": "ok"}


def test_it_is_ready_when_everything_works(school: School) -> None:
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())  # which publishes
    beat(school.desk.state)

    assert faults(school) == set()


@pytest.mark.parametrize(
    "said", [{"sql": "away"}, {"at": (NOON - timedelta(minutes=5)).isoformat()}, {"at": 7}]
)
def test_a_recorder_that_is_late_or_cannot_write_is_named(school: School, said: dict[str, Any]) -> None:
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    beat(school.desk.state, **said)

    assert faults(school) == {"recorder"}


def test_a_recorder_that_stopped_at_damage_is_not_ready_and_says_what_to_do(school: School) -> None:
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    place = {"segment": "gate-1-00000000000000000001.journal", "offset": 10, "resume": 25}
    beat(school.desk.state, stopped=[place, place | {"offset": 90, "resume": 99}])

    told = school.nobody().get("/readyz")

    assert told.status_code == 503
    (check,) = (each for each in told.json()["checks"] if not each["works"])
    assert check["name"] == "recorder"
    assert check["says"].startswith("waits at 2 damaged places of the journal")
    assert "schoolgate log damage" in check["says"]
    assert figures_of(school)["schoolgate_recorder_stopped_segments"] == "1"


def test_what_waits_on_disk_and_the_room_there_is_are_figures(school: School) -> None:
    beat(school.desk.state)
    (school.desk.state / "journal" / "gate-1-00000000000000000001.journal").write_bytes(bytes(321))
    with writing(school.desk.engine) as conn:
        conn.execute(insert(journal_aside).values(key="k", why="no event id", record="{}"))

    figures = figures_of(school)

    assert figures["schoolgate_journal_bytes"] == "321"
    assert figures["schoolgate_journal_aside_records"] == "1"
    assert figures["schoolgate_recorder_stopped_segments"] == "0"
    assert int(figures["schoolgate_journal_disk_free_bytes"]) > 0
    assert int(figures["schoolgate_database_bytes"]) > 0


def test_without_a_journal_there_are_no_figures_of_one(school: School) -> None:
    assert not [name for name in figures_of(school) if "recorder" in name or "disk_free" in name]


def test_a_recorder_never_seen_and_a_bundle_that_is_missing_are_named(school: School) -> None:
    (school.desk.state / "bundle" / "current").unlink()

    assert faults(school) == {"recorder", "bundle"}


def test_a_database_that_is_away_is_named(school: School) -> None:
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    school.desk.engine.dispose()
    (school.desk.state / "schoolgate.sqlite").rename(school.desk.state / "away")
    (school.desk.state / "schoolgate.sqlite").mkdir()
    beat(school.desk.state)

    assert faults(school) == {"database"}


def test_the_figures_are_as_prometheus_reads_them(school: School) -> None:
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    beat(school.desk.state, behind_bytes=17)
    figures = figures_of(school)

    assert figures['schoolgate_proposals{kind="unblock",state="requested"}'] == "1"
    assert figures["schoolgate_filtering_log_rows"] == "0"
    assert figures["schoolgate_recorder_behind_bytes"] == "17"
    revision = school.app.state.window.bundle().revision
    assert figures[f'schoolgate_policy_info{{revision="{revision}"}}'] == "1"


def figures_of(school: School) -> dict[str, str]:
    lines = school.nobody().get("/metrics").text.splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

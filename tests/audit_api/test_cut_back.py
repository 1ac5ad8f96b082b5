"""The attack through the window: an older database in place of the one that is, and the api started anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from audit_api.alarms import alarms
from audit_api.reader import find_reader
from audit_api.upkeep import look_once
from audit_api.window import Visit
from audit_log.db import writing
from audit_log.offline.verify_changes import check
from change_control.publish import publish
from change_control.restoring import restore
from tests.audit_api.factored import shown, signs_in, telephone_of
from tests.audit_api.school import School, an_ask, console_password, problem_of
from tests.change_control.put_back import anew, cut_back, older, put_back, without_guards

NEW = "nine-quiet-ponds-here"


def restarted(school: School) -> School:
    return School(anew(school.desk), clock=school.clock)


def program(school: School, answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return school.nobody(headers={"Authorization": f"Bearer {answer.json()['token']}"})


@pytest.fixture
def backup(school: School, tmp_path: Path) -> Path:
    """Before anybody had a telephone; with something to approve."""
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    publish(school.desk)
    return older(school.desk, tmp_path / "backup")


def whole_file(school: School, backup: Path) -> None:
    put_back(school.desk, backup)


def lines_alone(school: School, _backup: Path) -> None:
    with writing(school.desk.engine) as conn:
        set_at = conn.scalar(text("SELECT min(seq) FROM change_log WHERE entry LIKE '%second-factor:set%'"))
        without = conn.scalar(text("SELECT count(*) FROM second_factor"))
    assert without
    cut_back(school.desk.engine, set_at - 1)
    with writing(school.desk.engine) as conn:
        conn.execute(text("DELETE FROM second_factor"))


@pytest.mark.parametrize("attack", [whole_file, lines_alone])
def test_cut_back_before_the_second_factor_the_password_alone_opens_nothing(
    school: School, backup: Path, attack: Callable[[School, Path], None]
) -> None:
    secret = telephone_of(school, "hedy")
    assert signs_in(school, "hedy").status_code == 401
    attack(school, backup)
    again = restarted(school)

    with capture_logs():
        problem_of(signs_in(again, "hedy"), 401, "code-needed")
        problem_of(signs_in(again, "hedy", code=shown(again, secret)), 401, "wrong-code")


def test_an_old_password_does_not_come_back_with_an_old_database(school: School, backup: Path) -> None:
    body = {"which": "console", "old": console_password("hedy"), "new": NEW}
    assert school.as_("hedy").post("/api/v1/password", json=body).status_code in {200, 204}
    put_back(school.desk, backup)
    again = restarted(school)

    with capture_logs():
        problem_of(signs_in(again, "hedy"), 401, "wrong-credentials")
        problem_of(signs_in(again, "hedy", password=NEW), 401, "wrong-credentials")


def test_a_damaged_first_line_is_no_way_past_the_code_even_to_look(school: School) -> None:
    secret = telephone_of(school, "hedy")
    without_guards(school.desk.engine)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE change_log SET leaf = x'00' WHERE seq = 1"))
        kept = dict(conn.execute(text("SELECT * FROM second_factor")).mappings().one())
        conn.execute(text("DELETE FROM second_factor"))
    again = restarted(school)

    with capture_logs():
        problem_of(signs_in(again, "hedy"), 401, "code-needed")
    with writing(school.desk.engine) as conn:
        columns, values = ", ".join(kept), ", ".join(f":{name}" for name in kept)
        conn.execute(text(f"INSERT INTO second_factor ({columns}) VALUES ({values})"), kept)  # noqa: S608  # of that row
    with capture_logs():
        assert signs_in(again, "hedy", code=shown(again, secret)).status_code == 200


@pytest.fixture
def cut(school: School, backup: Path) -> School:
    telephone_of(school, "hedy")
    put_back(school.desk, backup)
    again = restarted(school)
    with capture_logs():
        look_once(again.desk, again.clock.now)
    return again


def test_who_has_no_less_than_before_looks_and_tightens_and_opens_nothing(cut: School) -> None:
    with capture_logs():
        cora = program(cut, signs_in(cut, "cora"))
        (asked,) = cora.get("/api/v1/unblocks?state=requested").json()["rows"]
        refused = cora.post(f"/api/v1/unblocks/{asked['id']}/approve", json={})
        declined = cora.post(f"/api/v1/unblocks/{asked['id']}/decline", json={"reason": "not now"})

    problem_of(refused, 422, "refused")
    assert declined.status_code in {200, 204}, declined.text


def test_a_session_of_before_opens_nothing_either(cut: School) -> None:
    cora = cut.as_("cora")
    (asked,) = cora.get("/api/v1/unblocks?state=requested").json()["rows"]

    with capture_logs():
        body = problem_of(cora.post(f"/api/v1/unblocks/{asked['id']}/approve", json={}), 422, "refused")

    assert "not the one that this server has seen" in body["detail"]


def test_everybody_who_should_know_is_told(cut: School) -> None:
    ready = cut.nobody().get("/readyz")
    figures = cut.as_("terry").get("/metrics").text.splitlines()
    reader = find_reader(cut.desk, cut.token("gail")[0], cut.clock.now)
    assert reader is not None
    first = alarms(Visit(cut.app.state.window, reader, cut.clock.now))[0]
    verified = cut.as_("gail").get("/api/v1/changes/verify").json()

    assert ready.status_code == 503
    (bundle,) = (each for each in ready.json()["checks"] if each["name"] == "bundle")
    assert "which this server has seen" in bundle["says"]
    assert {"schoolgate_bundle_unproven 1", "schoolgate_change_log_below_floor 1"} <= set(figures)
    assert first.tone == "bad"
    assert "which this server has seen" in first.says
    assert not verified["whole"]
    assert "which this server has seen" in verified["says"]


def test_nothing_is_written_by_itself_that_nobody_can_sign(cut: School) -> None:
    events = cut.events()
    cut.clock.forward(days=3)  # what waits would lapse

    with capture_logs():
        look_once(cut.desk, cut.clock.now)

    assert cut.events() == events


def test_where_all_is_as_it_was_seen_nothing_is_said(school: School, backup: Path) -> None:
    put_back(school.desk, backup)  # nothing has come after it
    again = restarted(school)
    publish(again.desk)

    assert "schoolgate_change_log_below_floor 0" in again.as_("terry").get("/metrics").text.splitlines()
    assert again.as_("gail").get("/api/v1/changes/verify").json()["whole"]


def test_after_the_server_went_on_with_it_the_log_is_whole_here_and_at_home(cut: School) -> None:
    restore(cut.desk, (), "the disk broke", cut.clock.now)
    gail = cut.as_("gail")

    verified = gail.get("/api/v1/changes/verify").json()
    taken = gail.get("/api/v1/changes/export").content.splitlines(keepends=True)
    told = gail.get("/api/v1/changes").json()["rows"][0]

    assert verified["whole"], verified["says"]
    assert check(taken)["status"] == 0
    assert told["says"].startswith("An older database was put back: the server had seen ")
    assert cut.nobody().get("/readyz").json()["checks"][1]["works"]
    problem_of(signs_in(cut, "hedy"), 401, "wrong-credentials")  # who had a telephone
    assert signs_in(cut, "cora").status_code == 200

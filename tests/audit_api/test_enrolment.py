"""A code works once, to choose a password; until both have one, nothing is opened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_log.db import migrate
from change_control.setup import found
from tests.audit_api.school import FOUNDED, FOUNDERS, School, an_ask, fields_of, open_desk, problem_of
from tests.builders import POLICY

NEW = "nine-quiet-rivers"


@pytest.fixture
def founded(tmp_path: Path) -> Iterator[tuple[School, dict[str, str]]]:
    """Two people with codes that nobody has used yet."""
    state = tmp_path / "state"
    state.mkdir()
    desk = open_desk(state)
    migrate(desk.engine)
    codes = found(desk, POLICY, *FOUNDERS, FOUNDED)
    yield School(desk), codes
    desk.engine.dispose()


def test_a_code_works_once(founded: tuple[School, dict[str, str]]) -> None:
    school, codes = founded
    body = {"code": codes["terry"].lower().replace("-", " "), "password": NEW}

    told = school.nobody().post("/api/v1/enrolment", json=body)
    assert told.json() == {"username": "terry", "name": "Terry Tyler", "role": "technician"}
    problem_of(school.nobody().post("/api/v1/enrolment", json=body), 404, "not-found")
    signed_in = school.nobody().post("/api/v1/session", json={"username": "terry", "password": NEW})
    assert signed_in.status_code == 200


def test_a_weak_password_leaves_the_code_as_it_was(founded: tuple[School, dict[str, str]]) -> None:
    school, codes = founded
    weak = school.nobody().post("/api/v1/enrolment", json={"code": codes["terry"], "password": "short"})

    assert set(fields_of(problem_of(weak, 422, "bad-input"))) == {"password"}
    good = school.nobody().post("/api/v1/enrolment", json={"code": codes["terry"], "password": NEW})
    assert good.status_code == 200


def test_before_both_have_enrolled_nothing_is_opened(founded: tuple[School, dict[str, str]]) -> None:
    school, codes = founded
    school.nobody().post("/api/v1/enrolment", json={"code": codes["terry"], "password": NEW})

    answer = school.as_("terry").post("/api/v1/unblocks", json=an_ask())
    problem_of(answer, 409, "not-established")


def test_the_page_takes_a_code_and_leads_to_signing_in(founded: tuple[School, dict[str, str]]) -> None:
    school, codes = founded
    form = {"code": codes["hedy"], "password": NEW, "again": NEW}

    assert "is not the same" in school.nobody().post("/enrol", data=form | {"again": "another"}).text
    done = school.nobody().post("/enrol", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?done=enrolled")
    assert "Your password is set" in school.nobody().get(done.headers["location"]).text

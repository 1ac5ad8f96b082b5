"""Signing in: who may with which password, for how long, and how guessing is met."""

import pytest
from sqlalchemy import select

from audit_log.db import reading, writing
from audit_log.people import change_person
from audit_log.tables import session
from change_control.tightening import suspend
from filter_policy.model import Role
from tests.audit_api.school import School, console_password, problem_of, proxy_password


def sign_in(school: School, username: str, password: str) -> int:
    body = {"username": username, "password": password}
    return int(school.nobody().post("/api/v1/session", json=body).status_code)


def test_a_token_comes_with_who_it_is_for(school: School) -> None:
    body = {"username": "Terry", "password": console_password("terry")}
    told = school.nobody().post("/api/v1/session", json=body).json()

    assert (told["username"], told["role"], told["must_change_password"]) == ("terry", "technician", False)
    assert told["ends_at"] == "2026-11-24T20:00:00Z"
    who = school.nobody().get("/api/v1/session", headers={"Authorization": f"Bearer {told['token']}"})
    assert who.json()["name"] == "Terry Tyler"


@pytest.mark.parametrize("username", ["terry", "cora", "hedy", "gail"])
def test_who_approves_or_oversees_needs_the_console_password(school: School, username: str) -> None:
    assert sign_in(school, username, proxy_password(username)) == 401
    assert sign_in(school, username, console_password(username)) == 200


def test_staff_use_their_browsing_password_until_they_have_another(school: School) -> None:
    assert sign_in(school, "tess", proxy_password("tess")) == 200
    assert sign_in(school, "sam", proxy_password("sam")) == 401
    assert sign_in(school, "sam", console_password("sam")) == 200


@pytest.mark.parametrize("username", ["anna", "gus", "colm"])
def test_pupils_guests_and_the_community_are_told_that_they_have_no_console(
    school: School, username: str
) -> None:
    body = {"username": username, "password": proxy_password(username)}
    problem_of(school.nobody().post("/api/v1/session", json=body), 403, "no-console")


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(school: School) -> None:
    def answer(username: str) -> tuple[str, str]:
        body = {"username": username, "password": "not-this-one-at-all"}
        told = school.nobody().post("/api/v1/session", json=body)
        return told.text, told.headers["content-type"]

    assert answer("terry") == answer("nobody-here") == answer("anna")


def test_the_token_is_kept_nowhere(school: School) -> None:
    token, _ = school.token("terry")
    with reading(school.desk.engine) as conn:
        kept = conn.execute(select(session)).mappings().all()

    assert kept
    assert token not in str(kept)


def test_signing_out_ends_the_token(school: School) -> None:
    client = school.as_("terry")

    assert client.delete("/api/v1/session").status_code == 204
    problem_of(client.get("/api/v1/session"), 401, "not-signed-in")


def test_who_asks_who_they_are_learns_the_time_zone_of_the_school(school: School) -> None:
    assert school.as_("terry").get("/api/v1/session").json()["zone"] == "Europe/London"


def test_a_quarter_of_an_hour_without_use_signs_out(school: School) -> None:
    client = school.as_("terry")
    school.clock.forward(minutes=14)
    assert client.get("/api/v1/session").status_code == 200
    school.clock.forward(minutes=14)
    assert client.get("/api/v1/session").status_code == 200
    school.clock.forward(minutes=16)
    assert client.get("/api/v1/session").status_code == 401


def test_eight_hours_are_the_longest_whatever_is_done(school: School) -> None:
    client = school.as_("terry")
    for _ in range(8 * 6):
        school.clock.forward(minutes=10)
        answer = client.get("/api/v1/session")

    assert answer.status_code == 401


def test_a_suspension_and_a_new_role_tell_at_once(school: School) -> None:
    client, other = school.as_("sam"), school.as_("terry")
    person = school.person("sam")
    suspend(school.desk, school.actor("cora"), person.id, None, "a reason", school.clock.now)
    with writing(school.desk.engine) as conn:
        change_person(conn, school.person("terry").id, role=Role.STAFF)

    assert client.get("/api/v1/session").status_code == 401
    assert sign_in(school, "sam", console_password("sam")) == 401
    problem_of(other.get("/api/v1/people"), 403, "wrong-role")


def test_guessing_is_slowed_and_says_for_how_long(school: School) -> None:
    for _ in range(5):
        assert sign_in(school, "terry", "wrong-wrong-wrong") == 401
    body = {"username": "terry", "password": console_password("terry")}
    slowed = school.nobody().post("/api/v1/session", json=body)

    problem_of(slowed, 429, "too-many-attempts")
    assert slowed.headers["retry-after"] == "1"
    assert sign_in(school, "hedy", console_password("hedy")) == 200
    school.clock.forward(seconds=1)
    assert sign_in(school, "terry", console_password("terry")) == 200


def test_the_spelling_of_a_name_is_no_way_round_the_delay(school: School) -> None:
    for spelling in ("terry", "TERRY", " terry ", "Terry", "tErRy"):
        assert sign_in(school, spelling, "wrong-wrong-wrong") == 401

    assert sign_in(school, "terry", "wrong-wrong-wrong") == 429


def test_a_first_password_opens_only_the_way_to_a_new_one(school: School) -> None:
    with writing(school.desk.engine) as conn:
        change_person(conn, school.person("cora").id, console_must_change=True)
    client = school.as_("cora")

    assert client.get("/api/v1/session").json()["must_change_password"] is True
    for path in ("/api/v1/unblocks", "/api/v1/people", "/api/v1/filtering-log", "/api/v1/changes"):
        problem_of(client.get(path), 403, "password-must-change")
    changed = client.post(
        "/api/v1/password", json={"old": console_password("cora"), "new": "nine-quiet-rivers"}
    )
    assert changed.status_code == 204
    assert client.get("/api/v1/unblocks").status_code == 200


def test_a_password_older_than_its_role_allows_must_be_changed(school: School) -> None:
    school.clock.forward(days=91)

    problem_of(school.as_("terry").get("/api/v1/unblocks"), 403, "password-must-change")
    problem_of(school.as_("tess").get("/api/v1/unblocks"), 403, "password-must-change")
    assert school.as_("gail").get("/api/v1/unblocks").status_code == 200

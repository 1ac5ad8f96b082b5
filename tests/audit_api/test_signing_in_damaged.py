"""Whoever damages the change log is nobody else for it; the school still looks and tightens."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, text
from structlog.testing import capture_logs

from audit_api.problems import Problem
from audit_api.reader import Reader, find_reader
from audit_api.sign_in import _begin
from audit_log.db import reading, writing
from audit_log.passwords import sealed_hash
from audit_log.sessions import find_session
from change_control.errors import ChangeError
from change_control.proposals import propose_policy
from tests.audit_api.factored import signs_in, telephone_of
from tests.audit_api.school import HASHER, School, problem_of
from tests.builders import POLICY

MINE = "terrys-own-words-here"
LOOSER = POLICY.replace("everyone: not_allowed}", "everyone: allowed}", 1)


def without_guards(conn: Connection) -> None:
    for name in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        conn.execute(text(f'DROP TRIGGER "{name}"'))


def writes(school: School, sql: str, **values: Any) -> Any:
    with writing(school.desk.engine) as conn:
        without_guards(conn)
        done = conn.execute(text(sql), values)
        return done.mappings().all() if done.returns_rows else None


def last_line(school: School) -> Any:
    return writes(school, "SELECT * FROM change_log ORDER BY seq DESC LIMIT 1")[0]


def damage(school: School) -> Any:
    last = last_line(school)
    writes(school, "UPDATE change_log SET leaf = x'00' WHERE seq = :seq", seq=last["seq"])
    return last


def mend(school: School, last: Any) -> None:
    """As it was, without what came after."""
    writes(school, "DELETE FROM change_log WHERE seq > :seq", seq=last["seq"])
    writes(school, "DELETE FROM checkpoint WHERE size > :seq", seq=last["seq"])
    writes(school, "UPDATE change_log SET leaf = :leaf WHERE seq = :seq", leaf=last["leaf"], seq=last["seq"])


def signs_in_with(school: School, username: str, password: str) -> Any:
    return school.nobody().post("/api/v1/session", json={"username": username, "password": password})


def with_token(school: School, answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return school.nobody(headers={"Authorization": f"Bearer {answer.json()['token']}"})


RESTARTED = pytest.mark.parametrize("restarted", [False, True], ids=["goes on", "was restarted"])


@RESTARTED
def test_a_damaged_line_is_no_way_past_the_password_and_the_second_factor(
    school: School, restarted: bool
) -> None:
    telephone_of(school, "hedy")
    propose_policy(school.desk, school.actor("terry"), LOOSER, "mine", school.clock.now)
    assert signs_in(school, "hedy").status_code == 401
    damage(school)
    if restarted:
        school.desk.log_lines.forget()
    writes(school, "DELETE FROM second_factor")
    with capture_logs():
        problem_of(signs_in(school, "hedy"), 401, "code-needed")
        before = school.person("hedy").console_hash
        writes(school, "UPDATE person SET console_hash = :h WHERE username = 'hedy'", h=HASHER.hash(MINE))
        problem_of(signs_in_with(school, "hedy", MINE), 401, "wrong-credentials")
    assert before != school.person("hedy").console_hash


@RESTARTED
def test_a_line_that_nobody_signed_tells_of_no_password(school: School, restarted: bool) -> None:
    telephone_of(school, "hedy")
    hedy, last = school.person("hedy"), last_line(school)
    signs_in(school, "terry")  # all that is there has been read
    asked = "SELECT entry FROM change_log WHERE entry LIKE '%person:enrol%' LIMIT 1"
    entry = json.loads(writes(school, asked)[0]["entry"])
    mine = HASHER.hash(MINE)
    entry |= {"object": hedy.id, "seq": last["seq"] + 1}
    entry["detail"] = {"enrolled": 9, "hashes": {"console": sealed_hash(mine)}, "second_factor": "cleared"}
    forged = {"seq": last["seq"] + 1, "entry": json.dumps(entry, separators=(",", ":"))}
    into = "INSERT INTO change_log (seq, entry, prev, leaf) VALUES (:seq, :entry, :prev, :leaf)"
    writes(school, into, **forged, prev=last["leaf"], leaf=b"1" * 32)
    writes(school, "DELETE FROM second_factor")
    writes(school, "UPDATE person SET console_hash = :h WHERE id = :i", h=mine, i=hedy.id)
    if restarted:
        school.desk.log_lines.forget()

    with capture_logs() as alarms:
        answer = signs_in_with(school, "hedy", MINE)

    problem_of(answer, 401, "wrong-credentials")
    assert "sign_in.log_is_damaged" in {each["event"] for each in alarms}


@RESTARTED
def test_who_signs_in_while_the_log_is_damaged_looks_and_tightens_until_it_is_whole(
    school: School, restarted: bool
) -> None:
    asked = propose_policy(school.desk, school.actor("terry"), LOOSER, "mine", school.clock.now)
    last = damage(school)
    if restarted:
        school.desk.log_lines.forget()
    with capture_logs():
        hedy = with_token(school, signs_in(school, "hedy"))
        assert hedy.get("/api/v1/policy").status_code == 200
        declined = hedy.post(f"/api/v1/policy/proposals/{asked.id}/decline", json={"reason": "no"})
        refused = hedy.post("/api/v1/password", json={"which": "console", "old": "x", "new": "y"})
    assert declined.status_code in {200, 204}, declined.text
    problem_of(refused, 422, "refused")

    mend(school, last)

    problem_of(hedy.get("/api/v1/policy"), 401, "not-signed-in")
    damage(school)
    with capture_logs():
        problem_of(hedy.get("/api/v1/policy"), 401, "not-signed-in")


def test_a_session_of_damaged_days_opens_nothing_however_quickly_the_log_is_mended(school: School) -> None:
    last = damage(school)
    with capture_logs():
        token = with_token(school, signs_in(school, "hedy")).headers["Authorization"].partition(" ")[2]
        reader = find_reader(school.desk, token, school.clock.now)
    assert isinstance(reader, Reader)
    mend(school, last)

    with pytest.raises(ChangeError, match="may only look and tighten"):
        propose_policy(school.desk, reader.actor, LOOSER, "hers", school.clock.now)


def test_a_session_is_not_made_whole_in_the_database(school: School) -> None:
    last = damage(school)
    with capture_logs():
        hedy = with_token(school, signs_in(school, "hedy"))
    mend(school, last)
    with reading(school.desk.engine) as conn:
        token = hedy.headers["Authorization"].partition(" ")[2]
        found = find_session(conn, school.desk.session_key, token, school.clock.now)

    assert found is not None
    assert not found.may_open


def test_what_was_checked_with_a_damaged_log_is_checked_again_with_the_whole_one(school: School) -> None:
    telephone_of(school, "hedy")
    window = school.app.state.window
    with pytest.raises(Problem, match="changed meanwhile"):
        _begin(window, school.person("hedy"), False, school.clock.now)
    with pytest.raises(Problem, match="changed meanwhile"):
        _begin(window, replace(school.person("hedy"), console_hash="other"), True, school.clock.now)

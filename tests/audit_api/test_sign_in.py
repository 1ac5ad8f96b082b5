"""What cannot be seen from the outside of signing in: the same work for everybody, and a bounded queue."""

import asyncio
import hashlib
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from audit_api.answers import PeopleProposalOut, SessionOut, SomebodyOut
from audit_api.problems import Problem
from audit_api.shapes import (
    BrowsingPasswordIn,
    Credentials,
    EnrolmentIn,
    PasswordIn,
    PeopleProposalIn,
    PersonRow,
)
from audit_api.sign_in import Checked, check, in_hashing_thread
from audit_api.throttle import FREE_ATTEMPTS
from audit_api.window import LONGEST_QUEUE
from audit_log.db import writing
from audit_log.people import Registered, add_person
from filter_policy.model import Role
from tests.audit_api.school import HASHER, School, console_password, problem_of, proxy_password

WRONG = {"username": "terry", "password": "a-wrong-password"}


def test_each_of_two_passwords_is_known_for_what_it_is(school: School) -> None:
    sam = school.person("sam")

    assert check(sam, console_password("sam")) == Checked(console=True, proxy=False)
    assert check(sam, proxy_password("sam")) == Checked(console=False, proxy=True)


@pytest.mark.parametrize("password", ["nobody", "", "x" * 1000])
def test_who_does_not_exist_has_no_right_password(school: School, password: str) -> None:
    assert check(None, password) == Checked(console=False, proxy=False)
    tess = school.person("tess")  # who has no console password
    assert check(tess, password).console is False


def test_a_queue_too_long_to_wait_in_is_told_so(school: School) -> None:
    window = school.app.state.window
    done = Event()

    async def crowd() -> None:
        waiting = [asyncio.create_task(in_hashing_thread(window, done.wait)) for _ in range(LONGEST_QUEUE)]
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="busy"):
            await in_hashing_thread(window, done.wait)
        done.set()
        await asyncio.gather(*waiting)

    asyncio.run(crowd())
    assert window.waiting == 0


def test_a_guess_that_we_were_too_busy_to_check_does_not_count(school: School) -> None:
    window = school.app.state.window
    window.waiting = LONGEST_QUEUE
    for _ in range(FREE_ATTEMPTS + 1):
        problem_of(school.nobody().post("/api/v1/session", json=WRONG), 503, "busy")
    window.waiting = 0

    for _ in range(FREE_ATTEMPTS):
        problem_of(school.nobody().post("/api/v1/session", json=WRONG), 401, "wrong-credentials")
    problem_of(school.nobody().post("/api/v1/session", json=WRONG), 429, "too-many-attempts")


def test_the_database_is_never_asked_on_the_event_loop(school: School) -> None:
    on_loop: list[str] = []

    @event.listens_for(school.desk.engine, "before_cursor_execute")
    def executed(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if asyncio._get_running_loop() is not None:
            on_loop.append(statement)

    right = {"username": "terry", "password": console_password("terry")}
    assert school.nobody().post("/api/v1/session", json=right).status_code == 200
    assert school.browser("terry")[0].post("/sign-in", data=right).status_code == 303
    browser, csrf = school.browser("terry")
    wrong = {"csrf": csrf, "which": "console", "old": "x", "new": "y" * 12, "again": "z"}
    assert browser.post("/password", data=wrong).status_code == 422
    assert browser.get("/unblocks/0123456789abcdef").status_code == 404
    assert browser.post("/unblocks/ask", data={"csrf": csrf}).status_code == 422
    assert on_loop == []


def test_no_secret_stands_in_a_repr() -> None:
    secret = "not-for-a-log"  # of nobody
    shown = [
        Credentials(username="terry", password=secret),
        EnrolmentIn(code=secret, password=secret),
        PasswordIn(old=secret, new=secret),
        BrowsingPasswordIn(username="terry", old=secret, new=secret),
        PersonRow(username="terry", password=secret, console_password=secret),
        PeopleProposalIn(csv=secret, reason="x"),
        PeopleProposalIn(rows=[PersonRow(username="terry", password=secret)], reason="x"),
        SessionOut(
            token=secret, username="t", name="T", role=Role.STAFF, must_change_password=False, ends_at="x"
        ),
        PeopleProposalOut(
            id="1", kind="people", state="requested", reason="x", asked_by=SomebodyOut(id=None, name="x"),
            asked_at="x", first_passwords={"t": {"proxy": secret}},
        ),
    ]  # fmt: skip
    assert [each for each in shown if secret in repr(each) or secret in str(each)] == []


def write(school: School, statement: str, **values: object) -> None:
    """As somebody who has got at the database, and at nothing else."""
    with writing(school.desk.engine) as conn:
        conn.execute(text(statement), values)


def test_a_session_that_was_written_into_the_database_is_none(school: School) -> None:
    mine = "a" * 43
    _, csrf = school.token("cora")
    write(
        school,
        "INSERT INTO session (token_hash, person_id, csrf, started_at, seen_at)"
        " SELECT :hash, person_id, :csrf, started_at, seen_at FROM session",
        hash=hashlib.sha256(mine.encode()).hexdigest(),
        csrf=csrf,
    )

    answer = school.nobody(headers={"Authorization": f"Bearer {mine}"}).get("/api/v1/session")

    assert answer.status_code == 401


@pytest.mark.parametrize(("username", "column"), [("cora", "console_hash"), ("tess", "password_hash")])
def test_a_password_that_was_written_into_the_database_signs_nobody_in(
    school: School, username: str, column: str
) -> None:
    mine = {"username": username, "password": "nine-red-herrings"}
    write(
        school,
        f"UPDATE person SET {column} = :hash WHERE username = :who",  # noqa: S608  # from the list above
        hash=HASHER.hash(mine["password"]),
        who=username,
    )

    with capture_logs() as alarms:
        answer = school.nobody().post("/api/v1/session", json=mine)

    assert answer.status_code == 401
    assert "password.not_sealed" in {each["event"] for each in alarms}


def test_an_account_that_was_written_into_the_database_signs_nobody_in(school: School) -> None:
    with writing(school.desk.engine) as conn:
        hash_ = HASHER.hash("nine-red-herrings")
        mal = Registered("p_mal", "mal", "Mal", Role.HEADTEACHER, ("staff",), school.clock.now)
        add_person(conn, replace(mal, console_hash=hash_, console_must_change=False))

    answer = school.nobody().post(
        "/api/v1/session", json={"username": "mal", "password": "nine-red-herrings"}
    )

    assert answer.status_code == 401

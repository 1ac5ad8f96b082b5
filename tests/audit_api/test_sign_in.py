"""What cannot be seen from the outside of signing in: the same work for everybody, and a bounded queue."""

import asyncio
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event

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
from filter_policy.model import Role
from tests.audit_api.school import School, console_password, problem_of, proxy_password

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

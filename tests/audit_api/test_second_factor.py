"""The second factor at the window: asked for after the password, led to where it is wanted, slow to guess."""

import pytest
from sqlalchemy import text

from audit_api.rights import BEFORE_SECOND_FACTOR, may
from audit_log.db import writing
from filter_policy.model import Role
from tests.audit_api.factored import shown, signs_in, telephone_of, wants_factors
from tests.audit_api.school import BY_ROLE, School, console_password, problem_of, proxy_password
from tests.audit_api.test_console import visible
from tests.audit_api.test_rights import CLOSED, WITH_CONSOLE, asked
from tests.change_control.factored import digits


def test_without_one_nothing_changes_for_anybody(school: School) -> None:
    told = signs_in(school, "terry").json()

    assert told["must_set_second_factor"] is False
    who = (
        school.nobody(headers={"Authorization": f"Bearer {told['token']}"})
        .get("/api/v1/second-factor")
        .json()
    )
    assert who == {"is_set": False, "is_wanted": False}


def test_the_digits_are_asked_for_after_the_password_and_work_once(school: School) -> None:
    secret = telephone_of(school, "terry")

    problem_of(signs_in(school, "terry"), 401, "code-needed")
    problem_of(signs_in(school, "terry", code="000000"), 401, "wrong-code")
    code = shown(school, secret)
    assert signs_in(school, "terry", code=code).status_code == 200
    problem_of(signs_in(school, "terry", code=code), 401, "wrong-code")


def test_with_a_wrong_password_nothing_is_said_of_a_second_factor(school: School) -> None:
    secret = telephone_of(school, "terry")
    body = {"username": "terry", "password": "not-this-one-at-all"}
    with_code = body | {"code": shown(school, secret)}

    wrong = [school.nobody().post("/api/v1/session", json=each) for each in (body, with_code)]
    other = school.nobody().post("/api/v1/session", json=body | {"username": "hedy"})

    assert len({answer.text for answer in (*wrong, other)}) == 1
    problem_of(wrong[0], 401, "wrong-credentials")


def test_guessing_at_the_digits_is_slowed_wherever_it_comes_from(school: School) -> None:
    secret = telephone_of(school, "terry")
    for _ in range(5):
        problem_of(signs_in(school, "terry", code="000000"), 401, "wrong-code")

    slowed = signs_in(school, "terry", code=shown(school, secret))
    problem_of(slowed, 429, "too-many-attempts")
    assert slowed.headers["retry-after"] == "1"
    elsewhere = school.nobody()
    elsewhere._transport.client = ("127.8.0.9", 1)  # type: ignore[attr-defined]  # another address
    body = {"username": "terry", "password": console_password("terry"), "code": "000000"}
    problem_of(elsewhere.post("/api/v1/session", json=body), 429, "too-many-attempts")
    school.clock.forward(seconds=31)
    assert signs_in(school, "terry", code=shown(school, secret)).status_code == 200


def test_it_is_set_up_and_cleared_over_the_api(school: School) -> None:
    client = school.as_("tess")
    begun = client.post("/api/v1/second-factor/begin").json()
    wrong = {"begun": begun["begun"], "code": "000000", "password": proxy_password("tess")}
    assert client.post("/api/v1/second-factor", json=wrong).status_code == 422
    right = wrong | {"code": digits(begun["secret"], school.clock.now)}

    assert client.post("/api/v1/second-factor", json=right).status_code == 204

    assert client.get("/api/v1/second-factor").json()["is_set"]
    assert begun["secret"] in begun["address"]
    school.clock.forward(minutes=1)
    problem_of(client.post("/api/v1/second-factor/clear", json={"code": "000000"}), 422, "bad-input")
    code = digits(begun["secret"], school.clock.now)
    assert client.post("/api/v1/second-factor/clear", json={"code": code}).status_code == 204
    assert not client.get("/api/v1/second-factor").json()["is_set"]
    assert school.events()[-2:] == ["second-factor:set", "second-factor:clear"]
    assert school.as_("gail").get("/api/v1/changes/verify").json()["whole"]


def test_an_open_session_alone_plants_no_second_factor(school: School) -> None:
    client = school.as_("tess")
    begun = client.post("/api/v1/second-factor/begin").json()
    body = {"begun": begun["begun"], "code": digits(begun["secret"], school.clock.now)}

    problem_of(client.post("/api/v1/second-factor", json=body), 422, "bad-input")
    for _ in range(5):
        wrong = client.post("/api/v1/second-factor", json=body | {"password": "not-this-one-at-all"})
        problem_of(wrong, 422, "bad-input")
    slowed = client.post("/api/v1/second-factor", json=body | {"password": proxy_password("tess")})

    problem_of(slowed, 429, "too-many-attempts")
    assert not client.get("/api/v1/second-factor").json()["is_set"]


ENDING = ("DELETE /api/v1/session", "POST /sign-out", "DELETE /api/v1/sessions", "POST /account/sign-out")


@pytest.mark.parametrize("role", WITH_CONSOLE)
def test_who_is_wanted_to_have_one_sets_it_up_and_does_nothing_else(school: School, role: str) -> None:
    client = school.as_(BY_ROLE[role])
    wants_factors(school)
    for route in CLOSED:
        if not may(route, Role(role)) or route in ENDING:
            continue
        answer = asked(client, route)
        if role in ("technician", "coordinator", "headteacher") and route not in BEFORE_SECOND_FACTOR:
            problem_of(answer, 403, "second-factor-needed")
        else:
            assert answer.status_code not in (401, 403, 500), (route, answer.text)


def test_who_signs_in_without_one_is_told_and_led_there(school: School) -> None:
    wants_factors(school)
    assert signs_in(school, "terry").json()["must_set_second_factor"]
    browser, csrf = school.browser("terry")

    answer = browser.get("/people")
    assert (answer.status_code, answer.headers["location"]) == (303, "/second-factor")
    page = browser.get("/second-factor").text
    assert "asks everybody who may approve" in visible(page)
    assert 'href="/people"' not in page
    secret = (
        visible(page).split("type this text instead:")[1].split("It is shown")[0].replace(" ", "").strip()
    )
    begun = page.split('name="begun" value="')[1].split('"')[0]
    form = {"csrf": csrf, "begun": begun, "password": console_password("terry")}
    again = browser.post("/second-factor", data=form | {"code": "000000"})
    assert again.status_code == 422
    assert secret in visible(again.text).replace(" ", "")  # it is in the telephone by now
    code = digits(secret, school.clock.now)
    found = browser.post("/second-factor", data=form | {"code": code, "password": "not-this-one-at-all"})
    assert found.status_code == 422
    assert "is not the one that you sign in with" in visible(found.text)
    done = browser.post("/second-factor", data=form | {"code": code})

    assert (done.status_code, done.headers["location"]) == (303, "/account?done=second-factor")
    assert browser.get("/people").status_code == 200
    account = browser.get("/account").text
    assert secret not in account.replace(" ", "")
    assert "six digits" in visible(account)
    assert browser.get("/second-factor").status_code == 303  # and is never shown again


def test_the_page_asks_for_the_digits_in_a_second_step_without_the_password(school: School) -> None:
    secret = telephone_of(school, "hedy")
    browser = school.nobody(headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})
    form = {"username": "hedy", "password": console_password("hedy"), "next": "/people"}

    step = browser.post("/sign-in", data=form)
    assert step.status_code == 200
    assert "set-cookie" not in step.headers
    assert console_password("hedy") not in step.text
    ticket = step.text.split('name="ticket" value="')[1].split('"')[0]
    wrong = browser.post("/sign-in/code", data={"ticket": ticket, "code": "000000", "next": "/people"})
    assert wrong.status_code == 401
    code = {"ticket": ticket, "code": shown(school, secret), "next": "/people"}
    signed_in = browser.post("/sign-in/code", data=code)

    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/people")
    assert browser.get("/people").status_code == 200


def test_a_deleted_row_of_the_database_is_no_way_in(school: School) -> None:
    secret = telephone_of(school, "terry")
    with writing(school.desk.engine) as conn:
        conn.execute(text("DELETE FROM second_factor"))

    problem_of(signs_in(school, "terry"), 401, "code-needed")
    problem_of(signs_in(school, "terry", code=shown(school, secret)), 401, "wrong-code")
    assert not school.as_("gail").get("/api/v1/changes/verify").json()["whole"]


def test_a_session_that_began_before_ends_when_one_is_set_up(school: School) -> None:
    before = school.as_("terry")
    telephone_of(school, "terry")

    problem_of(before.get("/api/v1/session"), 401, "not-signed-in")

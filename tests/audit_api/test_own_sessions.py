"""Where one is signed in: listed, ended everywhere at once, and new after signing in and a new password."""

from tests.audit_api.school import School, console_password, problem_of
from tests.audit_api.test_console import visible


def test_ones_own_sessions_are_listed_and_nobody_elses(school: School) -> None:
    first, second = school.as_("terry"), school.as_("terry")
    school.as_("hedy")

    rows = second.get("/api/v1/sessions").json()["rows"]

    assert [row["here"] for row in rows].count(True) == 1
    assert len(rows) == 2
    assert rows[0]["ends_at"] == "2026-11-24T20:00:00Z"
    assert first.get("/api/v1/sessions").json()["rows"] != rows


def test_signing_out_everywhere_ends_all_of_them_and_none_of_others(school: School) -> None:
    first, second, other = school.as_("terry"), school.as_("terry"), school.as_("hedy")

    assert second.delete("/api/v1/sessions").status_code == 204

    for client in (first, second):
        problem_of(client.get("/api/v1/session"), 401, "not-signed-in")
    assert other.get("/api/v1/session").status_code == 200


def test_the_page_says_where_and_signs_out_everywhere(school: School) -> None:
    browser, csrf = school.browser("tess")
    other = school.as_("tess")
    assert "Where you are signed in" in visible(browser.get("/account").text)

    answer = browser.post("/account/sign-out", data={"csrf": csrf})

    assert answer.headers["location"] == "/sign-in?done=signed-out-everywhere"
    problem_of(other.get("/api/v1/session"), 401, "not-signed-in")


def test_signing_in_anew_ends_what_that_browser_had_before(school: School) -> None:
    browser, _ = school.browser("terry")
    before = str(browser.cookies[school.app.state.window.cookie])
    form = {"username": "terry", "password": console_password("terry")}

    assert browser.post("/sign-in", data=form).status_code == 303

    old = school.nobody(headers={"Authorization": f"Bearer {before}"})
    problem_of(old.get("/api/v1/session"), 401, "not-signed-in")


def test_after_a_new_password_the_browser_has_a_new_session(school: School) -> None:
    browser, csrf = school.browser("terry")
    before = str(browser.cookies[school.app.state.window.cookie])
    form = {
        "csrf": csrf,
        "which": "console",
        "old": console_password("terry"),
        "new": "five-blue-herons",
        "again": "five-blue-herons",
    }

    answer = browser.post("/password", data=form)

    assert answer.status_code == 303
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=strict" in answer.headers["set-cookie"]
    old = school.nobody(headers={"Authorization": f"Bearer {before}"})
    problem_of(old.get("/api/v1/session"), 401, "not-signed-in")

"""What the policy leaves to staff, opened for their own class for one lesson at most."""

from typing import Any

from tests.audit_api.school import School, fields_of, problem_of

URL = "/api/v1/openings"


def open_for(school: School, username: str, **changes: Any) -> Any:
    body = {"class": "6B", "minutes": 30, "reason": "free reading"} | changes
    return school.as_(username).post(URL, json=body)


def test_a_teacher_opens_for_their_own_class(school: School) -> None:
    made = open_for(school, "tess").json()

    assert (made["classes"], made["ends_at"]) == (["6B"], "2026-11-24T12:30:00Z")
    assert school.as_("gail").get(URL).json()["rows"] == [made]
    assert [each.id for each in school.app.state.window.bundle().policy.openings] == [made["id"]]


def test_nobody_opens_for_a_class_that_is_not_theirs(school: School) -> None:
    problem_of(open_for(school, "tess", **{"class": "6A"}), 422, "refused")
    problem_of(open_for(school, "terry"), 422, "refused")


def test_a_lesson_is_the_longest(school: School) -> None:
    for minutes in (0, 61, -5, "many"):
        assert set(fields_of(problem_of(open_for(school, "tess", minutes=minutes), 422, "bad-input"))) == {
            "minutes"
        }


def test_it_shuts_by_itself_and_before_if_wanted(school: School) -> None:
    first = open_for(school, "tess").json()
    school.clock.forward(minutes=1)
    problem_of(school.as_("sam").post(f"{URL}/{first['id']}/close"), 403, "wrong-role")
    assert school.as_("tess").post(f"{URL}/{first['id']}/close").status_code == 204
    assert school.as_("tess").get(URL).json()["rows"] == []
    open_for(school, "tess")
    school.clock.forward(minutes=30)
    assert school.as_("tess").get(URL).json()["rows"] == []


def test_the_page_opens_and_shuts(school: School) -> None:
    browser, csrf = school.browser("tess")
    form = {"csrf": csrf, "class": "6B", "minutes": "45", "reason": "free reading"}

    assert "between 1 and 60" in browser.post("/openings", data=form | {"minutes": "90"}).text
    assert browser.post("/openings", data=form).headers["location"] == "/openings?done=opened"
    assert "until 12:45" in browser.get("/openings").text
    made = school.as_("gail").get(URL).json()["rows"][0]
    assert browser.post(f"/openings/{made['id']}/close", data={"csrf": csrf}).status_code == 303
    assert "until 12:45" not in browser.get("/openings").text

"""Both logs on one page, and two people who sign up to the same entry (S11, S25)."""

from change_control.incidents import Told, report
from tests.audit_api.school import School, fields_of, problem_of
from tests.audit_api.test_console import visible
from tests.audit_api.test_log_reviews import newest

REVIEW = "/api/v1/incidents/review"


def test_a_review_is_done_when_a_second_person_signs_the_same_entry(school: School) -> None:
    report(
        school.desk, Told("hand", "bullying", school.person("anna").id, text="Anna told me"), school.clock.now
    )
    size, _ = newest(school)
    first = school.as_("gail").get(REVIEW).json()
    assert (first["reviewed_up_to"], first["newest"], len(first["incidents"])) == (0, size, 1)

    school.as_("gail").post(REVIEW, json={"size": size, "note": "No question."})
    assert school.as_("gail").post(REVIEW, json={"size": size, "note": "Again."}).status_code == 201
    now = school.as_("cora").get(REVIEW).json()
    assert (now["reviewed_up_to"], len(now["waiting"])) == (0, 2)

    school.as_("cora").post(REVIEW, json={"size": size, "note": "Nor have I."})
    done = school.as_("gail").get(REVIEW).json()
    assert (done["reviewed_up_to"], done["waiting"]) == (size, [])
    assert {each["by"]["name"] for each in done["signed"]} == {"Gail Green", "Cora Clark"}
    assert [each["event"] for each in done["incidents"]] == ["incident-log:review"] * 3
    assert "Anna" not in school.as_("gail").get(REVIEW).text
    assert school.as_("gail").get("/api/v1/changes/verify").json()["whole"]


def test_nobody_goes_back_and_only_those_who_oversee_sign(school: School) -> None:
    size, _ = newest(school)
    school.as_("gail").post(REVIEW, json={"size": size, "note": "All."})
    later, _ = newest(school)
    school.as_("gail").post(REVIEW, json={"size": later, "note": "All."})
    body = problem_of(school.as_("gail").post(REVIEW, json={"size": size, "note": "x"}), 422, "bad-input")
    assert "you have reviewed it up to entry" in fields_of(body)["size"]
    for who in ("terry", "tess"):
        problem_of(school.as_(who).post(REVIEW, json={"size": later, "note": "x"}), 403, "wrong-role")
        problem_of(school.as_(who).get(REVIEW), 403, "wrong-role")


def test_the_page_shows_both_logs_and_takes_the_signature(school: School) -> None:
    browser, csrf = school.browser("gail")
    shown = visible(browser.get("/incidents/review").text)
    assert "No two people have reviewed it together yet." in shown
    assert "agreed" in shown
    refused = browser.post("/incidents/review", data={"csrf": csrf, "size": "9", "note": " "})
    assert (refused.status_code, "is needed" in refused.text) == (422, True)
    size, _ = newest(school)
    done = browser.post("/incidents/review", data={"csrf": csrf, "size": str(size), "note": "fine"})
    assert (done.status_code, done.headers["location"]) == (303, "/incidents/review?done=incidents-reviewed")
    assert "Waits for a second person" in visible(browser.get("/incidents/review").text)
    assert "a second person has to sign it" not in visible(browser.get("/").text)

    second, csrf = school.browser("cora")
    assert "a second person has to sign it" in visible(second.get("/").text)
    assert "Incidents 1 waiting" in visible(second.get("/").text)
    done = second.post("/incidents/review", data={"csrf": csrf, "size": str(size), "note": "fine"})
    assert done.headers["location"] == "/incidents/review?done=incidents-reviewed-by-two"
    assert "this review is done" in visible(second.get(done.headers["location"]).text)
    assert "a second person has to sign it" not in visible(second.get("/").text)

"""The pages of incidents for those who oversee: numbers for governors, and the review of both logs."""

from change_control.incidents import Told, report
from tests.audit_api.school import School, problem_of
from tests.audit_api.test_console import visible


def a_case(school: School, kind: str, about: str) -> None:
    report(school.desk, Told("hand", kind, school.person(about).id, text="Anna told me"), school.clock.now)


def test_the_page_of_a_governor_has_the_numbers_and_no_name(school: School) -> None:
    a_case(school, "pupil-circumvention", "anna")
    browser, _ = school.browser("gail")
    shown = visible(browser.get("/incidents").text)
    assert "1 open." in shown
    assert "or kept from a leader by whoever reported: at most 3." in shown
    assert "Reported: nobody has begun" in shown
    assert '<table class="stack">' in browser.get("/incidents").text  # it fits on a telephone
    assert "Anna" not in shown


def test_the_review_is_behind_a_door_that_technicians_do_not_open(school: School) -> None:
    browser, _ = school.browser("terry")
    assert browser.get("/incidents/review").status_code == 403
    problem_of(school.as_("terry").get("/api/v1/incidents/review"), 403, "wrong-role")
    assert "Review the incident log" in school.browser("gail")[0].get("/incidents").text

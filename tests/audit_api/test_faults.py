"""Whatever goes wrong here is told in one shape, to a browser as a page, and never with what is inside."""

from starlette.requests import Request
from starlette.routing import Route

from audit_api.faults import told
from tests.audit_api.school import School, problem_of


def test_an_error_of_ours_says_nothing_of_its_inside(school: School) -> None:
    def fails(_request: Request) -> None:
        raise RuntimeError("a secret is in here")

    school.app.router.routes.insert(0, Route("/api/v1/fails", fails))
    answer = school.nobody().get("/api/v1/fails")

    problem_of(answer, 500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_database_that_is_away_is_told_as_such(school: School) -> None:
    client = school.as_("terry")
    school.desk.engine.dispose()
    (school.desk.state / "schoolgate.sqlite").rename(school.desk.state / "away.sqlite")
    (school.desk.state / "schoolgate.sqlite").mkdir()
    answer = client.get("/api/v1/unblocks")

    problem_of(answer, 503, "database-away")
    assert answer.headers["retry-after"] == "5"


def test_a_browser_gets_a_page_and_a_program_json(school: School) -> None:
    page = school.browser("terry")[0].get("/nothing")

    assert page.status_code == 404
    assert "<h1>Not found</h1>" in page.text
    problem_of(school.browser("terry")[0].get("/api/v1/nothing"), 404, "not-found")


def test_what_change_control_says_is_told_as_a_sentence() -> None:
    assert told("ask somebody else") == "Ask somebody else."
    assert told("It is over.") == "It is over."


def test_a_role_is_told_as_people_say_it() -> None:
    assert told("a staff may not do this (unblock:approve)").startswith("A member of staff may not do this")
    assert told("a staffroom is no class") == "A staffroom is no class."

"""The API describes itself, with nothing loaded from elsewhere."""

import re

import pytest

from audit_api.rights import RIGHTS
from tests.audit_api.school import School


def test_every_route_of_the_api_is_described_with_who_may(school: School) -> None:
    told = school.nobody().get("/openapi.json").json()
    described = {
        f"{method.upper()} {path}": operation["x-roles"]
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    }

    assert told["openapi"].startswith("3.1")
    assert set(described) == {route for route in RIGHTS if " /api/" in route}
    assert described["POST /api/v1/session"] == ["everybody"]
    assert described["POST /api/v1/unblocks/{id}/approve"] == ["coordinator", "headteacher", "technician"]


def test_every_operation_has_a_summary_of_its_own(school: School) -> None:
    told = school.nobody().get("/openapi.json").json()
    operations = [one for methods in told["paths"].values() for one in methods.values()]

    assert all(one["summary"] and one["responses"]["default"] for one in operations)
    assert len({one["operationId"] for one in operations}) == len(operations)


def test_the_reference_page_shows_every_route(school: School) -> None:
    page = school.nobody().get("/docs").text

    assert not [route for route in RIGHTS if " /api/" in route and f"<code>{route}</code>" not in page]


@pytest.mark.parametrize("path", ["/docs", "/sign-in", "/enrol", "/browsing-password"])
def test_nothing_is_loaded_from_outside_and_nothing_runs(school: School, path: str) -> None:
    page = school.nobody().get(path).text

    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)
    assert "<script" not in page
    assert " style=" not in page


@pytest.mark.parametrize("name", ["style.css", "icon.svg"])
def test_the_stylesheet_and_the_icon_are_ours_and_may_be_kept(school: School, name: str) -> None:
    answer = school.nobody().get(f"/static/{name}")

    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("public")
    assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", ["..%2fapp.py", "app.py", "%2e%2e%2frights.py", ".style.css.swp"])
def test_no_other_file_is_handed_out(school: School, name: str) -> None:
    assert school.nobody().get(f"/static/{name}").status_code == 404


def test_a_file_is_declared_as_what_it_is(school: School) -> None:
    paths = school.nobody().get("/openapi.json").json()["paths"]

    kinds = {
        path: set(paths[path]["get"]["responses"]["200"]["content"]) for path in paths if "get" in paths[path]
    }

    assert kinds["/api/v1/changes/export"] == {"application/x-ndjson"}
    assert kinds["/api/v1/rights"] == {"application/json", "text/csv"}


def test_routes_that_say_more_than_their_name_stay_described(school: School) -> None:
    paths = school.nobody().get("/openapi.json").json()["paths"]
    envelopes = "/api/v1/break-glass/proposals"
    routes = [
        *((envelopes, "get"), (f"{envelopes}/{{id}}", "get"), (f"{envelopes}/{{id}}/decline", "post")),
        *((f"{envelopes}/{{id}}/withdraw", "post"), ("/api/v1/reviews/{id}", "get")),
        ("/api/v1/unblocks/figures", "get"),
    ]

    assert [route for route in routes if not paths[route[0]][route[1]].get("description")] == []

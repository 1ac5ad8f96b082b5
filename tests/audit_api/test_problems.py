"""Whatever goes wrong is told in one shape, and never with what is inside."""

import pytest

from audit_api.problems import BY_STATUS, KINDS, Problem
from change_control.errors import Code
from tests.audit_api.school import School, fields_of, problem_of


def test_what_is_not_there_is_not_found(school: School) -> None:
    problem_of(school.nobody().get("/api/v1/nothing"), 404, "not-found")
    problem_of(school.nobody().get("/nothing"), 404, "not-found")
    problem_of(school.as_("terry").get("/api/v1/unblocks/0123456789abcdef"), 404, "not-found")


@pytest.mark.parametrize("id_", ["%00", "..%2f..", "x" * 65, "%F0%9F%98%80", "a b"])
def test_what_is_not_even_like_an_id_is_not_found(school: School, id_: str) -> None:
    problem_of(school.as_("terry").get(f"/api/v1/unblocks/{id_}"), 404, "not-found")
    problem_of(school.as_("terry").post(f"/api/v1/unblocks/{id_}/approve", json={}), 404, "not-found")


def test_a_method_that_is_not_possible_is_told_with_those_that_are(school: School) -> None:
    answer = school.as_("terry").put("/api/v1/unblocks", json={})

    problem_of(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


def test_each_field_at_fault_is_named_as_it_was_written(school: School) -> None:
    body = {"sites": "one", "for": {"classes": "6B", "klasses": []}, "starts_at": 1, "colour": "red"}
    told = fields_of(problem_of(school.as_("tess").post("/api/v1/unblocks", json=body), 422, "bad-input"))

    assert set(told) == {
        "sites", "for.classes", "for.klasses", "starts_at", "subject", "reason", "colour",
    }  # fmt: skip


def test_a_parameter_nobody_knows_is_named(school: School) -> None:
    answer = school.as_("terry").get("/api/v1/unblocks", params={"limit": 0, "stat": "requested"})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"limit", "stat"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"', b"1" * 5000])
def test_a_body_that_cannot_be_read_is_the_callers_fault(school: School, content: bytes) -> None:
    client = school.as_("tess")
    answer = client.post("/api/v1/unblocks", content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_field_with_a_name_that_cannot_be_sent_back_is_still_told(school: School) -> None:
    content = b'{"\\ud800": 1, "reason": "\\ud800"}'
    client = school.as_("tess")
    answer = client.post("/api/v1/unblocks", content=content, headers={"Content-Type": "application/json"})

    problem_of(answer, 422, "bad-input")


def test_each_code_of_change_control_is_a_problem_here() -> None:
    assert set(Code.__args__) <= set(KINDS)  # type: ignore[attr-defined]  # a Literal has them


def test_each_status_leads_to_a_problem_with_that_status() -> None:
    assert {KINDS[slug].status for slug in BY_STATUS.values()} == set(BY_STATUS)
    assert Problem.of_status(418).kind.status == 500


def test_each_type_leads_to_what_it_means(school: School) -> None:
    page = school.nobody().get("/docs").text
    for slug in KINDS:
        assert school.nobody().get(f"/problems/{slug}").headers["location"] == f"/docs#problem-{slug}"
        assert f'id="problem-{slug}"' in page

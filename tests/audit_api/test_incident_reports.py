"""Everybody with a console reports over the API, and learns nothing by it."""

import pytest

from audit_api.scopes import has_scope
from audit_log.db import reading
from audit_log.incident_model import Incident
from audit_log.incidents import open_cases
from tests.audit_api.school import School, fields_of, problem_of


@pytest.fixture(autouse=True)
def quickly(school: School) -> None:
    school.app.state.window.reporting.seconds = 0.001


def cases(school: School) -> list[Incident]:
    with reading(school.desk.engine) as conn:
        return open_cases(conn)


def test_the_api_answers_the_same_whether_a_report_opened_a_case_or_joined_one(school: School) -> None:
    body = {"kind": "bullying", "text": "seen", "person": "anna"}
    answers = [
        school.as_(who).post("/api/v1/incidents/reports", json=body) for who in ("tess", "sam", "gail")
    ]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.text for answer in answers}) == 1
    assert len(cases(school)) == 1
    odd = school.as_("tess").post("/api/v1/incidents/reports", json=body | {"person": "nobody"})
    assert set(fields_of(problem_of(odd, 422, "bad-input"))) == {"person"}


def test_the_answer_tells_nothing_of_a_case(school: School) -> None:
    answer = school.as_("tess").post("/api/v1/incidents/reports", json={"text": "seen", "place": "off-site"})

    assert set(answer.json()) == {"says"}
    assert cases(school)[0].id not in answer.text


def test_no_program_reports_in_anybodys_name() -> None:
    assert not has_scope("POST /api/v1/incidents/reports")


def test_every_fault_is_named_by_its_field(school: School) -> None:
    body = {"text": " ", "exclude": "tess", "happened_at": "yesterday"}
    first = school.as_("sam").post("/api/v1/incidents/reports", json=body)
    assert set(fields_of(problem_of(first, 422, "bad-input"))) == {"happened_at"}
    again = school.as_("sam").post("/api/v1/incidents/reports", json=body | {"happened_at": None})
    assert set(fields_of(problem_of(again, 422, "bad-input"))) == {"text", "exclude"}
    assert cases(school) == []

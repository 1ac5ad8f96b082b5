"""Who may have the whole log read again, and how they may ask for it."""

import pytest

from tests.audit_api.school import School, fields_of, problem_of

URL = "/api/v1/filtering-log/verify"


@pytest.mark.parametrize("who", ["terry", "cora", "gail"])
def test_whoever_oversees_may_verify(school: School, who: str) -> None:
    assert school.as_(who).get(URL).status_code == 200


def test_staff_may_not(school: School) -> None:
    assert school.as_("tess").get(URL).status_code == 403


def test_an_unknown_word_is_refused(school: School) -> None:
    problem = problem_of(school.as_("gail").get(URL, params={"days": "2026-11-24"}), 422, "bad-input")

    assert "days" in fields_of(problem)

"""What a governor takes home: a page that says how, and two files exactly as they are."""

from pathlib import Path

import pytest

from audit_log import offline
from tests.audit_api.school import School, problem_of

FOLDER = Path(offline.__file__).parent


@pytest.mark.parametrize("name", ["verify_changes.html", "verify_changes.py"])
def test_a_verifier_is_saved_as_it_is_and_never_run_here(school: School, name: str) -> None:
    answer = school.as_("gail").get(f"/verify/{name}")

    assert answer.content == (FOLDER / name).read_bytes()
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "script-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["__init__.py", "..%2f__init__.py", "verify_changes", "%2fetc%2fpasswd"])
def test_nothing_else_is_given_out(school: School, name: str) -> None:
    problem_of(school.as_("gail").get(f"/verify/{name}"), 404, "not-found")


def test_a_governor_is_told_what_to_take_and_what_to_compare(school: School) -> None:
    page = school.as_("gail").get("/verify").text

    assert 'href="/api/v1/changes/export"' in page
    for name in ("verify_changes.html", "verify_changes.py"):
        assert f'href="/verify/{name}"' in page
    assert "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=" in page

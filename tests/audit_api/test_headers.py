"""Every answer of every kind is safe to show, and nothing personal is kept by a browser."""

import pytest

from tests.audit_api.school import School


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/api/v1/unblocks", "/nothing", "/openapi.json", "/healthz"]
)
def test_every_answer_carries_the_headers(school: School, path: str) -> None:
    headers = school.as_("terry").get(path).headers

    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "script-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"

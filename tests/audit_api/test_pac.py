"""Devices fetch the file that leads them to the gate before anybody has signed in."""

import pytest

from tests.audit_api.school import School


@pytest.mark.parametrize("path", ["/proxy.pac", "/wpad.dat"])
def test_anybody_gets_it_and_may_keep_it_for_an_hour(school: School, path: str) -> None:
    school.app.state.pac = 'function FindProxyForURL(url, host) { return "HTTPS proxy.test:8080"; }'
    answer = school.nobody().get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ns-proxy-autoconfig")
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert "set-cookie" not in answer.headers
    assert answer.text == school.app.state.pac


@pytest.mark.parametrize("path", ["/proxy.pac", "/wpad.dat"])
def test_whoever_asks_for_the_head_alone_gets_it(school: School, path: str) -> None:
    school.app.state.pac = "something"
    answer = school.nobody().head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("application/x-ns-proxy-autoconfig")


def test_where_there_is_none_it_says_so(school: School) -> None:
    assert school.nobody().get("/proxy.pac").status_code == 404


def test_where_it_would_mislead_it_says_why_there_is_none(school: School) -> None:
    school.app.state.pac, school.app.state.no_pac = "", "set proxy_name"
    answer = school.nobody().get("/proxy.pac")
    assert (answer.status_code, answer.text) == (404, "This school hands out no such file: set proxy_name.\n")

"""A cookie travels by itself: it opens only what this console's own form sends."""

import pytest

from tests.audit_api.school import School, an_ask, console_password, problem_of

FORM = {
    "sites": "racism-history.test",
    "classes": "6B",
    "day": "2026-11-24",
    "starts": "13:00",
    "ends": "14:00",
    "subject": "History",
    "reason": "sources",
}


def signed_in(school: School, username: str) -> tuple[dict[str, str], str]:
    token, csrf = school.token(username)
    return {school.app.state.window.cookie: token}, csrf


def post(school: School, form: dict[str, str]) -> int:
    cookies, _ = signed_in(school, "tess")
    return int(school.nobody(cookies=cookies).post("/unblocks/ask", data=form).status_code)


def test_a_form_with_this_sessions_token_is_taken(school: School) -> None:
    cookies, csrf = signed_in(school, "tess")
    client = school.nobody(cookies=cookies, headers={"Origin": "http://testserver"})

    assert client.post("/unblocks/ask", data=FORM | {"csrf": csrf}).status_code == 303


def test_a_form_without_the_token_or_with_anothers_is_refused(school: School) -> None:
    _, of_another_session = signed_in(school, "tess")

    assert post(school, FORM) == 403
    assert post(school, FORM | {"csrf": of_another_session}) == 403
    assert post(school, FORM | {"csrf": "é"}) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_form_sent_by_another_site_is_refused_even_with_the_token(school: School, site: str) -> None:
    cookies, csrf = signed_in(school, "tess")
    client = school.nobody(cookies=cookies, headers={"Sec-Fetch-Site": site})

    problem_of(client.post("/unblocks/ask", data=FORM | {"csrf": csrf}), 403, "cross-site")


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "http://testserver.evil.test", "http://testserver:81"]
)
def test_a_form_from_another_origin_is_refused_even_with_the_token(school: School, origin: str) -> None:
    cookies, csrf = signed_in(school, "tess")
    client = school.nobody(cookies=cookies, headers={"Origin": origin})

    problem_of(client.post("/unblocks/ask", data=FORM | {"csrf": csrf}), 403, "cross-site")


def test_nobody_is_signed_in_by_another_site(school: School) -> None:
    client = school.nobody(headers={"Sec-Fetch-Site": "cross-site"})
    credentials = {"username": "terry", "password": console_password("terry")}

    problem_of(client.post("/sign-in", data=credentials), 403, "cross-site")
    problem_of(client.post("/api/v1/session", json=credentials), 403, "cross-site")


def test_the_cookie_reads_over_the_api_and_changes_nothing_there(school: School) -> None:
    cookies, _ = signed_in(school, "terry")
    client = school.nobody(cookies=cookies)

    assert client.get("/api/v1/unblocks").status_code == 200
    problem_of(client.post("/api/v1/unblocks", json=an_ask()), 401, "not-signed-in")
    problem_of(client.delete("/api/v1/session"), 401, "not-signed-in")


def test_a_token_in_the_header_needs_no_form(school: School) -> None:
    assert school.as_("tess").post("/api/v1/unblocks", json=an_ask()).status_code == 201


@pytest.mark.parametrize(
    "given", ["Bearer", "Bearer ", "Bearer nonsense", "Basic dGVycnk6eA==", "bearer \x01"]
)
def test_what_is_no_token_of_ours_signs_nobody_in(school: School, given: str) -> None:
    answer = school.nobody(headers={"Authorization": given}).get("/api/v1/session")

    problem_of(answer, 401, "not-signed-in")
    assert answer.headers["www-authenticate"] == "Bearer"

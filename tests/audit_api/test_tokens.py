"""Tokens at the window: made once, shown once, refused at once when anything of them is over."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from audit_log.db import writing
from audit_log.people import change_person
from change_control.tightening import suspend
from filter_policy.model import Role
from tests.audit_api.factored import shown, telephone_of, wants_factors
from tests.audit_api.school import School, an_ask, console_password, fields_of, problem_of, proxy_password
from tests.audit_api.test_console import visible
from tests.audit_api.test_filtering_log import record

BODY = {"name": "the wall screen", "scopes": ["changes:read", "metrics"], "days": 30}


def own(username: str) -> str:
    """What they sign in with."""
    return proxy_password(username) if username == "tess" else console_password(username)


def made(school: School, username: str = "terry", **changes: Any) -> dict[str, Any]:
    answer = school.as_(username).post("/api/v1/tokens", json=BODY | {"password": own(username)} | changes)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def program(school: School, token: str, address: str = "127.9.0.1") -> TestClient:
    headers = {"Authorization": f"Bearer {token}"}
    return TestClient(school.app, raise_server_exceptions=False, headers=headers, client=(address, 5000))


def test_a_token_is_shown_once_and_then_listed_without_it(school: School) -> None:
    one = made(school)
    client = program(school, one["token"])
    assert client.get("/api/v1/changes").status_code == 200

    listed = school.as_("terry").get("/api/v1/tokens")

    assert one["token"] not in listed.text
    assert [row["id"] for row in listed.json()["rows"]] == [one["id"]]
    assert listed.json()["rows"][0]["last_used_at"] is not None
    assert school.events()[-1] == "token:create"


def test_only_who_may_approve_sees_and_revokes_the_tokens_of_others(school: School) -> None:
    one = made(school, "gail", scopes=["changes:read"])

    problem_of(school.as_("gail").get("/api/v1/tokens?everybody=true"), 403, "wrong-role")
    problem_of(school.as_("tess").delete(f"/api/v1/tokens/{one['id']}"), 404, "not-found")
    assert school.as_("cora").get("/api/v1/tokens?everybody=true").json()["rows"][0]["id"] == one["id"]
    assert school.as_("cora").delete(f"/api/v1/tokens/{one['id']}").status_code == 204
    problem_of(program(school, one["token"]).get("/api/v1/changes"), 401, "not-signed-in")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": ["unblocks:approve"]}, "scopes"),
        ({"days": 366}, "days"),
        ({"addresses": ["x"]}, "addresses"),
    ],
)
def test_what_is_wrong_with_a_token_is_named(school: School, changes: dict[str, Any], field: str) -> None:
    told = problem_of(
        school.as_("terry").post("/api/v1/tokens", json=BODY | {"password": own("terry")} | changes),
        422,
        "bad-input",
    )

    assert set(fields_of(told)) == {field}


def test_a_token_works_from_its_networks_alone(school: School) -> None:
    one = made(school, addresses=["127.9.0.0/24"])

    assert program(school, one["token"]).get("/api/v1/changes").status_code == 200
    problem_of(program(school, one["token"], "127.8.0.1").get("/api/v1/changes"), 401, "not-signed-in")


def test_a_token_ends_with_its_time_a_suspension_and_another_role(school: School) -> None:
    client = program(school, made(school, "cora", scopes=["changes:read"])["token"])
    with writing(school.desk.engine) as conn:
        change_person(conn, school.person("cora").id, role=Role.GOVERNOR)
    problem_of(client.get("/api/v1/changes"), 401, "not-signed-in")
    with writing(school.desk.engine) as conn:
        change_person(conn, school.person("cora").id, role=Role.COORDINATOR)
    assert client.get("/api/v1/changes").status_code == 200

    suspend(school.desk, school.actor("terry"), school.person("cora").id, None, "why", school.clock.now)
    problem_of(client.get("/api/v1/changes"), 401, "not-signed-in")


def test_a_token_of_thirty_days_is_none_after_them(school: School) -> None:
    client = program(school, made(school, "gail", scopes=["changes:read"])["token"])

    school.clock.forward(days=29)
    assert client.get("/api/v1/changes").status_code == 200
    school.clock.forward(days=1)
    problem_of(client.get("/api/v1/changes"), 401, "not-signed-in")


def test_a_token_does_nothing_while_its_owner_must_do_something_first(school: School) -> None:
    client = program(school, made(school)["token"])
    with writing(school.desk.engine) as conn:
        change_person(conn, school.person("terry").id, console_must_change=True)
    problem_of(client.get("/api/v1/changes"), 403, "password-must-change")
    with writing(school.desk.engine) as conn:
        change_person(conn, school.person("terry").id, console_must_change=False)

    wants_factors(school)
    problem_of(client.get("/api/v1/changes"), 403, "second-factor-needed")


def test_a_token_and_the_cookie_together_are_refused(school: School) -> None:
    browser, _ = school.browser("terry")

    answer = browser.get("/api/v1/changes", headers={"Authorization": f"Bearer {made(school)['token']}"})
    problem_of(answer, 400, "bad-request")
    session, _ = school.token("hedy")
    answer = browser.get("/api/v1/changes", headers={"Authorization": f"Bearer {session}"})
    problem_of(answer, 400, "bad-request")


def test_figures_may_be_asked_for_without_a_token_and_with_one_that_is_right(school: School) -> None:
    good, other = made(school), made(school, scopes=["changes:read"])

    assert school.nobody().get("/metrics").status_code == 200
    assert program(school, good["token"]).get("/metrics").status_code == 200
    problem_of(program(school, other["token"]).get("/metrics"), 403, "wrong-scope")
    school.as_("terry").delete(f"/api/v1/tokens/{good['id']}")
    problem_of(program(school, good["token"]).get("/metrics"), 401, "not-signed-in")


def test_reading_by_name_with_a_token_leaves_a_line_with_the_person_and_the_token(school: School) -> None:
    record(school, "anna", 1)
    one = made(school, scopes=["filtering-log:read"])
    asked = {"names": "yes", "purpose": "a weekly review"}

    assert program(school, one["token"]).get("/api/v1/filtering-log", params=asked).status_code == 200

    line = school.as_("gail").get("/api/v1/changes").json()["rows"][0]
    assert line["event"] == "filtering-log:read"
    assert line["actor"]["name"] == "Terry Tyler"
    assert line["detail"]["by_token"] == one["id"]


def test_a_site_is_asked_for_with_a_token_and_agreed_to_by_people_alone(school: School) -> None:
    made_of = made(school, "tess", scopes=["unblocks:ask"])
    client = program(school, made_of["token"])
    asked = client.post("/api/v1/unblocks", json=an_ask())
    assert asked.status_code == 201, asked.text

    for verb in ("approve", "decline", "revoke", "withdraw"):
        answer = client.post(f"/api/v1/unblocks/{asked.json()['id']}/{verb}", json={"reason": "x"})
        problem_of(answer, 403, "wrong-scope")
    approved = school.as_("terry").post(f"/api/v1/unblocks/{asked.json()['id']}/approve", json={})
    assert approved.status_code == 200
    assert school.desk.published.unproven is None  # it reaches the gates
    lines = school.as_("gail").get("/api/v1/changes").json()["rows"]
    (told,) = [line for line in lines if line["event"] == "unblock:propose"]
    assert told["texts"]["by_token"] == made_of["id"]
    assert school.as_("gail").get("/api/v1/changes/verify").json()["whole"]


def test_a_program_never_makes_itself_another_token(school: School) -> None:
    client = program(school, made(school)["token"])

    problem_of(client.post("/api/v1/tokens", json=BODY), 403, "wrong-scope")
    problem_of(client.get("/tokens"), 403, "wrong-scope")


def test_another_console_password_ends_the_tokens_and_another_browsing_password_does_not(
    school: School,
) -> None:
    one = program(school, made(school)["token"])
    own = school.as_("terry")
    proxy = {"which": "proxy", "old": proxy_password("terry"), "new": "six-plum-puddings"}
    console = {"which": "console", "old": console_password("terry"), "new": "nine-plum-puddings"}
    if school.person("terry").password_hash is None:
        proxy["old"] = console["old"]

    assert own.post("/api/v1/password", json=proxy).status_code == 204
    assert one.get("/api/v1/changes").status_code == 200
    assert own.post("/api/v1/password", json=console).status_code == 204
    problem_of(one.get("/api/v1/changes"), 401, "not-signed-in")
    assert school.events()[-2:] == ["password:change", "token:revoke"]


def test_a_found_session_makes_no_token_without_the_password_and_a_code(school: School) -> None:
    secret = telephone_of(school, "terry")
    terry = school.as_("terry")
    asked = BODY | {"password": own("terry")}

    assert set(fields_of(problem_of(terry.post("/api/v1/tokens", json=BODY), 422, "bad-input"))) == {
        "password"
    }
    problem_of(terry.post("/api/v1/tokens", json=asked), 401, "code-needed")
    problem_of(terry.post("/api/v1/tokens", json=asked | {"code": "000000"}), 401, "wrong-code")
    assert terry.post("/api/v1/tokens", json=asked | {"code": shown(school, secret)}).status_code == 201


def test_the_page_makes_shows_once_and_revokes(school: School) -> None:
    browser, csrf = school.browser("terry")
    form = {"csrf": csrf, "name": "the wall screen", "scope": ["changes:read"], "days": "30", "addresses": ""}
    form["password"] = own("terry")
    answer = browser.post("/tokens", data=form)
    assert answer.status_code == 201
    told = visible(answer.text)
    assert "shown now and never again" in told
    assert "sg_" in told

    page = browser.get("/tokens").text
    assert "sg_" not in visible(page)
    (token_id,) = {row["id"] for row in school.as_("terry").get("/api/v1/tokens").json()["rows"]}
    assert browser.post(f"/tokens/{token_id}/revoke", data={"csrf": csrf}).status_code == 303
    assert "Revoked" in visible(browser.get("/tokens").text)


def test_the_page_names_what_is_wrong_and_keeps_what_was_typed(school: School) -> None:
    browser, csrf = school.browser("gail")
    answer = browser.post(
        "/tokens",
        data={"csrf": csrf, "name": "kept", "days": "9999", "addresses": "x", "password": own("gail")},
    )

    assert answer.status_code == 422
    assert 'value="kept"' in answer.text
    assert "At most 365." in visible(answer.text)
    assert "ask why a site is blocked" not in visible(answer.text)

"""Who may use which route, for every role and every route the app has (S81)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from audit_api.app import create_app
from audit_api.guard import GuardedRoute
from audit_api.rights import BEFORE_PASSWORD_CHANGE, BEFORE_SECOND_FACTOR, PUBLIC, RIGHTS, may
from audit_log.db import writing
from audit_log.people import change_person
from filter_policy.model import Role
from tests.audit_api.school import BY_ROLE, School, open_desk, problem_of
from tests.builders import NOON


def routes() -> Iterator[str]:
    """Every method and path that the app answers; nothing of the school is touched to find them."""
    app = create_app(open_desk(Path("nowhere")))
    for context in iter_route_contexts(app.routes):
        for method in context.methods or ("?",):
            yield f"{method} {context.path}"


ROUTES = sorted(set(routes()))
WITH_CONSOLE = [role for role in BY_ROLE if role not in ("pupil", "guest", "community")]
ENDING = ("DELETE /api/v1/session", "POST /sign-out")
CLOSED = [route for route in ROUTES if RIGHTS.get(route) != PUBLIC]


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(ROUTES) == set(RIGHTS)


def test_every_route_goes_through_the_guard(school: School) -> None:
    kinds = {type(context.original_route) for context in iter_route_contexts(school.app.routes)}

    assert kinds == {GuardedRoute}


def test_a_route_without_a_row_is_open_to_nobody() -> None:
    assert not any(may("GET /api/v1/forgotten", role) for role in [*Role, None])


def test_what_works_before_a_password_change_are_routes_of_ours() -> None:
    assert set(ROUTES) >= BEFORE_SECOND_FACTOR > BEFORE_PASSWORD_CHANGE


def test_pupils_guests_and_the_community_have_no_console() -> None:
    for role in (Role.PUPIL, Role.GUEST, Role.COMMUNITY):
        assert not [route for route in CLOSED if may(route, role)]


def test_a_governor_changes_a_password_of_his_own_and_signs_for_what_he_read_and_no_more() -> None:
    changing = [route for route in CLOSED if not route.startswith("GET") and may(route, Role.GOVERNOR)]

    assert set(changing) == {
        "DELETE /api/v1/session",
        "POST /api/v1/password",
        "POST /password",
        "POST /sign-out",
        "DELETE /api/v1/sessions",
        "POST /account/sign-out",
        *(f"POST {api}/second-factor{what}" for api in ("/api/v1", "") for what in ("", "/clear")),
        "POST /api/v1/second-factor/begin",
        *("POST /api/v1/tokens", "DELETE /api/v1/tokens/{id}", "POST /tokens", "POST /tokens/{id}/revoke"),
        *(f"POST {api}/changes/{what}" for api in ("/api/v1", "") for what in ("seen", "reviews")),
        *(f"POST {api}/reviews/{{id}}/sign" for api in ("/api/v1", "")),
        *(f"POST {api}/incidents/review" for api in ("/api/v1", "")),
        *("POST /api/v1/incidents/reports", "POST /incidents/report"),
    }


@pytest.mark.parametrize("role", BY_ROLE)
def test_the_wrong_role_is_refused_on_every_route(school: School, role: str) -> None:
    client = school.as_(BY_ROLE[role])
    for route in CLOSED:
        method, path = route.split(" ")
        if may(route, Role(role)):
            continue
        answer = client.request(method, filled(path), json={})
        problem_of(answer, 403, "wrong-role")


@pytest.mark.parametrize("role", BY_ROLE)
def test_the_right_role_is_let_in_on_every_route(school: School, role: str) -> None:
    for route in CLOSED:
        method, path = route.split(" ")
        if not may(route, Role(role)) or route == "POST /sign-out":
            continue
        answer = school.as_(BY_ROLE[role]).request(method, filled(path), json={})
        assert answer.status_code not in (401, 403, 500), (route, answer.text)


def test_who_is_not_signed_in_is_told_so_on_every_route(school: School) -> None:
    for route in CLOSED:
        problem_of(asked(school.nobody(), route), 401, "not-signed-in")


def test_every_route_of_the_openapi_has_a_row_and_the_other_way_round() -> None:
    told = create_app(open_desk(Path("nowhere"))).openapi()["paths"]
    there = {f"{method.upper()} {path}" for path, methods in told.items() for method in methods}

    assert there <= set(RIGHTS)
    assert {route for route in RIGHTS if " /api/" in route} <= there


def test_what_is_public_asks_nobody_who_they_are(school: School) -> None:
    for route in sorted(set(ROUTES) - set(CLOSED)):
        answer = asked(school.nobody(), route)
        wrong_password = route in ("POST /sign-in", "POST /sign-in/code") and answer.status_code == 401
        assert wrong_password or answer.status_code not in (401, 403, 500), (route, answer.text)


@pytest.mark.parametrize("role", WITH_CONSOLE)
def test_who_must_choose_a_password_first_does_nothing_else(school: School, role: str) -> None:
    client = school.as_(BY_ROLE[role])
    changed(school, BY_ROLE[role], console_must_change=True, password_must_change=True)
    for route in CLOSED:
        if route in BEFORE_PASSWORD_CHANGE and route not in ENDING:
            assert asked(client, route).status_code not in (401, 403, 500), route
        elif route not in BEFORE_PASSWORD_CHANGE:
            wanted = "password-must-change" if may(route, Role(role)) else "wrong-role"
            problem_of(asked(client, route), 403, wanted)


@pytest.mark.parametrize("how", [{"suspended_from": NOON}, {"ends_at": NOON}, {"agreement_signed": False}])
@pytest.mark.parametrize("role", WITH_CONSOLE)
def test_who_may_not_act_at_all_has_no_console(school: School, role: str, how: dict[str, Any]) -> None:
    """Even with a session that nobody ended."""
    client = school.as_(BY_ROLE[role])
    changed(school, BY_ROLE[role], **how)
    for route in CLOSED if "suspended_from" in how else CLOSED[::9]:
        problem_of(asked(client, route), 401, "not-signed-in")


def changed(school: School, username: str, **columns: Any) -> None:
    with writing(school.desk.engine) as conn:
        change_person(conn, school.person(username).id, **columns)


def asked(client: Any, route: str) -> Any:
    method, path = route.split(" ")
    return client.request(method, filled(path), json={})


def test_an_unreadable_body_does_not_come_before_the_question_of_rights(school: School) -> None:
    headers = {"Content-Type": "application/json"}
    answer = school.nobody().post("/api/v1/unblocks", content=b"{", headers=headers)

    problem_of(answer, 401, "not-signed-in")


def filled(path: str) -> str:
    """What would go on for a quarter of an hour is asked with a word that it does not know."""
    endless = "?limit=1" if path.endswith("/tail") else ""
    return re.sub(r"{\w+}", "0123456789abcdef", path) + endless

"""What a token may ask for: every route with every scope, and nothing that takes a person's word."""

import re

import pytest
from starlette.testclient import TestClient

from audit_api.rights import PUBLIC, RIGHTS, may
from audit_api.scopes import ANY_TOKEN, OPENS, opens
from change_control.tokens import SCOPES, Wanted, make_token
from filter_policy.model import Role
from tests.audit_api.school import BY_ROLE, School, problem_of
from tests.audit_api.test_rights import CLOSED, ROUTES, filled

WORDS = re.compile(
    r"approve|decline|withdraw|revoke|sign|suspend|end|release|rollback|enrol|password|session|token"
)

# What a program may write: it asks, or tells, and nothing of it is anybody's agreement.
SAYS_NO_MORE = (
    *("POST /api/v1/unblocks", "POST /api/v1/unblocks/check"),
    *("POST /api/v1/incidents", "POST /api/v1/incidents/{id}/notes"),
)


def token(school: School, username: str, *scopes: str) -> str:
    wanted = Wanted("a test", scopes, 30)
    return make_token(school.desk, school.actor(username), wanted, school.clock.now).token


def program(school: School, username: str, *scopes: str) -> TestClient:
    return school.nobody(headers={"Authorization": f"Bearer {token(school, username, *scopes)}"})


def test_every_scope_opens_routes_of_ours_and_every_scope_is_known() -> None:
    assert set(OPENS) == set(SCOPES)
    assert set(ROUTES) >= {route for routes in OPENS.values() for route in routes} | ANY_TOKEN


@pytest.mark.parametrize("scope", OPENS)
def test_whoever_may_give_a_scope_may_use_some_of_it_themselves(scope: str) -> None:
    for role in SCOPES[scope]:
        assert any(may(route, role) for route in OPENS[scope] if RIGHTS[route] != PUBLIC), role


@pytest.mark.parametrize("route", ROUTES)
def test_no_scope_opens_what_takes_a_persons_word(route: str) -> None:
    method, path = route.split(" ")
    changes = method not in ("GET", "HEAD")
    in_the_console = not path.startswith(("/api/", "/metrics"))
    for scope in OPENS:
        if opens((scope,), route):
            assert not in_the_console
            assert not changes or route in SAYS_NO_MORE, route
            assert not (changes and WORDS.search(path)), route


def test_what_is_kept_about_one_person_and_who_is_on_the_register_has_no_scope() -> None:
    for route in ROUTES:
        if any(
            word in route
            for word in ("/people", "/access", "/aside", "/tokens", "/second-factor", "/corrections")
        ):
            assert not opens(tuple(OPENS), route), route


@pytest.mark.parametrize("scope", OPENS)
def test_a_token_is_let_in_where_its_scope_and_its_owner_are_and_nowhere_else(
    school: School, scope: str
) -> None:
    """Every route, cell by cell, as somebody who may do nearly everything."""
    username = next(BY_ROLE[role] for role in ("technician", "staff") if role in SCOPES[scope])
    role = school.person(username).role
    client = program(school, username, scope)
    for route in CLOSED:
        method, path = route.split(" ")
        if opens((scope,), route) and may(route, role):
            answer = client.request(method, filled(path), json={})
            assert answer.status_code not in (401, 403, 500), (route, answer.text)
        elif opens((scope,), route):
            problem_of(client.request(method, filled(path), json={}), 403, "wrong-role")
        else:
            problem_of(client.request(method, filled(path), json={}), 403, "wrong-scope")


def test_a_token_may_never_more_than_its_owner(school: School) -> None:
    client = program(school, "tess", "unblocks:read", "policy:read")

    assert client.get("/api/v1/policy").status_code == 200
    problem_of(client.get("/api/v1/policy/history"), 403, "wrong-role")
    assert client.get("/api/v1/session").json()["username"] == "tess"


def test_a_governor_gets_no_names_with_a_token_either(school: School) -> None:
    client = program(school, "gail", "filtering-log:read")

    assert client.get("/api/v1/filtering-log").status_code == 200
    assert client.get("/api/v1/filtering-log?names=true&purpose=x").status_code in (403, 422)
    assert not may("GET /api/v1/explain", Role.GOVERNOR)

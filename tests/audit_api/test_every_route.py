"""Every route and page: what each answer carries, who may send its form, and that looking changes nothing."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select

from audit_api.headers import OWN_SCRIPT, SECURITY
from audit_api.rights import RIGHTS, may
from audit_log.db import reading
from filter_policy.model import Role
from tests.audit_api.school import BY_ROLE, School

ROUTES = sorted(RIGHTS)
GETS = [route for route in ROUTES if route.startswith("GET")]
CHANGING = [route for route in ROUTES if not route.startswith(("GET ", "HEAD "))]
STATIC = ("icon.svg", "live.js", "style.css")
# Looking at these is itself told of in the change log (S17): whose browsing, and who read it.
LOOKED_AT = frozenset(
    {
        "GET /api/v1/filtering-log/export",
        "GET /api/v1/filtering-log/tail",
        "GET /api/v1/people/{id}/access",
        "GET /data-protection/access",
        "GET /api/v1/incidents/{id}/evidence/{evidence}",
        "GET /api/v1/incidents/{id}/files/{file}",
        "GET /incidents/{id}/evidence/{evidence}",
        "GET /incidents/{id}/files/{file}",
    }
)
SOME = [*((role, BY_ROLE[role]) for role in ("headteacher", "governor", "pupil")), ("nobody", "")]


def address(route: str) -> str:
    path = route.partition(" ")[2].replace("/static/{name}", "/static/style.css").replace("{slug}", "stale")
    path = path.replace("/verify/{name}", "/verify/verify.html").replace("{seq}", "1").replace("{size}", "1")
    return re.sub(r"{\w+}", "x", path) + ("?limit=1" if path.endswith("/tail") else "")


def test_every_answer_to_everybody_carries_every_header(school: School) -> None:
    """What may be kept by a browser is public and the same for everybody."""
    for role, username in SOME:
        client = school.browser(username)[0] if username else school.nobody()
        for route in ROUTES:
            method, path = route.split(" ")[0], address(route)
            if route in ("POST /sign-out", "DELETE /api/v1/session"):
                continue
            headers = client.request(method, path).headers
            told = {name: headers.get(name.lower()) for name in SECURITY}
            allowed = [dict(SECURITY), {**SECURITY, **OWN_SCRIPT}, _told(route, headers)]
            assert told in allowed, (role, route)
            kept = headers["cache-control"] != "no-store"
            assert not kept or route == "GET /static/{name}", (role, route)


def _told(route: str, headers: Mapping[str, str]) -> dict[str, str | None]:
    """The checker that somebody downloads is one page with its own script, which is named by its hash."""
    policy = headers.get("content-security-policy", "")
    if route != "GET /verify/{name}" or "sha256-" not in policy:
        return {}
    return {**SECURITY, "Content-Security-Policy": policy}


@pytest.mark.parametrize("word", ["default-src 'self'", "object-src 'none'", "base-uri 'none'"])
def test_nothing_is_loaded_from_outside_and_nobody_frames_us(word: str) -> None:
    for policy in (SECURITY["Content-Security-Policy"], OWN_SCRIPT["Content-Security-Policy"]):
        assert word in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert not re.search(r"unsafe|https?:|\*|data:", policy)


def test_no_page_has_a_script_or_a_style_of_its_own() -> None:
    for template in Path("audit_api/templates").iterdir():
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=\"/static/)", text), template.name
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", text), template.name
        assert not re.search(r"(src|href)=\"(https?:)?//", text), template.name


@pytest.mark.parametrize("name", STATIC)
def test_what_is_the_same_for_everybody_is_kept_for_a_while(school: School, name: str) -> None:
    answer = school.nobody().get(f"/static/{name}")

    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "set-cookie" not in answer.headers


ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.test"},
    {"Origin": "null"},
    {"Origin": "http://testserver:81"},
]


@pytest.mark.parametrize("number", range(len(ELSEWHERE)))
def test_no_form_of_another_site_is_taken_on_any_route(school: School, number: int) -> None:
    """Even with the cookie, and with the token that our own form would have sent."""
    for role, username in (SOME[0], SOME[-1]):
        client, csrf = school.browser(username) if username else (school.nobody(), "")
        client.headers.pop("sec-fetch-site", None)
        for route in CHANGING:
            answer = client.request(
                route.split(" ")[0], address(route), headers=ELSEWHERE[number], data={"csrf": csrf}
            )
            assert answer.status_code == 403, (role, route, answer.status_code)


def test_a_cookie_alone_changes_nothing_on_any_route(school: School) -> None:
    """Without the form's token; over the API not even with it."""
    client, csrf = school.browser("hedy")
    for route in CHANGING:
        method, path = route.split(" ")[0], address(route)
        if RIGHTS[route] == "public":
            continue
        wanted = {401, 403} if path.startswith("/api/") else {403}
        assert client.request(method, path, data={"reason": "x"}).status_code in wanted, route
        if path.startswith("/api/") and may(route, Role.HEADTEACHER):
            answer = client.request(method, path, data={"csrf": csrf})
            assert answer.status_code == 401, route


def everything(school: School) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, without how lately a session was used."""
    meta, found = MetaData(), {}
    with reading(school.desk.engine) as conn:
        meta.reflect(conn)
        for name, table in meta.tables.items():
            columns = [each for each in table.columns if each.name not in ("used_at", "last_used_at")]
            found[name] = sorted(map(tuple, conn.execute(select(*columns))), key=repr)
    return found


def test_whoever_looks_at_whatever_there_is_changes_nothing(school: School) -> None:
    """But that they looked, where somebody's browsing is told."""
    clients = [school.as_(username) if username else school.nobody() for _, username in SOME]
    before = everything(school)
    files = sorted(path.name for path in (school.desk.state / "bundle").iterdir())
    for route in GETS:
        if route in LOOKED_AT:
            continue
        for client in clients:
            client.get(address(route))
    after = everything(school)
    assert {name for name in after if after[name] != before[name]} == set()
    assert sorted(path.name for path in (school.desk.state / "bundle").iterdir()) == files


def test_what_is_told_of_when_it_is_looked_at_are_routes_of_ours() -> None:
    assert set(GETS) >= LOOKED_AT

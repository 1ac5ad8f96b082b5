"""The console: every page for every role, and the same rules as over the API."""

import re
from html import unescape

import pytest

from audit_api.pages import MENU, is_local
from audit_api.rights import PUBLIC, RIGHTS, may
from filter_policy.model import Role
from tests.audit_api.school import BY_ROLE, School, an_ask, console_password

PAGES = sorted(
    route.removeprefix("GET ")
    for route, who in RIGHTS.items()
    if route.startswith("GET /") and "/api/" not in route and "{" not in route and who != PUBLIC
)
HOSTILE = "<script>alert(1)</script>\"'"


def visible(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize("role", ["staff", "technician", "coordinator", "headteacher", "governor"])
def test_every_page_a_role_may_open_is_a_whole_page(school: School, role: str) -> None:
    browser, _ = school.browser(BY_ROLE[role])
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    for path in PAGES:
        if not may(f"GET {path}", Role(role)):
            continue
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert answer.text.count("<h1") == 1, path
        assert '<html lang="en-GB">' in answer.text
        assert "<script" not in answer.text
        assert "style=" not in answer.text


def test_every_field_of_every_page_has_a_label(school: School) -> None:
    browser, _ = school.browser("terry")
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    for path in PAGES:
        page = browser.get(path).text
        labels = set(re.findall(r'<label for="([^"]+)"', page))
        fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", page)
        named = [re.search(r'\bid="([^"]+)"', field) for field in fields if 'type="hidden"' not in field]
        assert not [found for found in named if found is None], path
        assert {found[1] for found in named if found} <= labels, path
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), path


def test_the_menu_shows_what_a_role_may_open_and_no_more(school: School) -> None:
    for role in ("staff", "technician", "governor"):
        page = school.browser(BY_ROLE[role])[0].get("/").text
        menu = page.partition('<nav class="main"')[2].partition("</nav>")[0]
        shown = set(re.findall(r'href="([^"]+)"', menu))
        assert shown == {href for href, _ in MENU if may(f"GET {href}", Role(role))}


def test_who_is_not_signed_in_is_led_to_the_door_and_back(school: School) -> None:
    browser = school.nobody(headers={"Accept": "text/html"})
    led = browser.get("/changes?event=unblock%3A")
    assert (led.status_code, led.headers["location"]) == (
        303,
        "/sign-in?next=/changes%3Fevent%3Dunblock%253A",
    )

    form = {"username": "gail", "password": console_password("gail"), "next": "/changes?event=unblock%3A"}
    signed_in = browser.post("/sign-in", data=form)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, form["next"])
    assert browser.get("/").status_code == 200


def test_the_cookie_is_for_this_console_alone(school: School) -> None:
    form = {"username": "gail", "password": console_password("gail")}
    cookie = school.nobody().post("/sign-in", data=form).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie

    behind_tls = School(school.desk, school.clock, dev_http=False)
    cookie = behind_tls.nobody().post("/sign-in", data=form).headers["set-cookie"]
    assert cookie.startswith("__Host-schoolgate=")
    assert "Secure" in cookie.split("; ")


@pytest.mark.parametrize(
    "next_", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "\t/x", ""]
)
def test_signing_in_leads_to_no_other_site(school: School, next_: str) -> None:
    form = {"username": "gail", "password": console_password("gail"), "next": next_}

    assert school.nobody().post("/sign-in", data=form).headers["location"] == "/"
    assert not is_local(next_)


def test_a_wrong_password_is_told_on_the_page(school: School) -> None:
    browser = school.nobody(headers={"Accept": "text/html"})
    answer = browser.post("/sign-in", data={"username": HOSTILE, "password": "wrong-wrong-wrong"})

    assert answer.status_code == 401
    assert "wrong" in visible(answer.text)
    assert HOSTILE not in answer.text


def test_signing_out_ends_the_session_and_takes_the_cookie(school: School) -> None:
    browser, csrf = school.browser("gail")
    answer = browser.post("/sign-out", data={"csrf": csrf})

    assert answer.headers["location"] == "/sign-in?done=signed-out"
    assert 'schoolgate=""' in answer.headers["set-cookie"]
    assert browser.get("/").status_code == 303


def test_the_wrong_role_sees_a_page_that_says_so(school: School) -> None:
    answer = school.browser("tess")[0].get("/filtering-log")

    assert answer.status_code == 403
    assert "Your role may not do this" in visible(answer.text)


def test_a_password_that_must_be_changed_comes_before_everything(school: School) -> None:
    browser, csrf = school.browser("gail")
    school.clock.forward(days=181)
    browser, csrf = school.browser("gail")
    assert browser.get("/changes").headers["location"] == "/password"
    assert "choose a new one" in visible(browser.get("/password").text)

    new = "nine-quiet-rivers"
    form = {"csrf": csrf, "which": "console", "old": console_password("gail"), "new": new, "again": new}
    assert "is not the same" in browser.post("/password", data=form | {"again": "x"}).text
    assert browser.post("/password", data=form).headers["location"] == "/?done=password"
    assert browser.get("/changes").status_code == 200


def test_what_people_write_is_shown_and_never_run(school: School) -> None:
    made = school.as_("tess").post("/api/v1/unblocks", json=an_ask(subject=HOSTILE, reason=HOSTILE)).json()
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/decline", json={"reason": HOSTILE})
    for username, path in (
        ("tess", "/unblocks/mine"), ("tess", f"/unblocks/{made['id']}"), ("gail", "/changes"),
        ("gail", f"/changes?actor={HOSTILE}"), ("terry", f"/explain?user={HOSTILE}&url=x"),
        ("terry", f"/filtering-log?host={HOSTILE}"), ("terry", f"/people?search={HOSTILE}"),
        ("tess", f"/unblocks/ask?sites={HOSTILE}"), ("tess", f"/?done={HOSTILE}"),
    ):  # fmt: skip
        page = school.browser(username)[0].get(path).text
        assert "<script" not in page, path
        assert "alert(1)</script>" not in page, path

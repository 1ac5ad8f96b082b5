"""Nothing that anybody sends is answered with an error of ours."""

import base64
import json
from typing import Any

import pytest

from audit_api.rights import RIGHTS
from audit_log.change_log import append
from audit_log.db import writing
from tests.audit_api.school import School, an_ask, fields_of, problem_of

LISTS = ("/api/v1/unblocks", "/api/v1/policy/proposals", "/api/v1/people/proposals")
FAR = (
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01",
    "0900-01-01T00:00:00Z",
    "9999-12-31",
)
ODD = ("\ud800", "a\0b", "\udfff!")
PERSON = {"username": "nina", "name": "Nina", "role": "guest", "filter_groups": ["guests"]}


def sent(school: School, username: str, route: str, body: Any) -> Any:
    """As JSON that spells what UTF-8 cannot."""
    method, path = route.split()
    headers = {"Content-Type": "application/json"}
    return school.as_(username).request(method, path, content=json.dumps(body).encode(), headers=headers)


@pytest.mark.parametrize("at", FAR)
@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_at_the_end_of_time_is_named(school: School, path: str, at: str) -> None:
    cursor = base64.urlsafe_b64encode(f"{at}|x".encode()).decode().rstrip("=")
    answer = school.as_("terry").get(path, params={"cursor": cursor})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"cursor"}


@pytest.mark.parametrize("at", FAR)
def test_a_cursor_of_the_filtering_log_at_the_end_of_time_is_named(school: School, at: str) -> None:
    answer = school.as_("terry").get("/api/v1/filtering-log", params={"cursor": f"{at}~x"})
    page = school.browser("terry")[0].get("/filtering-log", params={"cursor": f"{at}~x"})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"cursor"}
    assert page.status_code == 422
    mine = base64.urlsafe_b64encode(f"{at}|x".encode()).decode().rstrip("=")
    assert school.browser("tess")[0].get("/unblocks/mine", params={"cursor": mine}).status_code == 422


@pytest.mark.parametrize("at", FAR)
def test_a_time_out_of_bounds_is_named(school: School, at: str) -> None:
    wanted = {"user": "anna", "url": "bet.test", "at": at}
    assert set(
        fields_of(problem_of(school.as_("terry").get("/api/v1/explain", params=wanted), 422, "bad-input"))
    ) == {"at"}
    assert school.browser("terry")[0].get("/explain", params=wanted).status_code == 422
    for path in ("/api/v1/filtering-log", "/api/v1/changes"):
        told = school.as_("terry").get(path, params={"from": at})
        assert set(fields_of(problem_of(told, 422, "bad-input"))) == {"from"}
    for field in ("starts_at", "ends_at"):
        told = school.as_("tess").post("/api/v1/unblocks", json=an_ask(**{field: at}))
        assert field in fields_of(problem_of(told, 422, "bad-input"))
        body: dict[str, Any] = {"rows": [{**PERSON, field: at}], "reason": "x"}
        told = school.as_("terry").post("/api/v1/people/proposals", json=body)
        assert set(fields_of(problem_of(told, 422, "bad-input"))) == {f"rows[0].{field}"}
        sheet = f"username,name,role,filter_groups,{field}\nnina,Nina,guest,guests,{at}\n"
        told = school.as_("terry").post("/api/v1/people/proposals", json={"csv": sheet, "reason": "x"})
        assert set(fields_of(problem_of(told, 422, "bad-input"))) == {f"line 2.{field}"}
    suspended = f"/api/v1/people/{school.person('ben').id}/suspend"
    assert school.as_("cora").post(suspended, json={"reason": "x", "until": at}).status_code == 422


def test_a_form_with_a_day_out_of_bounds_is_shown_again(school: School) -> None:
    browser, csrf = school.browser("tess")
    form = {
        "csrf": csrf,
        "sites": "bet.test",
        "classes": "6B",
        "starts": "10:00",
        "ends": "11:00",
        "subject": "x",
        "reason": "x",
    }
    for day in ("0001-01-01", "9999-12-31"):
        assert browser.post("/unblocks/ask", data={**form, "day": day}).status_code == 422


BODIES: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("tess", "POST /api/v1/unblocks", an_ask(), "sites"),
    ("tess", "POST /api/v1/unblocks", an_ask(), "reason"),
    ("tess", "POST /api/v1/unblocks", an_ask(), "subject"),
    ("tess", "POST /api/v1/unblocks", an_ask(), "starts_at"),
    ("tess", "POST /api/v1/openings", {"class": "6B", "minutes": 5, "reason": "x"}, "class"),
    ("tess", "POST /api/v1/openings", {"class": "6B", "minutes": 5, "reason": "x"}, "reason"),
    ("terry", "POST /api/v1/policy/proposals", {"text": "x", "reason": "x"}, "text"),
    ("terry", "POST /api/v1/policy/proposals", {"text": "x", "reason": "x"}, "reason"),
    ("terry", "POST /api/v1/people/proposals", {"csv": "x", "reason": "x"}, "csv"),
    ("terry", "POST /api/v1/session", {"username": "terry", "password": "x"}, "username"),
    ("terry", "POST /api/v1/session", {"username": "terry", "password": "x"}, "password"),
    ("terry", "POST /api/v1/enrolment", {"code": "x", "password": "x"}, "code"),
    ("terry", "POST /api/v1/password", {"which": "proxy", "old": "x", "new": "x"}, "new"),
    ("terry", "POST /api/v1/browsing-password", {"username": "x", "old": "x", "new": "x"}, "username"),
)


@pytest.mark.parametrize(("username", "route", "body", "field"), BODIES)
@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_stored_is_named(  # noqa: PLR0917  # the columns of BODIES
    school: School, username: str, route: str, body: dict[str, Any], field: str, odd: str
) -> None:
    assert route in RIGHTS
    value: Any = [odd] if isinstance(body[field], list) else odd
    answer = sent(school, username, route, {**body, field: value})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {field}


@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_stored_is_named_within_a_body_too(school: School, odd: str) -> None:
    asked = sent(school, "tess", "POST /api/v1/unblocks", an_ask(**{"for": {"classes": [odd]}}))
    rows = {"rows": [{**PERSON, "name": odd, "classes": [odd]}], "reason": "x"}
    proposed = sent(school, "terry", "POST /api/v1/people/proposals", rows)

    assert set(fields_of(problem_of(asked, 422, "bad-input"))) == {"for.classes"}
    assert set(fields_of(problem_of(proposed, 422, "bad-input"))) == {"rows.0.name", "rows.0.classes"}


@pytest.mark.parametrize("charset", ["utf-8", "utf-7"])
def test_a_form_with_what_cannot_be_stored_is_shown_again_or_refused(school: School, charset: str) -> None:
    odd = {"utf-8": b"a\0b", "utf-7": b"+2AA-"}[charset]  # utf-7 can spell half a character
    browser, csrf = school.browser("terry")
    forms = {
        "/unblocks/ask": ("sites", "own_class", "classes", "people", "subject", "reason", "day"),
        "/openings": ("class", "minutes", "reason"),
        "/policy/proposals": ("text", "reason"),
        "/people/proposals": ("csv", "reason"),
        "/password": ("old", "new", "again"),
        "/enrol": ("code", "password"),
        "/browsing-password": ("username", "old"),
        "/sign-in": ("username", "password"),
    }
    for path, names in forms.items():
        for name in names:
            parts = {"csrf": csrf.encode(), name: odd}
            content = b"".join(
                b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), value)
                for key, value in parts.items()
            )
            kind = f"multipart/form-data; charset={charset}; boundary=x"
            answer = browser.post(path, content=content + b"--x--\r\n", headers={"Content-Type": kind})
            assert 400 <= answer.status_code < 500, (path, name, answer.status_code)


def test_one_odd_line_hides_no_other(school: School) -> None:
    far = {"starts_at": "0001-01-01T00:00:00Z", "ends_at": "9999-12-31T23:59:59Z", "people": [{"x": 1}, 5]}
    with writing(school.desk.engine) as conn:
        for event in ("unblock:approve", "people:propose", "person:suspend", "opening:open"):
            append(conn, at=school.clock.now, event=event, actor="p_x", role="x", object_id="x", detail=far)

    told = school.as_("gail").get("/api/v1/changes").json()["rows"]
    assert len(told) >= 5
    assert all(row["says"] for row in told)
    assert school.browser("gail")[0].get("/changes").status_code == 200


def test_who_may_not_is_told_in_plain_english(school: School) -> None:
    answer = school.as_("tess").get("/api/v1/people")

    assert problem_of(answer, 403, "wrong-role")["detail"] == "A member of staff may not do this."

"""Hosts that a site's pages need, from what was recorded: nobody can be told from what is proposed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.audit_api.logged import Row, a_row, store
from tests.audit_api.school import School, fields_of, problem_of
from tests.audit_api.test_console import visible
from tests.audit_api.test_console_unblocks import FORM
from tests.builders import NOON

URL = "/api/v1/unblocks/companions"
SITE = "museum.test"
ALLOWED: dict[str, Any] = {
    "verdict": "allow", "reason": "unlisted-allowed", "category": None, "list_id": None, "entry": None,
    "rule": "filter_groups.upper-ks2.unlisted", "status": 200,
}  # fmt: skip


def visit(school: School, who: str, *parts: str, at: datetime, site: str = SITE) -> list[Row]:
    """A page of the site by that person, and what it asked for in the seconds after."""
    person = school.person(who)
    page = a_row(person, at, **ALLOWED, url=f"https://{site}/", host=site)
    later = (at + timedelta(seconds=number + 1) for number in range(len(parts)))
    return [
        page,
        *(
            a_row(person, soon, **ALLOWED, url=f"https://{host}/x", host=host, page=False)
            for host, soon in zip(parts, later, strict=True)
        ),
    ]


def ago(minutes: float) -> datetime:
    return NOON - timedelta(minutes=minutes)


def proposed(school: School, who: str = "tess", **more: Any) -> list[str]:
    answer = school.as_(who).get(URL, params={"site": SITE, **more})
    assert answer.status_code == 200, answer.text
    return [each["host"] for each in answer.json()["companions"]]


def test_what_came_with_the_site_twice_and_would_be_blocked_is_proposed(school: School) -> None:
    rows = visit(school, "anna", "bet.test", at=ago(30)) + visit(school, "ben", "bet.test", at=ago(20))
    store(school.desk.engine, rows)
    found = school.as_("tess").get(URL, params={"site": f"https://{SITE}/slavery"}).json()

    assert found["site"] == f"{SITE}/slavery"
    assert found["companions"] == [
        {
            "host": "bet.test",
            "categories": ["gambling"],
            "says": "blocked: this kind of site is not allowed",
        }
    ]


def test_what_one_pupil_got_once_is_not_proposed_and_what_the_asker_got_is(school: School) -> None:
    store(school.desk.engine, visit(school, "anna", "bet.test", at=ago(30)))
    assert proposed(school) == []
    store(school.desk.engine, visit(school, "tess", "bet.test", at=ago(20)))

    assert proposed(school) == ["bet.test"]
    assert proposed(school, "sam", **{"class": "6B"}) == ["bet.test"]  # by two people now


def test_twice_on_one_day_is_one_occasion(school: School) -> None:
    rows = visit(school, "anna", "bet.test", at=ago(30)) + visit(school, "anna", "bet.test", at=ago(20))
    store(school.desk.engine, rows)

    assert proposed(school) == []


def test_the_same_pupil_on_another_day_is_another_occasion(school: School) -> None:
    store(school.desk.engine, visit(school, "anna", "bet.test", at=ago(30)))
    store(school.desk.engine, visit(school, "anna", "bet.test", at=NOON - timedelta(days=2)))

    assert proposed(school) == ["bet.test"]


@pytest.mark.parametrize("host", ["porn.test", "abuse.test", "maths.test", "img.museum.test", "203.0.113.7"])
def test_what_nobody_gets_what_is_open_and_what_is_of_the_site_is_not_proposed(
    school: School, host: str
) -> None:
    rows = visit(school, "anna", host, at=ago(30)) + visit(school, "ben", host, at=ago(20))
    store(school.desk.engine, rows)
    before = school.events()

    assert proposed(school) == []
    assert school.events() == before


def test_what_was_asked_for_much_later_or_by_somebody_else_does_not_count(school: School) -> None:
    rows = [row for who in ("anna", "ben") for row in visit(school, who, at=ago(30))]
    for person, seconds in (("anna", 11), ("ben", 60), ("pim", 2), ("pip", 2)):
        at = ago(30) + timedelta(seconds=seconds)
        rows += visit(school, person, at=at, site="bet.test")
        rows += [a_row(school.person(person), at, **ALLOWED, host="bet.test", page=False)]
    store(school.desk.engine, rows)

    assert proposed(school) == []


def test_a_page_that_somebody_opened_is_no_part(school: School) -> None:
    rows = [row for who in ("anna", "ben") for row in visit(school, who, at=ago(30))]
    later = ago(30) + timedelta(seconds=3)
    rows += [a_row(school.person(who), later, **ALLOWED, host="bet.test") for who in ("anna", "ben")]
    store(school.desk.engine, rows)

    assert proposed(school) == []


def test_what_is_long_ago_is_not_looked_at(school: School) -> None:
    for days in (31, 33):
        store(
            school.desk.engine, visit(school, "tess", "bet.test", at=NOON - timedelta(days=days, minutes=1))
        )

    assert proposed(school) == []


def test_without_a_class_it_is_ones_own_and_who_has_none_names_one(school: School) -> None:
    answer = school.as_("terry").get(URL, params={"site": SITE})

    assert "for" in fields_of(problem_of(answer, 422, "bad-input"))
    assert proposed(school, "terry", group="upper-ks2") == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"site": "co.uk"}, "site"), ({"site": SITE, "class": "7Z"}, "for.classes"), ({}, "site")],
)
def test_a_fault_names_its_field(school: School, wanted: dict[str, str], field: str) -> None:
    answer = school.as_("tess").get(URL, params=wanted)

    assert field in fields_of(problem_of(answer, 422, "bad-input"))


def test_the_form_offers_them_as_boxes_and_what_is_ticked_is_asked_for(school: School) -> None:
    rows = visit(school, "anna", "bet.test", at=ago(30)) + visit(school, "ben", "bet.test", at=ago(20))
    store(school.desk.engine, rows)
    browser, csrf = school.browser("tess")
    form = FORM | {"csrf": csrf, "sites": SITE}
    shown = browser.post("/unblocks/ask", data=form | {"do": "check"}).text
    browser.post("/unblocks/ask", data=form | {"companion": "bet.test"})

    assert 'name="companion" value="bet.test">' in shown
    assert "Hosts that came with these pages before" in visible(shown)
    (made,) = school.as_("tess").get("/api/v1/unblocks").json()["rows"]
    assert made["companions"] == ["bet.test"]

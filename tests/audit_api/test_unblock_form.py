"""Pages: slots and more on the form, boxes for whoever approves, asking again, what was not said."""

from typing import Any

import pytest

from audit_api.unblock_form import words
from tests.audit_api.school import School, an_ask
from tests.audit_api.test_console import visible
from tests.audit_api.test_console_unblocks import FORM, ask, the_only_one


def test_the_same_hours_every_week_become_windows(school: School) -> None:
    ask(school, weeks="3")
    made = the_only_one(school)

    assert [each["starts_at"] for each in made["windows"]] == [
        "2026-11-24T13:00:00Z",
        "2026-12-01T13:00:00Z",
        "2026-12-08T13:00:00Z",
    ]
    mine = visible(school.browser("tess")[0].get("/unblocks/mine").text)
    assert "13:00 to 14:00 on Tuesdays 24 November 2026, 1 and 8 December 2026" in mine


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"weeks": "none"}, "weeks", "a number from 1"),
        ({"weeks": "20"}, "weeks", "at most 42 days"),
        ({"weeks": "2", "ends": "12:00"}, "ends", "must be later"),
        ({"weeks": "2", "day": "someday"}, "day", "a day like"),
        ({"weeks": "2", "day": "2026-11-17"}, "day", "this day is over"),
        ({"starts": "", "ends": ""}, "starts", "say when it begins"),
        ({"starts": "", "ends": ""}, "ends", "say when it is over"),
        ({"day": ""}, "day", "choose the day"),
        ({"weeks": "2", "ends": ""}, "ends", "say when it is over"),
        ({"weeks": "2", "day": "2026-12-22"}, "weeks", "no such time in term"),
        ({"companions": "co.uk"}, "companions", "ending of many"),
        ({"supervised_by": "anna"}, "supervised-by", "an adult"),
    ],
)
def test_a_fault_of_the_new_fields_stands_beside_them(
    school: School, changes: dict[str, str], field: str, says: str
) -> None:
    answer = ask(school, **changes)

    assert answer.status_code == 422
    assert says in answer.text.partition(f'id="f-{field}-error">')[2].partition("<")[0]


def test_whoever_decides_reads_what_was_said_and_what_was_not(school: School) -> None:
    ask(school, objective="weigh two sources", companions="images.test, fonts.test")
    queue = visible(school.browser("terry")[0].get("/unblocks/queue").text)

    for told in (
        "What the class will learn weigh two sources",
        "What else was tried not said",
        "Who supervises Tess Taylor",
        "images.test on no list",
        "it lapses on Tue 24 Nov 2026, 14:00",
    ):
        assert told in queue


def test_what_is_not_ticked_is_not_agreed_to(school: School) -> None:
    ask(school, companions="images.test, fonts.test")
    made = the_only_one(school)
    browser, csrf = school.browser("terry")
    page = browser.get(f"/unblocks/{made['id']}").text
    assert page.count('name="site"') == 3
    assert page.count("checked>") == 3  # the sites; no companion
    form = {"csrf": csrf, "parts": "yes", "site": ["archive.test"], "companion": ["fonts.test"]}
    browser.post(f"/unblocks/{made['id']}/approve", data=form)

    assert the_only_one(school)["agreed"] == {"sites": ["archive.test"], "companions": ["fonts.test"]}
    assert "(less than was asked for)" in visible(browser.get(f"/unblocks/{made['id']}").text)


def test_with_nothing_ticked_nothing_is_agreed_to_and_it_says_so(school: School) -> None:
    ask(school)
    made = the_only_one(school)
    browser, csrf = school.browser("terry")
    answer = browser.post(f"/unblocks/{made['id']}/approve", data={"csrf": csrf, "parts": "yes"})

    assert answer.status_code == 409
    assert "to agree to none of them, decline the request" in visible(answer.text)


def test_asking_for_more_time_fills_the_form_with_what_was_agreed_to(school: School) -> None:
    made = school.as_("tess").post("/api/v1/unblocks", json=an_ask("museum.test", "archive.test")).json()
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={"sites": ["museum.test"]})
    browser, csrf = school.browser("tess")
    assert f"/unblocks/ask?extends={made['id']}" in browser.get(f"/unblocks/{made['id']}").text
    page = browser.get(f"/unblocks/ask?extends={made['id']}").text
    assert "museum.test" in page
    assert "archive.test" not in page
    answer = browser.post("/unblocks/ask", data=FORM | {"csrf": csrf, "extends": made["id"]})

    rows = school.as_("tess").get("/api/v1/unblocks", params={"state": "requested"}).json()["rows"]
    assert [each["extends"] for each in rows] == [made["id"]]
    shown = visible(browser.get(answer.headers["location"]).text)
    assert "It goes on from an earlier request" in shown


def test_nobody_goes_on_from_what_they_may_not_see(school: School) -> None:
    made: dict[str, Any] = school.as_("tess").post("/api/v1/unblocks", json=an_ask()).json()

    assert school.browser("sam")[0].get(f"/unblocks/ask?extends={made['id']}").status_code == 404


def test_what_lapsed_is_told_to_whoever_asked_and_in_the_queue(school: School) -> None:
    ask(school)
    school.clock.forward(hours=3)
    mine = school.browser("tess")[0].get("/unblocks/mine").text
    queue = visible(school.browser("terry")[0].get("/unblocks/queue").text)

    assert "Lapsed: nobody answered in time" in visible(mine)
    assert f"/unblocks/ask?extends={the_only_one(school)['id']}" in mine
    assert "Lapsed: nobody answered in time racism-history.test" in queue


def test_between_two_lessons_it_is_shown_as_shut(school: School) -> None:
    ask(school, weeks="2")
    made = the_only_one(school)
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={})
    told = []
    for hours in (0, 1.5, 24):
        school.clock.forward(hours=hours)
        told.append(visible(school.browser("tess")[0].get(f"/unblocks/{made['id']}").text))

    assert "Agreed, not yet open" in told[0]
    assert "Open now" in told[1]
    assert "Agreed, shut until its next time" in told[2]
    assert "Shut until their next time" in visible(school.browser("gail")[0].get("/unblocks/in-force").text)


def test_words_are_one_a_line_or_with_commas_between() -> None:
    assert words(" a.test,b.test\n\nc.test ,") == ["a.test", "b.test", "c.test"]

"""Pages: asking for a site, answering, shutting it again."""

import re
from typing import Any

import pytest

from tests.audit_api.school import School, an_ask
from tests.audit_api.test_console import visible

FORM = {
    "sites": "racism-history.test\nhttps://museum.test/slavery, archive.test",
    "own_class": "6B",
    "day": "2026-11-24",
    "starts": "13:00",
    "ends": "14:00",
    "subject": "History",
    "reason": "sources on the Bristol bus boycott",
}


def ask(school: School, **changes: str) -> Any:
    browser, csrf = school.browser("tess")
    return browser.post("/unblocks/ask", data=FORM | changes | {"csrf": csrf})


def the_only_one(school: School) -> dict[str, Any]:
    rows = school.as_("gail").get("/api/v1/unblocks").json()["rows"]
    assert len(rows) == 1
    found: dict[str, Any] = rows[0]
    return found


def test_a_filled_form_becomes_a_request_in_school_time(school: School) -> None:
    answer = ask(school)
    made = the_only_one(school)

    assert answer.headers["location"] == f"/unblocks/{made['id']}?done=asked"
    assert made["sites"] == ["racism-history.test", "museum.test/slavery", "archive.test"]
    assert made["for"]["classes"] == ["6B"]
    assert (made["starts_at"], made["ends_at"]) == ("2026-11-24T13:00:00Z", "2026-11-24T14:00:00Z")


def test_summer_time_is_the_clock_on_the_wall(school: School) -> None:
    ask(school, day="2027-06-14")

    assert the_only_one(school)["starts_at"] == "2027-06-14T12:00:00Z"


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"sites": ""}, "sites", "at least one site"),
        ({"sites": "co.uk"}, "sites", "ending of many"),
        ({"sites": "porn.test"}, "sites", "locks"),
        ({"own_class": "", "classes": ""}, "classes", "at least one class"),
        ({"people": "nobody-here"}, "people", "no such person"),
        ({"starts": ""}, "starts", "say when it begins, like 10:00"),
        ({"ends": "12:30"}, "ends", "must be after"),
        ({"day": "31 December"}, "starts", "is needed"),
        ({"last_day": "2027-12-01"}, "ends", "at most 42 days"),
        ({"subject": ""}, "subject", "is needed"),
        ({"reason": ""}, "reason", "is needed"),
    ],
)
def test_a_fault_stands_beside_its_field_and_what_was_written_is_kept(
    school: School, changes: dict[str, str], field: str, says: str
) -> None:
    answer = ask(school, **changes)

    assert answer.status_code == 422
    assert re.search(rf'id="f-{field}-error">[^<]*{says}', answer.text), visible(answer.text)
    kept = changes.get("reason", FORM["reason"])
    assert kept in answer.text


def test_the_one_who_asked_sees_no_approve_button_and_a_post_is_refused(school: School) -> None:
    made = school.as_("terry").post("/api/v1/unblocks", json=an_ask()).json()
    browser, csrf = school.browser("terry")
    for path in ("/unblocks/queue", f"/unblocks/{made['id']}"):
        page = browser.get(path).text
        assert f"/unblocks/{made['id']}/approve" not in page
        assert "You asked for this yourself" in visible(page)

    refused = browser.post(f"/unblocks/{made['id']}/approve", data={"csrf": csrf, "reason": "mine"})
    assert refused.status_code == 409
    assert "ask somebody else" in visible(refused.text)
    assert the_only_one(school)["state"] == "requested"


def test_the_queue_says_who_asks_why_and_what_the_sites_are(school: School) -> None:
    ask(school, people="anna", sites="bet.test")
    queue = visible(school.browser("terry")[0].get("/unblocks/queue").text)

    assert "Requests 1" in queue
    for told in (
        "bet.test gambling",
        "class 6B, Anna Akhtar",
        "13:00 to 14:00",
        FORM["reason"],
        "Tess Taylor",
    ):
        assert told in queue


@pytest.mark.parametrize(("verb", "state"), [("approve", "approved"), ("decline", "declined")])
def test_a_second_person_answers_on_the_page(school: School, verb: str, state: str) -> None:
    ask(school)
    made = the_only_one(school)
    browser, csrf = school.browser("cora")
    answer = browser.post(f"/unblocks/{made['id']}/{verb}", data={"csrf": csrf, "reason": "looked at it"})

    assert answer.headers["location"] == f"/unblocks/{made['id']}?done={state}"
    assert (the_only_one(school)["state"], the_only_one(school)["decision_reason"]) == (state, "looked at it")
    mine = visible(school.browser("tess")[0].get("/unblocks/mine").text)
    assert "Cora Clark: looked at it" in mine


def test_declining_without_a_reason_is_told_on_the_page(school: School) -> None:
    ask(school)
    made = the_only_one(school)
    browser, csrf = school.browser("cora")
    answer = browser.post(f"/unblocks/{made['id']}/decline", data={"csrf": csrf, "reason": ""})

    assert "Reason: is needed" in visible(answer.text)
    assert the_only_one(school)["state"] == "requested"


def test_what_is_open_is_shut_from_the_page(school: School) -> None:
    ask(school)
    made = the_only_one(school)
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={})
    browser, csrf = school.browser("hedy")
    assert "Agreed, not yet open" in visible(browser.get("/unblocks/in-force").text)
    browser.post(f"/unblocks/{made['id']}/revoke", data={"csrf": csrf, "reason": "lesson moved"})

    assert the_only_one(school)["state"] == "revoked"
    assert "racism-history" not in browser.get("/unblocks/in-force").text


def test_a_teacher_takes_a_request_back(school: School) -> None:
    ask(school)
    made = the_only_one(school)
    browser, csrf = school.browser("tess")
    browser.post(f"/unblocks/{made['id']}/withdraw", data={"csrf": csrf, "reason": "found another"})

    assert the_only_one(school)["state"] == "withdrawn"


def test_the_governor_sees_what_is_open_and_no_pupil(school: School) -> None:
    ask(school, people="anna")
    made = the_only_one(school)
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={})
    page = school.browser("gail")[0].get("/unblocks/in-force").text

    assert "a pupil of 6B" in page
    assert "Akhtar" not in page
    assert '<form method="post" action="/unblocks' not in page


def test_a_teacher_shuts_what_was_opened_for_them_and_a_governor_cannot(school: School) -> None:
    ask(school)
    made = the_only_one(school)
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={})
    url = f"/unblocks/{made['id']}"
    assert f"{url}/revoke" not in school.browser("gail")[0].get(url).text
    browser, csrf = school.browser("tess")
    assert f'action="{url}/revoke"' in browser.get(url).text
    done = browser.post(f"{url}/revoke", data={"csrf": csrf, "reason": "lesson over"})

    assert done.headers["location"] == f"{url}?done=revoked"
    assert the_only_one(school)["state"] == "revoked"
    assert f"{url}/revoke" not in browser.get(url).text

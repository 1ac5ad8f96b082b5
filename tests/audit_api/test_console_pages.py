"""Pages: logs, policy, people, why something is blocked."""

import pytest
from sqlalchemy import text

from audit_log.db import writing
from tests.audit_api.school import School, an_ask, lists
from tests.audit_api.test_changes import drop_guards
from tests.audit_api.test_console import visible
from tests.audit_api.test_filtering_log import record
from tests.audit_api.test_policy import LOOSER

SHEET = "username,name,role,filter_groups,classes\nnina,Nina Noor,pupil,upper-ks2,6A\n"


def test_the_change_log_says_whether_it_is_whole(school: School) -> None:
    browser, _ = school.browser("gail")
    assert "Is the record whole? Yes." in visible(browser.get("/changes").text)
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE change_log SET entry = replace(entry, 'pupil', 'staff') WHERE seq = 4"))
    broken = visible(browser.get("/changes").text)
    assert "Is the record whole? No." in broken
    assert "Entry 4" in broken


def test_the_change_log_is_read_in_sentences_page_by_page(school: School) -> None:
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    browser, _ = school.browser("gail")
    page = browser.get("/changes", params={"limit": 2, "event": "", "actor": "", "from": "", "to": ""}).text

    assert "Tess Taylor (staff) asked to open racism-history.test for class 6B" in visible(page)
    assert "sources on the Bristol bus boycott" in page
    assert "cursor=" in page
    assert "No change matches" in visible(browser.get("/changes?actor=nobody-here").text)


def test_the_filtering_log_names_nobody_until_a_purpose_is_given(school: School) -> None:
    record(school, "anna", 1)
    browser, _ = school.browser("cora")
    assert "a pupil of 6B" in visible(browser.get("/filtering-log?verdict=&host=&person=").text)

    without = browser.get("/filtering-log?names=yes&purpose=")
    assert without.status_code == 422
    assert "Purpose : is needed" in visible(without.text)
    by_name = visible(browser.get("/filtering-log?names=yes&purpose=weekly+review").text)
    assert "Anna Akhtar" in by_name
    assert school.events()[-1] == "filtering-log:read"


def test_the_governors_filtering_log_offers_no_names(school: School) -> None:
    record(school, "anna", 1)
    browser, _ = school.browser("gail")
    page = browser.get("/filtering-log").text

    assert "Show names" not in page
    assert "odds" not in page
    assert "this kind of site is not allowed" in visible(page)


@pytest.mark.parametrize("query", ["from=yesterday", "limit=many", "verdict=deny", "cursor=x"])
def test_a_filter_that_is_none_is_told_on_the_page(school: School, query: str) -> None:
    answer = school.browser("cora")[0].get(f"/filtering-log?{query}")

    assert answer.status_code == 422
    assert "Please put this right" in visible(answer.text)


def test_a_policy_is_proposed_shown_as_a_difference_and_agreed(school: School) -> None:
    browser, csrf = school.browser("terry")
    revision = school.as_("terry").get("/api/v1/policy").json()["revision"]
    form = {"csrf": csrf, "text": LOOSER.replace("\n", "\r\n"), "reason": "a lesson", "revision": revision}
    made = browser.post("/policy/proposals", data=form).headers["location"]
    page = browser.get(made).text
    assert '<span class="plus">+  gambling: {everyone: allowed}</span>' in page
    assert "/approve" not in page

    other, csrf = school.browser("hedy")
    url = made.partition("?")[0]
    assert other.post(f"{url}/approve", data={"csrf": csrf, "reason": ""}).status_code == 303
    assert "everyone: allowed" in visible(other.get("/policy").text)


def test_faults_of_a_policy_are_told_and_the_text_is_kept(school: School) -> None:
    browser, csrf = school.browser("terry")
    revision = school.as_("terry").get("/api/v1/policy").json()["revision"]
    form = {"csrf": csrf, "text": "school: what", "reason": "x", "revision": revision}
    answer = browser.post("/policy/proposals", data=form)

    assert answer.status_code == 422
    assert "Line 1: " in visible(answer.text).replace(" :", ":")
    assert "school: what" in answer.text
    stale = browser.post("/policy/proposals", data=form | {"revision": "old", "text": LOOSER})
    assert "Read it again" in visible(stale.text)


def test_people_are_proposed_from_a_sheet_and_agreed(school: School) -> None:
    browser, csrf = school.browser("terry")
    answer = browser.post("/people/proposals", data={"csrf": csrf, "csv": SHEET, "reason": "a new pupil"})
    assert answer.status_code == 201
    assert "shown now and never again" in visible(answer.text)
    made = school.as_("hedy").get("/api/v1/people/proposals").json()["rows"][0]

    other, csrf = school.browser("hedy")
    assert "never again" not in visible(other.get(f"/people/proposals/{made['id']}").text)
    other.post(f"/people/proposals/{made['id']}/approve", data={"csrf": csrf})
    assert "Nina Noor" in other.get("/people?search=nina").text


def test_faults_of_a_sheet_are_told_by_line(school: School) -> None:
    browser, csrf = school.browser("terry")
    sheet = SHEET.replace("pupil", "king")
    answer = browser.post("/people/proposals", data={"csrf": csrf, "csv": sheet, "reason": "x"})

    assert answer.status_code == 422
    assert "no such role" in visible(answer.text)
    assert "king" in answer.text


def test_somebody_is_suspended_from_the_page(school: School) -> None:
    browser, csrf = school.browser("cora")
    url = f"/people/{school.person('ben').id}/suspend"
    assert "is needed" in visible(browser.post(url, data={"csrf": csrf, "reason": ""}).text)
    assert (
        browser.post(url, data={"csrf": csrf, "reason": "x", "until": "2026-11-27T09:00"}).status_code == 303
    )

    assert "Suspended until Fri 27 Nov 2026, 09:00" in visible(browser.get("/people").text)


def test_why_something_is_blocked_is_told_rule_by_rule(school: School) -> None:
    browser, _ = school.browser("terry")
    page = visible(browser.get("/explain?user=anna&url=bet.test&at=2026-11-24T12:30").text)
    assert "Blocked: this kind of site is not allowed" in page
    assert "access.gambling.everyone Hit" in page
    assert lists().generation

    wrong = browser.get("/explain?user=nobody-here&url=bet.test")
    assert wrong.status_code == 422
    assert "nobody of that name" in visible(wrong.text)

"""Reviews at the window: what one person did at once is seen and signed by those who read the change log."""

from typing import Any

import pytest

from tests.audit_api.school import School, fields_of, problem_of

URL = "/api/v1/reviews"


def suspended(school: School, username: str = "anna") -> dict[str, Any]:
    """The review of a suspension by Terry."""
    url = f"/api/v1/people/{school.person(username).id}/suspend"
    assert school.as_("terry").post(url, json={"reason": "an incident"}).status_code == 200
    review: dict[str, Any] = school.as_("gail").get(URL, params={"open": True}).json()["rows"][0]
    return review


def test_a_review_says_what_was_done_by_whom_and_until_when(school: School) -> None:
    found = suspended(school)

    assert found["says"] == "Terry Tyler (technician) suspended a pupil of 6B until further notice."
    assert (found["kind"], found["needed"], found["overdue"]) == ("tightening", 1, False)
    assert (found["by"]["name"], found["reason"]) == ("Terry Tyler", "an incident")
    assert found["due_at"] == "2026-12-01T12:00:00Z"
    assert (found["signatures"], found["done_at"], found["yours"]) == ([], None, False)


def test_those_who_decide_see_whom_it_is_about(school: School) -> None:
    found = suspended(school)

    told = school.as_("terry").get(f"{URL}/{found['id']}").json()
    assert told["says"] == "Terry Tyler (technician) suspended Anna Akhtar until further notice."
    assert told["yours"]


def test_a_governor_signs(school: School) -> None:
    url = f"{URL}/{suspended(school)['id']}/sign"
    signed = school.as_("gail").post(url, json={"agrees": True, "note": "I asked the head"}).json()

    assert signed["done_at"] == "2026-11-24T12:00:00Z"
    assert [(each["by"]["name"], each["note"]) for each in signed["signatures"]] == [
        ("Gail Green", "I asked the head")
    ]
    assert school.as_("cora").get(URL, params={"open": True}).json()["rows"] == []
    assert [row["id"] for row in school.as_("cora").get(URL, params={"open": False}).json()["rows"]]
    problem_of(school.as_("hedy").post(url, json={"agrees": True, "note": "me too"}), 409, "wrong-state")


def test_nobody_signs_what_they_did_themselves(school: School) -> None:
    url = f"{URL}/{suspended(school)['id']}/sign"

    problem_of(school.as_("terry").post(url, json={"agrees": True, "note": "fine"}), 403, "same-person")


@pytest.mark.parametrize(
    "body", [{"agrees": True}, {"agrees": True, "note": ""}, {"agrees": True, "note": "  "}]
)
def test_a_signature_without_a_note_is_none(school: School, body: dict[str, Any]) -> None:
    url = f"{URL}/{suspended(school)['id']}/sign"

    assert set(fields_of(problem_of(school.as_("gail").post(url, json=body), 422, "bad-input"))) == {"note"}


def test_who_does_not_agree_keeps_it_open(school: School) -> None:
    url = f"{URL}/{suspended(school)['id']}/sign"
    school.as_("gail").post(url, json={"agrees": False, "note": "Not fair"})
    school.clock.forward(minutes=1)
    left = school.as_("hedy").post(url, json={"agrees": True, "note": "I looked"}).json()

    assert left["done_at"] is None
    assert [(each["agrees"], each["note"]) for each in left["signatures"]] == [
        (False, "Not fair"), (True, "I looked"),
    ]  # fmt: skip


def test_the_change_log_tells_of_a_signature(school: School) -> None:
    found = suspended(school)
    school.as_("gail").post(f"{URL}/{found['id']}/sign", json={"agrees": False, "note": "Not fair"})

    line = school.as_("gail").get("/api/v1/changes").json()["rows"][0]
    looked = f"Gail Green (governor) looked at what entry {found['about']} tells of (“{found['says']}”)"
    says = f"{looked}, and does not agree with it (0 of 1 agree)."
    assert (line["event"], line["says"], line["texts"]) == ("review:sign", says, {"note": "Not fair"})


def test_what_is_overdue_is_counted_for_machines_and_on_the_first_page(school: School) -> None:
    suspended(school)
    page = school.browser("gail")[0].get("/").text
    assert "Reviews to sign" in page
    assert "overdue" not in page
    assert "schoolgate_reviews_overdue 0" in school.nobody().get("/metrics").text

    school.clock.forward(days=7)

    assert "1 overdue." in school.browser("gail")[0].get("/").text
    assert "schoolgate_reviews_overdue 1" in school.nobody().get("/metrics").text
    assert school.as_("gail").get(URL).json()["rows"][0]["overdue"]


def test_reviews_come_by_page_and_as_a_sheet(school: School) -> None:
    for username in ("anna", "ben", "pip"):
        suspended(school, username)
        school.clock.forward(minutes=1)
    first = school.as_("gail").get(URL, params={"limit": 2}).json()
    rest = school.as_("gail").get(URL, params={"limit": 2, "cursor": first["next"]}).json()
    sheet = school.as_("gail").get(URL, headers={"Accept": "text/csv"}).text

    assert (len(first["rows"]), len(rest["rows"]), rest["next"]) == (2, 1, None)
    assert len(sheet.splitlines()) == 4


def test_the_page_shows_what_waits_and_takes_a_signature(school: School) -> None:
    found = suspended(school)
    browser, csrf = school.browser("gail")
    assert found["says"] in browser.get("/reviews").text

    page = f"/reviews/{found['id']}"
    wrong = browser.post(f"{page}/sign", data={"csrf": csrf, "agrees": "yes", "note": ""})
    assert (wrong.status_code, "is needed" in wrong.text) == (422, True)
    assert browser.post(f"{page}/sign", data={"csrf": csrf, "note": "x"}).status_code == 422
    done = browser.post(f"{page}/sign", data={"csrf": csrf, "agrees": "yes", "note": "I asked"})
    assert done.headers["location"] == f"{page}?done=signed"
    after = browser.get(page).text
    assert "As many as are needed have signed." in after
    assert "I asked" in after
    assert "Nothing waits for anybody to look at it." in browser.get("/reviews").text


def test_a_page_says_that_somebody_does_not_agree_and_what_can_be_done(school: School) -> None:
    page = f"/reviews/{suspended(school)['id']}"
    browser, csrf = school.browser("gail")
    browser.post(f"{page}/sign", data={"csrf": csrf, "agrees": "no", "note": "Not fair to her"})

    told = school.browser("hedy")[0].get(page).text
    assert "Not fair to her" in told
    assert "can be undone by a proposal that two people agree on" in told
    assert "others have to look at it" in school.browser("terry")[0].get(page).text


def test_there_is_no_other_review(school: School) -> None:
    problem_of(school.as_("gail").get(f"{URL}/nothing"), 404, "not-found")

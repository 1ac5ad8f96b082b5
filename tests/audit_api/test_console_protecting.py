"""Page: data protection, as a browser without scripts uses it."""

import zipfile
from io import BytesIO

from tests.audit_api.school import School
from tests.audit_api.test_console import visible

TIMES = {"from": "2026-11-24T10:00", "to": "2026-11-24T11:00"}
URL = "/data-protection"


def test_a_correction_is_proposed_and_agreed_to_on_the_page(school: School) -> None:
    browser, csrf = school.browser("terry")
    form = {"csrf": csrf, "person": "anna", "right_person": "ben", "reason": "one tablet", **TIMES}
    sent = browser.post(f"{URL}/corrections", data=form)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{URL}?done=proposed")
    assert "You asked for this yourself" in visible(browser.get(URL).text)
    (made,) = school.as_("hedy").get("/api/v1/corrections").json()["rows"]

    other, csrf = school.browser("cora")
    assert "Recorded as Anna Akhtar (anna) : was Ben Brown (ben)" in visible(other.get(URL).text)
    other.post(f"{URL}/corrections/{made['id']}/approve", data={"csrf": csrf})

    assert "Agreed Cora Clark" in visible(other.get(URL).text)


def test_a_hold_is_placed_and_released_on_the_page(school: School) -> None:
    browser, csrf = school.browser("terry")
    browser.post(f"{URL}/holds", data={"csrf": csrf, "person": "", "reason": "enquiry", **TIMES})
    (made,) = school.as_("hedy").get("/api/v1/holds").json()["rows"]
    browser.post(f"{URL}/holds/{made['id']}/release", data={"csrf": csrf, "reason": "over"})
    (asked,) = school.as_("hedy").get("/api/v1/holds/releases").json()["rows"]
    assert "Release the hold on everybody" in visible(browser.get(URL).text)

    other, csrf = school.browser("cora")
    other.post(f"{URL}/releases/{asked['id']}/approve", data={"csrf": csrf, "reason": ""})

    assert "None in force" in visible(other.get(URL).text)


def test_faults_stand_at_the_fields_of_their_own_form(school: School) -> None:
    browser, csrf = school.browser("terry")
    form = {"csrf": csrf, "person": "nobody", "right_person": "", "reason": "why", **TIMES}

    answer = browser.post(f"{URL}/corrections", data=form)

    assert answer.status_code == 422
    assert "nobody of that user name or id is on the register" in visible(answer.text)
    assert 'id="f-correct-person" name="person" type="text" value="nobody"' in answer.text
    empty = browser.post(f"{URL}/holds", data={"csrf": csrf})
    assert empty.status_code == 422
    assert 'id="f-hold-reason-error"' in empty.text


def test_erasing_shows_what_goes_and_who_agrees_must_not_name_them(school: School) -> None:
    browser, csrf = school.browser("terry")
    browser.post(f"/people/{school.person('ben').id}/suspend", data={"csrf": csrf, "reason": "ben hit"})
    person_id = school.person("ben").id
    school.as_("terry").post(f"/api/v1/people/{person_id}/end", json={"reason": "left"})
    browser.post(f"{URL}/erasures", data={"csrf": csrf, "person": "ben", "reason": "asked for"})
    (made,) = school.as_("hedy").get("/api/v1/erasures").json()["rows"]
    other, csrf = school.browser("hedy")
    assert "reason: ben hit" in visible(other.get(URL).text)

    url = f"{URL}/erasures/{made['id']}/approve"
    named = other.post(url, data={"csrf": csrf, "reason": "for Ben Brown"})
    assert (named.status_code, "must not name them" in named.text) == (422, True)
    other.post(url, data={"csrf": csrf, "reason": ""})

    assert "Ben Brown" not in other.get(URL).text
    assert "Erase erased person" in visible(other.get(URL).text)


def test_the_file_about_somebody_comes_from_a_form(school: School) -> None:
    browser, _ = school.browser("hedy")
    asked = {"person": "anna", "purpose": "asked in writing", "asked_on": "", "format": "zip"}

    answer = browser.get(f"{URL}/access", params=asked)

    assert answer.status_code == 200
    assert "letter.txt" in zipfile.ZipFile(BytesIO(answer.content)).namelist()
    wrong = browser.get(f"{URL}/access", params={**asked, "person": "nobody", "format": "pdf"})
    assert (wrong.status_code, 'id="f-access-person"' in wrong.text) == (422, True)
    assert "What is kept about somebody" not in school.browser("terry")[0].get(URL).text


def test_what_is_no_kind_or_verb_of_ours_is_not_found(school: School) -> None:
    browser, csrf = school.browser("terry")

    for path in ("policies/1/approve", "corrections/1/revoke", "corrections/0123456789abcdef/approve"):
        assert browser.post(f"{URL}/{path}", data={"csrf": csrf}).status_code == 404

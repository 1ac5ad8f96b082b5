"""The pages of the sealed envelope say truly who is told, and hold the key for the safe."""

import base64
import hashlib

import pytest

from audit_api.mail import Ways
from tests.audit_api.mailed import Mailbox, a_mail_server
from tests.audit_api.school import KEY, School
from tests.audit_api.test_break_glass import URL, an_envelope, asked
from tests.audit_api.test_checkpoint_delivery import with_addresses

RAW = KEY.public_key().public_bytes_raw()
WARNING = "Not everybody would be told by mail"


def used_on_the_page(school: School) -> str:
    code, proposal = an_envelope(school), asked(school)
    browser, csrf = school.browser("terry")
    form = {"csrf": csrf, "proposal": proposal, "code": code, "reason": "alone"}
    done = browser.post("/break-glass/approve", data=form)
    assert done.status_code == 303, done.text
    return browser.get(done.headers["location"]).text


def test_without_a_mail_server_nobody_is_said_to_have_been_told(school: School) -> None:
    said = used_on_the_page(school)

    assert "No mail goes to anybody" in said
    assert "a red line on every page of the console" in said
    assert "told to those who answer" not in said


def test_with_all_addresses_the_page_says_whom_mail_goes_to(school: School) -> None:
    window = with_addresses(school).app.state.window
    with a_mail_server(Mailbox()) as server:
        window.ways = Ways(mail=server)
        said = used_on_the_page(school)
        assert WARNING not in school.browser("hedy")[0].get("/break-glass").text
        window.mailing.shutdown(wait=True)

    assert "Mail goes to the headteacher, the coordinator and governors." in said


def test_the_page_warns_of_whom_no_mail_would_reach(school: School) -> None:
    page = school.browser("gail")[0].get("/break-glass").text
    assert WARNING in page
    assert "no mail goes to: headteacher, coordinator, governor." in page

    with_addresses(school)  # and still no mail server
    assert WARNING in school.browser("gail")[0].get("/break-glass").text


def test_both_half_pages_hold_the_public_key_for_the_safe(school: School) -> None:
    (one, csrf), (other, token) = school.browser("terry"), school.browser("hedy")
    made = one.post("/break-glass/proposals", data={"csrf": csrf, "reason": "for the safe"})
    id_ = school.as_("gail").get(f"{URL}/proposals").json()["rows"][0]["id"]
    agreed = other.post(f"/break-glass/proposals/{id_}/approve", data={"csrf": token, "reason": "yes"})

    for page in (made.text, agreed.text, school.browser("gail")[0].get("/verify").text):
        assert base64.b64encode(RAW).decode() in page
        assert hashlib.sha256(RAW).hexdigest() in page


def test_a_program_is_told_which_half_it_has(school: School) -> None:
    made = school.as_("terry").post(f"{URL}/proposals", json={"reason": "for the safe"}).json()
    agreed = school.as_("hedy").post(f"{URL}/proposals/{made['id']}/approve", json={}).json()

    assert (made["which"], agreed["which"]) == ("first", "second")
    assert school.as_("hedy").get(f"{URL}/proposals/{made['id']}").json()["which"] is None


@pytest.mark.parametrize("turned", [False, True])
def test_the_halves_may_be_typed_in_either_order(school: School, turned: bool) -> None:
    halves = an_envelope(school).split()
    code = " ".join(halves[::-1] if turned else halves)
    body = {"proposal": asked(school), "code": code, "reason": "alone in school"}

    assert school.as_("terry").post(f"{URL}/approve", json=body).status_code == 200

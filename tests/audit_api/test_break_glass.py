"""The sealed envelope at the window: a red banner for all who answer for it, and a guess tells nothing."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from audit_api.mail import Ways
from tests.audit_api.mailed import Mailbox, a_mail_server
from tests.audit_api.school import School, an_ask, problem_of
from tests.audit_api.test_checkpoint_delivery import with_addresses

URL = "/api/v1/break-glass"
BANNER = "The sealed envelope was opened"
WORDS = "nine-brown-goats"


def an_envelope(school: School) -> str:
    made = school.as_("terry").post(f"{URL}/proposals", json={"reason": "for the safe"}).json()
    agreed = school.as_("hedy").post(f"{URL}/proposals/{made['id']}/approve", json={}).json()
    return f"{made['half']} {agreed['half']}"


def asked(school: School, username: str = "terry") -> str:
    return str(school.as_(username).post("/api/v1/unblocks", json=an_ask()).json()["id"])


def opened(school: School) -> dict[str, Any]:
    body = {"proposal": asked(school), "code": an_envelope(school), "reason": "alone in school"}
    answer = school.as_("terry").post(f"{URL}/approve", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_whether_one_is_ready_is_told_and_never_its_code(school: School) -> None:
    assert school.as_("gail").get(URL).json()["ready"] is False
    an_envelope(school)
    told = school.as_("gail").get(URL).json()

    assert (told["ready"], told["made_by"]["name"], told["agreed_by"]["name"]) == (
        True, "Terry Tyler", "Hedy Hill",
    )  # fmt: skip
    assert set(told) == {"ready", "made_by", "agreed_by", "made_at", "used_by", "used_at"}


def test_each_half_is_told_once(school: School) -> None:
    made = school.as_("terry").post(f"{URL}/proposals", json={"reason": "for the safe"}).json()
    url = f"{URL}/proposals/{made['id']}"
    problem_of(school.as_("terry").post(f"{url}/approve", json={}), 403, "same-person")
    agreed = school.as_("hedy").post(f"{url}/approve", json={}).json()

    assert len({made["half"], agreed["half"]}) == 2
    for username in ("terry", "hedy", "gail"):
        told = school.as_(username).get(url)
        assert (told.json()["half"], made["half"] in told.text, agreed["half"] in told.text) == (
            None,
            False,
            False,
        )
        assert made["half"] not in school.as_(username).get(f"{URL}/proposals").text
        assert made["half"] not in school.as_(username).get("/api/v1/changes").text


def test_one_person_agrees_with_it(school: School) -> None:
    told = opened(school)

    assert (told["kind"], told["state"]) == ("unblock", "approved")
    unblock = school.as_("gail").get(f"/api/v1/unblocks/{told['id']}").json()
    assert unblock["decided_by"]["name"] == "the sealed envelope"
    says = [row["says"] for row in school.as_("gail").get("/api/v1/changes").json()["rows"][:2]]
    request = (
        "The sealed envelope approved the request of Terry Tyler (technician) to open racism-history.test"
    )
    assert says[0].startswith(f"{request} for class 6B")
    used = "opened the sealed envelope, to agree alone to what Terry Tyler (technician) had proposed"
    asked = "“Terry Tyler (technician) asked to open racism-history.test for class 6B"
    assert says[1].startswith(f"Terry Tyler (technician) {used} ({asked}")
    assert school.as_("gail").get("/api/v1/changes/verify").json()["whole"]


@pytest.mark.parametrize("username", ["hedy", "gail", "terry"])
def test_a_red_banner_stands_on_every_page_until_two_others_have_signed(
    school: School, username: str
) -> None:
    review = opened(school)["review"]
    for page in ("/", "/changes", "/policy", "/reviews"):
        assert BANNER in school.browser(username)[0].get(page).text
    url = f"/api/v1/reviews/{review}/sign"
    school.as_("gail").post(url, json={"agrees": True, "note": "I asked him"})
    assert BANNER in school.browser(username)[0].get("/").text
    assert "schoolgate_break_glass_unreviewed 1" in school.nobody().get("/metrics").text
    school.as_("hedy").post(url, json={"agrees": True, "note": "I asked him"})

    assert BANNER not in school.browser(username)[0].get("/").text
    assert "schoolgate_break_glass_unreviewed 0" in school.nobody().get("/metrics").text


def test_those_who_answer_for_it_are_told_at_once_by_mail(school: School) -> None:
    window, mailbox = with_addresses(school).app.state.window, Mailbox()
    with a_mail_server(mailbox) as server, capture_logs() as logs:
        window.ways = Ways(mail=server)
        told = opened(school)
        window.mailing.shutdown(wait=True)

    assert mailbox.told == ["hedy@school.test", "cora@school.test", "gail@home.test", "gil@home.test"]
    assert mailbox.letters[0][1]["Subject"] == "[Schoolgate] the sealed envelope was opened"
    assert mailbox.text().startswith(
        "Terry Tyler (technician) agreed alone to a proposal (unblock) with the envelope."
    )
    assert "by Thu 26 Nov 2026, 12:00" in mailbox.text()
    assert "alone in school" not in mailbox.text()  # what people write may name a pupil
    (alarm,) = [each for each in logs if each["event"] == "break_glass.used"]
    assert (alarm["log_level"], alarm["review"]) == ("error", told["review"])
    assert "Terry" not in str(alarm)


def test_a_new_code_is_told_of_by_mail_and_is_not_in_it(school: School) -> None:
    window, mailbox = with_addresses(school).app.state.window, Mailbox()
    body = {"username": "cora", "code": an_envelope(school), "reason": "we both forgot"}
    with a_mail_server(mailbox) as server:
        window.ways = Ways(mail=server)
        made = school.nobody().post(f"{URL}/code", json=body).json()
        window.mailing.shutdown(wait=True)

    assert "to give Cora Clark (coordinator) a new code to sign in with" in mailbox.text()
    assert made["code"] not in mailbox.text()
    assert not [half for half in body["code"].split() if half in mailbox.text()]


def test_staff_see_no_banner(school: School) -> None:
    opened(school)

    assert BANNER not in school.browser("sam")[0].get("/").text


def test_a_code_works_once_over_the_api(school: School) -> None:
    code = an_envelope(school)
    body = {"proposal": asked(school), "code": code, "reason": "alone in school"}
    assert school.as_("terry").post(f"{URL}/approve", json=body).status_code == 200

    problem_of(school.as_("terry").post(f"{URL}/approve", json=body), 404, "not-found")
    body = {"username": "cora", "code": code, "reason": "lost"}
    problem_of(school.nobody().post(f"{URL}/code", json=body), 404, "not-found")


def test_who_lost_a_password_gets_in_again_without_signing_in(school: School) -> None:
    body = {"username": "Cora", "code": an_envelope(school), "reason": "we both forgot"}
    made = school.nobody().post(f"{URL}/code", json=body).json()
    enrolled = {"code": made["code"], "password": WORDS}

    assert made["username"] == "cora"
    assert school.nobody().post("/api/v1/enrolment", json=enrolled).status_code == 200
    signed_in = {"username": "cora", "password": WORDS}
    assert school.nobody().post("/api/v1/session", json=signed_in).status_code == 200
    answer = school.as_("cora").post(f"/api/v1/unblocks/{asked(school)}/approve", json={})
    problem_of(answer, 403, "wrong-role")
    assert "sealed envelope" in answer.json()["detail"]
    review = school.as_("cora").get("/api/v1/reviews").json()["rows"][0]
    assert review["says"] == "The sealed envelope was opened, and gave Cora Clark a new code to sign in with."
    assert (review["yours"], review["reason"]) == (True, "we both forgot")


@pytest.mark.parametrize("username", ["cora", "tess", "nobody", "", "\U0001f600"])
def test_a_guess_is_answered_the_same_whatever_is_wrong(school: School, username: str) -> None:
    an_envelope(school)
    guess = {"username": username or " ", "code": "0000-0000", "reason": "guessing"}
    answers = [school.nobody().post(f"{URL}/code", json=guess)]
    answers.append(school.nobody().post(f"{URL}/code", json={**guess, "code": "0" * 32}))

    assert len({answer.text for answer in answers}) == 1
    problem_of(answers[0], 404, "not-found")


def test_guessing_waits_longer_and_longer(school: School) -> None:
    guess = {"username": "cora", "code": "0" * 32, "reason": "guessing"}
    statuses = [school.nobody().post(f"{URL}/code", json=guess).status_code for _ in range(8)]

    assert statuses[:5] == [404] * 5
    assert set(statuses[5:]) == {429}
    body = {"proposal": asked(school), "code": "0" * 32, "reason": "guessing"}
    problem_of(school.as_("terry").post(f"{URL}/approve", json=body), 429, "too-many-attempts")


def test_a_slip_of_another_kind_is_no_guess(school: School) -> None:
    code = an_envelope(school)
    for _ in range(8):
        body = {"username": "cora", "code": code, "reason": "  "}
        problem_of(school.nobody().post(f"{URL}/code", json=body), 422, "bad-input")

    body = {"username": "cora", "code": code, "reason": "we both forgot"}
    assert school.nobody().post(f"{URL}/code", json=body).status_code == 200


def test_no_code_is_in_a_log_an_address_or_a_title(school: School, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    code = an_envelope(school)
    browser, csrf = school.browser("terry")
    form = {"csrf": csrf, "proposal": asked(school), "code": code, "reason": "alone in school"}
    done = browser.post("/break-glass/approve", data=form)
    page = browser.get(done.headers["location"])

    kept = b"".join(path.read_bytes() for path in school.desk.state.rglob("*") if path.is_file())
    for half in code.split():
        assert half not in page.text + caplog.text + str(done.headers) + str(page.url)
        assert half.encode() not in kept


def test_the_halves_are_on_pages_to_be_printed_for_the_envelope(school: School) -> None:
    proposer, csrf = school.browser("terry")
    made = proposer.post("/break-glass/proposals", data={"csrf": csrf, "reason": "for the safe"})
    assert made.status_code == 201
    assert "First half of the code: shown now and never again" in made.text
    id_ = school.as_("terry").get(f"{URL}/proposals").json()["rows"][0]["id"]
    assert "half of the code" not in proposer.get(f"/break-glass/proposals/{id_}").text
    approver, csrf = school.browser("hedy")
    agreed = approver.post(f"/break-glass/proposals/{id_}/approve", data={"csrf": csrf, "reason": ""})

    assert "Second half of the code: shown now and never again" in agreed.text
    assert "<title>A sealed envelope" in agreed.text
    assert "Ready" in school.browser("gail")[0].get("/break-glass").text


def test_the_page_without_signing_in_shows_the_new_code_once(school: School) -> None:
    code = an_envelope(school)
    browser = school.nobody(headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})
    assert "When nobody can sign in" in browser.get("/break-glass/code").text
    wrong = browser.post("/break-glass/code", data={"username": "cora", "code": "x", "reason": "lost"})
    assert (wrong.status_code, "There is no such code" in wrong.text) == (422, True)
    made = browser.post("/break-glass/code", data={"username": "cora", "code": code, "reason": "lost"})

    assert (made.status_code, "shown now and never again" in made.text) == (200, True)
    assert code.split()[0] not in made.text
    from_elsewhere = school.nobody(headers={"Sec-Fetch-Site": "cross-site"}).post(
        "/break-glass/code", data={}
    )
    assert from_elsewhere.status_code == 403


def test_the_page_says_why_it_was_not_used(school: School) -> None:
    id_ = asked(school)
    browser, csrf = school.browser("terry")
    assert f'value="{id_}"' in browser.get("/break-glass").text
    form = {"csrf": csrf, "proposal": id_, "code": "no", "reason": "alone"}
    told = browser.post("/break-glass/approve", data=form)

    assert told.status_code == 422
    assert "There is no such code, it has been used, or it cannot be used for this." in told.text


def test_an_envelope_is_declined_or_taken_back_on_its_page(school: School) -> None:
    for username, verb in (("hedy", "decline"), ("terry", "withdraw")):
        made = school.as_("terry").post(f"{URL}/proposals", json={"reason": "for the safe"}).json()
        browser, csrf = school.browser(username)
        done = browser.post(
            f"/break-glass/proposals/{made['id']}/{verb}", data={"csrf": csrf, "reason": "no"}
        )
        assert done.status_code == 303
    assert school.as_("gail").get(URL).json()["ready"] is False
    own = school.browser("terry")
    made = school.as_("terry").post(f"{URL}/proposals", json={"reason": "for the safe"}).json()
    answer = own[0].post(f"/break-glass/proposals/{made['id']}/approve", data={"csrf": own[1], "reason": ""})
    assert answer.status_code == 409

"""What another policy would do, told before it is proposed, with it, and afterwards."""

from html import unescape
from typing import Any

from tests.audit_api.school import School, fields_of, problem_of
from tests.builders import POLICY

URL = "/api/v1/policy"
AGREED = POLICY + "# agreed\n"
GAMBLING = "gambling:           {source: A363, everyone: not_allowed}"
LOOSER = AGREED.replace(GAMBLING, "gambling: {source: A363, everyone: not_allowed, staff: allowed}")
STRICTER = AGREED.replace("staff: {selected_users: [communications]}", "staff: not_allowed")
CHECKED = AGREED + "checks: [{see: [bet.test], group: staff, why: the office}]\n"


def proposed(school: School, text: str, reason: str = "as we said") -> dict[str, Any]:
    answer = school.as_("terry").post(f"{URL}/proposals", json={"text": text, "reason": reason})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def agreed(school: School, text: str = AGREED) -> str:
    made = proposed(school, text)
    school.as_("hedy").post(f"{URL}/proposals/{made['id']}/approve", json={"reason": "yes"})
    return str(made["id"])


def compared(school: School, text: str) -> dict[str, Any]:
    answer = school.as_("terry").post(f"{URL}/compare", json={"text": text})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def page_of(school: School, username: str, path: str) -> str:
    browser, _ = school.browser(username)
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def test_what_a_text_would_open_is_told_before_it_is_proposed(school: School) -> None:
    agreed(school)

    found = compared(school, LOOSER)

    assert [each["says"] for each in found["worded"]] == ["gambling for staff: not allowed -> allowed"]
    assert (found["effect"]["loosening"], found["effect"]["says"]) == (
        True,
        "This opens more: two people have to agree.",
    )
    assert found["effect"]["opens"][0]["who"] == "staff"
    assert found["effect"]["opens"][0]["what"] == "sites of gambling"


def test_what_a_text_would_shut_takes_one_person(school: School) -> None:
    agreed(school)

    found, made = compared(school, STRICTER), proposed(school, STRICTER)

    assert not found["effect"]["loosening"]
    assert (made["state"], made["decided_by"]) == ("approved", None)
    assert school.as_("tess").get(URL).json()["text"] == STRICTER


def test_words_around_the_rows_take_two_people(school: School) -> None:
    agreed(school)

    found, made = compared(school, AGREED + "# all is well\n"), proposed(school, AGREED + "# all is well\n")

    assert (found["worded"], found["effect"]["loosening"], made["state"]) == ([], True, "requested")
    assert "only words" in found["effect"]["says"]


def test_a_text_that_is_in_force_already_changes_nothing(school: School) -> None:
    agreed(school)
    effect = compared(school, AGREED)["effect"]

    assert (effect["loosening"], effect["says"]) == (False, "Nothing changes: this is the policy in force.")


def test_the_first_policy_that_is_agreed_on_takes_two_people(school: School) -> None:
    assert compared(school, STRICTER)["effect"]["loosening"]
    assert proposed(school, STRICTER)["state"] == "requested"


def test_checks_that_a_policy_does_not_keep_are_told_and_refuse_nothing(school: School) -> None:
    agreed(school)

    found, made = compared(school, CHECKED), proposed(school, CHECKED)

    assert found["failing_checks"] == [
        "staff must see bet.test (the office): blocked by access.gambling.everyone (category-not-allowed)"
    ]
    page = page_of(school, "hedy", f"/policy/proposals/{made['id']}")
    assert "must see bet.test" in page


def test_faults_of_a_text_that_is_compared_are_named(school: School) -> None:
    answer = school.as_("terry").post(f"{URL}/compare", json={"text": "school: {name: X}"})

    assert all(field.startswith("policy.yaml:") for field in fields_of(problem_of(answer, 422, "bad-input")))


def test_who_may_not_propose_compares_nothing(school: School) -> None:
    for username in ("tess", "gail"):
        assert school.as_(username).post(f"{URL}/compare", json={"text": POLICY}).status_code == 403


def test_the_history_says_what_was_in_force_and_by_whose_word(school: School) -> None:
    first = agreed(school)
    alone = proposed(school, STRICTER, "nobody uses it")["id"]

    answer = school.as_("gail").get(f"{URL}/history")
    assert answer.status_code == 200, answer.text
    rows = answer.json()["rows"]

    assert [each["id"] for each in rows[:2]] == [alone, first]
    assert (rows[0]["agreed_by"], rows[0]["until"], rows[0]["reason"]) == (None, None, "nobody uses it")
    assert (rows[1]["proposed_by"]["id"], rows[1]["agreed_by"]["id"]) == (
        school.person("terry").id,
        school.person("hedy").id,
    )
    assert rows[1]["until"] is not None
    assert len(rows) == 3


def test_the_page_of_a_proposal_says_what_it_opens_in_words(school: School) -> None:
    agreed(school)
    opens, shuts = proposed(school, LOOSER), proposed(school, STRICTER)

    waiting = page_of(school, "gail", f"/policy/proposals/{opens['id']}")
    in_force = page_of(school, "gail", f"/policy/proposals/{shuts['id']}")

    assert "This opens more: two people have to agree." in waiting
    assert "gambling for staff: not allowed" in waiting
    assert "It is in force at once, and a second person reviews it by" in in_force


def test_who_agrees_to_less_decrypting_is_told_what_nobody_will_see(school: School) -> None:
    agreed(school)
    row = "passthrough:\n  - {sites: [bank.test], for: adults, why: banking, reason: payroll}\n"
    says = "Nobody will see which pages of bank.test are opened, searched or sent there by adults"
    assert compared(school, AGREED + row)["not_seen"][0].startswith(says)

    made = proposed(school, AGREED + row)
    assert says in page_of(school, "hedy", f"/policy/proposals/{made['id']}")
    assert "bank.test for adults" not in page_of(school, "hedy", "/policy").split("<pre")[0]
    school.as_("hedy").post(f"{URL}/proposals/{made['id']}/approve", json={"reason": "yes"})

    in_force = page_of(school, "gail", "/policy").split("<pre")[0]
    assert "<h3>Not decrypted</h3>\n<ul><li>bank.test for adults, banking (payroll)</li></ul>" in in_force
    assert "Whoever may approve" in in_force or "Nobody has to." in in_force

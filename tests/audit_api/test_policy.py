"""The policy over the API: proposed whole, refused whole, agreed by another, told with an ETag."""

from typing import Any

import pytest

from tests.audit_api.school import School, fields_of, problem_of
from tests.builders import POLICY

URL = "/api/v1/policy"
GAMBLING = "gambling:           {source: A363, everyone: not_allowed}"
LOOSER = POLICY.replace(GAMBLING, "gambling: {everyone: allowed}")


def proposed(school: School, username: str = "terry", text: str = LOOSER) -> dict[str, Any]:
    answer = school.as_(username).post(f"{URL}/proposals", json={"text": text, "reason": "a lesson plan"})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_two_people_bring_a_policy_into_force(school: School) -> None:
    made = proposed(school)
    url = f"{URL}/proposals/{made['id']}"
    before = school.as_("tess").get(URL).json()

    problem_of(school.as_("terry").post(f"{url}/approve", json={}), 403, "same-person")
    assert school.as_("hedy").post(f"{url}/approve", json={}).json()["state"] == "approved"
    after = school.as_("tess").get(URL).json()
    assert (before["text"], after["text"]) == (POLICY, LOOSER)
    assert before["revision"] != after["revision"]


def test_every_fault_is_named_and_the_policy_in_force_stays(school: School) -> None:
    text = POLICY.replace(GAMBLING, "gambling: {everyone: perhaps}")
    text = text.replace("timezone: Europe/London", "timezone: Mars/Olympus")
    answer = school.as_("terry").post(f"{URL}/proposals", json={"text": text, "reason": "x"})

    assert len(fields_of(problem_of(answer, 422, "bad-input"))) >= 2
    assert all(field.startswith("policy.yaml:") for field in fields_of(answer.json()))
    assert school.as_("gail").get(URL).json()["text"] == POLICY


def test_a_proposal_based_on_an_older_policy_is_stale(school: School) -> None:
    tag = school.as_("terry").get(URL).headers["etag"]
    made = proposed(school)
    body = {"text": POLICY, "reason": "back again"}
    fresh = school.as_("terry").post(f"{URL}/proposals", json=body, headers={"If-Match": tag})
    assert fresh.status_code == 201
    school.as_("hedy").post(f"{URL}/proposals/{made['id']}/approve", json={})

    stale = school.as_("terry").post(f"{URL}/proposals", json=body, headers={"If-Match": tag})
    problem_of(stale, 412, "stale")
    assert stale.headers["etag"] == school.as_("terry").get(URL).headers["etag"]
    late = school.as_("hedy").post(f"{URL}/proposals/{fresh.json()['id']}/approve", json={})
    problem_of(late, 409, "wrong-state")


def test_who_has_the_policy_already_is_not_sent_it_again(school: School) -> None:
    tag = school.as_("tess").get(URL).headers["etag"]
    answer = school.as_("tess").get(URL, headers={"If-None-Match": f'"other", {tag}'})

    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("verb", ["decline", "withdraw"])
def test_a_proposal_that_is_declined_or_taken_back_changes_nothing(school: School, verb: str) -> None:
    made = proposed(school)
    username = "hedy" if verb == "decline" else "terry"
    answer = school.as_(username).post(f"{URL}/proposals/{made['id']}/{verb}", json={"reason": "not now"})

    assert answer.json()["state"] == {"decline": "declined", "withdraw": "withdrawn"}[verb]
    assert school.as_("gail").get(URL).json()["text"] == POLICY


def test_the_list_is_without_the_texts_and_one_proposal_is_with_it(school: School) -> None:
    made = proposed(school)
    rows = school.as_("gail").get(f"{URL}/proposals", params={"state": "requested"}).json()["rows"]

    assert [row["id"] for row in rows] == [made["id"]]
    assert "text" not in rows[0]
    assert school.as_("gail").get(f"{URL}/proposals/{made['id']}").json()["text"] == LOOSER


def test_lists_do_not_come_with_a_policy(school: School) -> None:
    assert not {"lists", "entries"} & set(proposed(school))


def test_a_proposal_that_another_policy_has_overtaken_is_told_so_and_waits_for_nobody(school: School) -> None:
    late, first = proposed(school, text=LOOSER + "\n# words\n"), proposed(school)
    assert school.as_("hedy").get(f"{URL}/proposals/{late['id']}").json()["overtaken"] is False
    school.as_("hedy").post(f"{URL}/proposals/{first['id']}/approve", json={})

    hedy = school.browser("hedy")[0]
    told = school.as_("hedy").get(f"{URL}/proposals/{late['id']}").json()
    page = hedy.get(f"/policy/proposals/{late['id']}").text
    assert (told["overtaken"], told["overtaken_at"]) == (True, "2026-11-24T12:00:00Z")
    assert "Overtaken by the policy of Tue 24 Nov 2026, 12:00" in page
    assert ("/approve" in page, "What it would have changed" in page) == (False, False)
    assert '<span class="figure">0</span><a class="big" href="/policy">' in hedy.get("/").text
    assert late["id"] not in hedy.get("/break-glass").text
    assert school.as_("hedy").get(f"{URL}/proposals/{first['id']}").json()["overtaken"] is False

"""Corrections, legal holds and erasures through the window: who may, what is shown, what is recorded."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.audit_api.school import BY_ROLE, School, all_pages, fields_of, problem_of

HOUR = {"from": "2026-11-24T11:00:00Z", "to": "2026-11-24T12:00:00Z"}
CORRECTION: dict[str, Any] = {
    "person": "anna",
    "right_person": "ben",
    "client_address": "127.0.0.9",
    "reason": "they shared a tablet",
    **HOUR,
}
HOLD: dict[str, Any] = {"person": "anna", "reason": "an enquiry", **HOUR}
APPROVING = ("technician", "coordinator", "headteacher")


def posted(client: TestClient, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


def left(school: School, username: str) -> None:
    person_id = school.person(username).id
    posted(school.as_("hedy"), f"/people/{person_id}/end", {"reason": "has left"}, 200)


def test_a_correction_is_proposed_by_one_and_agreed_to_by_another(school: School) -> None:
    asked = posted(school.as_("terry"), "/corrections", CORRECTION)
    assert asked["person"]["name"] == "Anna Akhtar"
    assert asked["right_person"]["username"] == "ben"
    assert (asked["from"], asked["to"]) == (HOUR["from"], HOUR["to"])
    problem_of(school.as_("terry").post(f"/api/v1/corrections/{asked['id']}/approve"), 403, "same-person")

    agreed = posted(school.as_("cora"), f"/corrections/{asked['id']}/approve", {}, 200)

    assert (agreed["state"], agreed["decided_by"]["name"]) == ("approved", "Cora Clark")
    assert [row["id"] for row in all_pages(school.as_("hedy"), "/api/v1/corrections")] == [asked["id"]]
    assert school.events()[-2:] == ["correction:propose", "correction:approve"]


def test_a_correction_that_cannot_be_names_every_field(school: School) -> None:
    answer = school.as_("terry").post(
        "/api/v1/corrections",
        json={**CORRECTION, "person": "nobody", "client_address": "the library", "to": HOUR["from"]},
    )

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"person", "client_address", "to"}


def test_a_time_in_no_form_is_named(school: School) -> None:
    answer = school.as_("terry").post("/api/v1/corrections", json={**CORRECTION, "from": "yesterday"})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"from"}


def test_who_it_is_about_may_not_agree(school: School) -> None:
    about = {**CORRECTION, "right_person": "cora"}
    asked = posted(school.as_("terry"), "/corrections", about)

    problem_of(school.as_("cora").post(f"/api/v1/corrections/{asked['id']}/approve"), 403, "same-person")
    problem_of(school.as_("cora").post("/api/v1/corrections", json=about), 403, "same-person")


def test_a_hold_is_placed_by_one_and_released_by_two(school: School) -> None:
    made = posted(school.as_("cora"), "/holds", HOLD)
    assert (made["person"]["username"], made["reason"], made["released_at"]) == ("anna", "an enquiry", None)
    asked = posted(school.as_("cora"), f"/holds/{made['id']}/release", {"reason": "over"})
    assert asked["hold"]["id"] == made["id"]
    problem_of(school.as_("cora").post(f"/api/v1/holds/releases/{asked['id']}/approve"), 403, "same-person")
    assert len(all_pages(school.as_("terry"), "/api/v1/holds")) == 1

    posted(school.as_("terry"), f"/holds/releases/{asked['id']}/approve", {}, 200)

    assert all_pages(school.as_("terry"), "/api/v1/holds") == []
    (over,) = all_pages(school.as_("terry"), "/api/v1/holds", released="true")
    assert over["released_at"] is not None


def test_a_hold_may_be_on_everybody(school: School) -> None:
    assert posted(school.as_("terry"), "/holds", {**HOLD, "person": None})["person"] is None


def test_erasing_shows_what_goes_to_who_is_to_agree(school: School) -> None:
    asked = posted(
        school.as_("tess"),
        "/unblocks",
        {
            "sites": ["racism-history.test"],
            "for": {"classes": ["6A"]},
            "starts_at": "2026-11-24T13:00:00Z",
            "ends_at": "2026-11-24T14:00:00Z",
            "subject": "History",
            "reason": "as ben missed it",
        },
    )
    left(school, "ben")
    made = posted(school.as_("terry"), "/erasures", {"person": "ben", "reason": "his parents ask"})
    (text,) = made["texts"]
    assert (text["field"], text["text"]) == ("reason", "as ben missed it")
    assert "an incident it stays" in made["stays"]
    assert made["stays"] in school.browser("hedy")[0].get("/data-protection").text

    done = posted(school.as_("hedy"), f"/erasures/{made['id']}/approve", {}, 200)

    assert (done["state"], done["person"]["name"], done["texts"]) == ("approved", "erased person", None)
    assert school.as_("tess").get(f"/api/v1/unblocks/{asked['id']}").json()["reason"] == "(erased)"
    assert "Ben Brown" not in school.as_("terry").get("/api/v1/changes", params={"limit": 1000}).text
    assert "Ben Brown" not in school.as_("terry").get("/api/v1/people", params={"limit": 1000}).text
    assert school.as_("gail").get("/api/v1/changes/verify").json()["whole"]


def test_who_is_still_here_or_is_held_is_not_erased(school: School) -> None:
    body = {"person": "anna", "reason": "asked for"}
    problem_of(school.as_("terry").post("/api/v1/erasures", json=body), 409, "wrong-state")
    posted(school.as_("cora"), "/holds", HOLD)
    left(school, "anna")

    problem_of(school.as_("terry").post("/api/v1/erasures", json=body), 422, "refused")


def test_a_technician_does_not_agree_to_an_erasure(school: School) -> None:
    left(school, "ben")
    made = posted(school.as_("cora"), "/erasures", {"person": "ben", "reason": "his parents ask"})

    problem_of(school.as_("terry").post(f"/api/v1/erasures/{made['id']}/approve"), 403, "wrong-role")


VERBS = (
    ("/corrections", CORRECTION),
    ("/holds", HOLD),
    ("/erasures", {"person": "anna", "reason": "why"}),
)


@pytest.mark.parametrize("role", BY_ROLE)
@pytest.mark.parametrize(("path", "body"), VERBS)
def test_only_those_who_keep_the_register_may(
    school: School, role: str, path: str, body: dict[str, Any]
) -> None:
    client = school.as_(BY_ROLE[role])

    answers = [client.get(f"/api/v1{path}"), client.post(f"/api/v1{path}", json=body)]

    if role in APPROVING:
        assert [each.status_code for each in answers] in ([200, 201], [200, 409])
    else:
        assert {each.status_code for each in answers} == {403}


@pytest.mark.parametrize("kind", ["corrections", "holds/releases", "erasures"])
@pytest.mark.parametrize("verb", ["approve", "decline", "withdraw"])
def test_one_kind_is_not_settled_as_another(school: School, kind: str, verb: str) -> None:
    made = posted(school.as_("terry"), "/unblocks", _an_ask())

    answer = school.as_("hedy").post(f"/api/v1/{kind}/{made['id']}/{verb}", json={"reason": "why"})

    problem_of(answer, 404, "not-found")


def _an_ask() -> dict[str, Any]:
    return {
        "sites": ["racism-history.test"],
        "for": {"classes": ["6A"]},
        "starts_at": "2026-11-24T13:00:00Z",
        "ends_at": "2026-11-24T14:00:00Z",
        "subject": "History",
        "reason": "sources",
    }


def test_declined_and_taken_back_are_told_with_their_reasons(school: School) -> None:
    first, second = (posted(school.as_("terry"), "/corrections", CORRECTION)["id"] for _ in range(2))

    no = posted(school.as_("hedy"), f"/corrections/{first}/decline", {"reason": "it was her"}, 200)
    back = posted(school.as_("terry"), f"/corrections/{second}/withdraw", {}, 200)

    assert (no["state"], no["decision_reason"]) == ("declined", "it was her")
    assert back["state"] == "withdrawn"


def test_corrections_and_holds_come_as_csv_too(school: School) -> None:
    posted(school.as_("terry"), "/corrections", CORRECTION)
    posted(school.as_("terry"), "/holds", HOLD)
    csv = {"Accept": "text/csv"}

    corrections = school.as_("terry").get("/api/v1/corrections", headers=csv).text.splitlines()
    holds = school.as_("terry").get("/api/v1/holds", headers=csv).text.splitlines()

    assert corrections[0].startswith('"id","person","right_person","from","to","client_address","state"')
    assert '"Anna Akhtar","Ben Brown"' in corrections[1]
    assert '"Anna Akhtar"' in holds[1]


@pytest.mark.parametrize(
    "line", ["correction:propose", "hold:place", "hold-release:approve", "erasure:approve"]
)
def test_the_change_log_tells_it_in_plain_english_and_names_no_pupil(school: School, line: str) -> None:
    asked = posted(school.as_("terry"), "/corrections", CORRECTION)
    posted(school.as_("hedy"), f"/corrections/{asked['id']}/approve", {}, 200)
    held = posted(school.as_("terry"), "/holds", HOLD)
    over = posted(school.as_("terry"), f"/holds/{held['id']}/release", {"reason": "over"})
    posted(school.as_("hedy"), f"/holds/releases/{over['id']}/approve", {}, 200)
    left(school, "anna")
    gone = posted(school.as_("terry"), "/erasures", {"person": "anna", "reason": "asked for"})
    posted(school.as_("hedy"), f"/erasures/{gone['id']}/approve", {}, 200)

    rows = school.as_("gail").get("/api/v1/changes", params={"limit": 1000}).json()["rows"]

    (told,) = [row["says"] for row in rows if row["event"] == line]
    assert told == SAYS[line]


SAYS = {
    "correction:propose": (
        "Terry Tyler (technician) proposed that what was recorded as a pupil, Tuesday 24 November 2026,"
        " 11:00 to 12:00, was a pupil of 6A."
    ),
    "hold:place": (
        "Terry Tyler (technician) placed a legal hold on a pupil, Tuesday 24 November 2026, 11:00 to 12:00."
    ),
    "hold-release:approve": (
        "Hedy Hill (headteacher) agreed to release a legal hold. Terry Tyler (technician) had proposed it."
    ),
    "erasure:approve": (
        "Hedy Hill (headteacher) agreed to erase a pupil from the register."
        " Terry Tyler (technician) had proposed it."
    ),
}

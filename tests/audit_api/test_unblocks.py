"""A site for a lesson, over the API: asked, agreed, shut; told to each reader as they may see it."""

import csv
import io
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.audit_api.school import School, all_pages, an_ask, fields_of, problem_of

URL = "/api/v1/unblocks"


def asked(client: TestClient, *sites: str, **changes: Any) -> dict[str, Any]:
    answer = client.post(URL, json=an_ask(*sites, **changes))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def act(client: TestClient, id_: str, verb: str, reason: str = "a reason") -> Any:
    return client.post(f"{URL}/{id_}/{verb}", json={"reason": reason})


def test_asking_gives_the_request_with_its_id_and_state(school: School) -> None:
    answer = school.as_("tess").post(URL, json=an_ask())
    made = answer.json()

    assert answer.status_code == 201
    assert answer.headers["location"] == f"{URL}/{made['id']}"
    assert (made["state"], made["sites"], made["subject"]) == (
        "requested",
        ["racism-history.test"],
        "History",
    )
    assert made["for"] == {"classes": ["6B"], "filter_groups": [], "people": []}
    assert (made["starts_at"], made["ends_at"]) == ("2026-11-24T13:00:00Z", "2026-11-24T14:00:00Z")
    assert made["asked_by"]["name"] == "Tess Taylor"
    assert made["evidence"] == [{"site": "racism-history.test", "categories": ["discrimination"]}]


def test_a_second_person_approves_and_it_is_in_the_bundle(school: School) -> None:
    made = asked(school.as_("tess"))
    approved = act(school.as_("terry"), made["id"], "approve").json()

    assert (approved["state"], approved["decided_by"]["name"]) == ("approved", "Terry Tyler")
    assert [each.id for each in school.app.state.window.bundle().policy.unblocks] == [made["id"]]


@pytest.mark.parametrize("verb", ["approve", "decline"])
def test_nobody_answers_their_own(school: School, verb: str) -> None:
    made = asked(school.as_("terry"))

    problem_of(act(school.as_("terry"), made["id"], verb), 403, "same-person")
    assert school.as_("terry").get(f"{URL}/{made['id']}").json()["state"] == "requested"


def test_what_is_revoked_is_shut_and_stays_shut(school: School) -> None:
    made = asked(school.as_("tess"))
    act(school.as_("terry"), made["id"], "approve")
    revoked = act(school.as_("cora"), made["id"], "revoke").json()

    assert (revoked["state"], revoked["ended_by"]["name"]) == ("revoked", "Cora Clark")
    assert school.app.state.window.bundle().policy.unblocks == ()
    problem_of(act(school.as_("hedy"), made["id"], "approve"), 409, "wrong-state")


def test_whoever_asked_takes_it_back_and_nobody_else_does(school: School) -> None:
    made = asked(school.as_("tess"))

    problem_of(act(school.as_("terry"), made["id"], "withdraw"), 403, "wrong-role")
    assert act(school.as_("tess"), made["id"], "withdraw").json()["state"] == "withdrawn"


def test_declining_and_revoking_need_a_reason_and_approving_none(school: School) -> None:
    made = asked(school.as_("tess"))
    empty = school.as_("terry").post(f"{URL}/{made['id']}/decline", json={"reason": "  "})

    assert set(fields_of(problem_of(empty, 422, "bad-input"))) == {"reason"}
    assert school.as_("terry").post(f"{URL}/{made['id']}/approve").status_code == 200


@pytest.mark.parametrize("site", ["porn.test", "abuse.test", "www.porn.test/lessons"])
def test_what_is_locked_or_illegal_is_refused_with_the_reason(school: School, site: str) -> None:
    body = problem_of(school.as_("tess").post(URL, json=an_ask(site)), 422, "refused")

    assert "nothing opens it" in body["detail"] or "locks" in body["detail"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sites": []}, "sites"),
        ({"sites": ["co.uk"]}, "sites"),
        ({"sites": ["10.0.0.0/8"]}, "sites"),
        ({"sites": ["10.0.0.1"]}, "sites"),
        ({"for": {}}, "for"),
        ({"for": {"filter_groups": ["nobodies"]}}, "for.filter_groups"),
        ({"for": {"people": ["nobody-here"]}}, "for.people"),
        ({"ends_at": "2026-11-24T13:00:00Z"}, "ends_at"),
        ({"ends_at": "2026-11-24T12:00:00Z"}, "ends_at"),
        ({"ends_at": "2027-11-24T12:00:00Z"}, "ends_at"),
        ({"starts_at": "2026-11-20T10:00:00Z", "ends_at": "2026-11-20T11:00:00Z"}, "ends_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"reason": ""}, "reason"),
        ({"reason": "\0"}, "reason"),
        ({"subject": " "}, "subject"),
    ],
)
def test_what_cannot_be_asked_names_the_field(school: School, changes: dict[str, Any], field: str) -> None:
    body = problem_of(school.as_("tess").post(URL, json=an_ask() | changes), 422, "bad-input")

    assert field in fields_of(body)


def test_people_are_given_by_user_name_and_shown_as_the_reader_may_see_them(school: School) -> None:
    made = asked(school.as_("tess"), **{"for": {"people": ["anna"]}})

    def shown_to(username: str) -> Any:
        return school.as_(username).get(f"{URL}/{made['id']}").json()["for"]["people"]

    anna = {"id": school.person("anna").id, "name": "Anna Akhtar"}
    assert shown_to("tess") == shown_to("terry") == [anna]
    assert shown_to("gail") == [{"id": None, "name": "a pupil of 6B"}]


def test_pages_of_the_list_join_without_a_gap(school: School) -> None:
    client = school.as_("tess")
    made = [asked(client, f"site{number}.test")["id"] for number in range(5)]
    school.clock.forward(minutes=1)
    made.append(asked(client, "later.test")["id"])
    found = [each["id"] for each in all_pages(client, URL, limit=2)]

    assert len(found) == 6
    assert set(found) == set(made)


@pytest.mark.parametrize("cursor", ["x", "eA", "🙂", "MjAyNi0xMS0yNHw", "MjAyNi0xMS0yNFQxMjowMDowMHxh"])
def test_a_cursor_of_somebody_elses_making_is_named(school: School, cursor: str) -> None:
    answer = school.as_("terry").get(URL, params={"cursor": cursor})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"cursor"}


def test_time_ends_an_unblock_in_the_list_too(school: School) -> None:
    made = asked(school.as_("tess"))
    act(school.as_("terry"), made["id"], "approve")
    school.clock.forward(hours=2)

    assert school.as_("terry").get(URL, params={"state": "ended"}).json()["rows"][0]["id"] == made["id"]
    assert school.as_("terry").get(URL, params={"state": "approved"}).json()["rows"] == []


def test_the_list_comes_as_csv_to_whoever_prefers_it(school: School) -> None:
    asked(school.as_("tess"), reason='=HYPERLINK("http://evil.test")')
    answer = school.as_("terry").get(URL, headers={"Accept": "text/csv"})
    row = next(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["content-type"].startswith("text/csv")
    assert (row["sites"], row["for.classes"], row["asked_by"]) == ("racism-history.test", "6B", "Tess Taylor")
    assert row["reason"].startswith("'=")


def test_staff_shut_what_was_opened_for_them_and_nobody_elses(school: School) -> None:
    own, other = (
        school.as_(username)
        .post("/api/v1/unblocks", json=an_ask(**{"for": {"classes": [name]}}))
        .json()["id"]
        for username, name in (("tess", "6B"), ("sam", "6A"))
    )
    for id_ in (own, other):
        school.as_("terry").post(f"/api/v1/unblocks/{id_}/approve", json={})
    shut = {"reason": "lesson over"}

    problem_of(school.as_("tess").post(f"/api/v1/unblocks/{other}/revoke", json=shut), 404, "not-found")
    told = school.as_("tess").post(f"/api/v1/unblocks/{own}/revoke", json=shut).json()
    assert (told["state"], told["ended_by"]["name"]) == ("revoked", "Tess Taylor")
    assert school.as_("gail").get(f"/api/v1/unblocks/{other}").json()["state"] == "approved"

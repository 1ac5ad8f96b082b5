"""What may be said of a request beyond sites, class and reason, and agreeing to a part of it."""

import csv
import io
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.audit_api.school import School, an_ask, fields_of, problem_of

URL = "/api/v1/unblocks"
SLOTS = {"every": {"days": ["tue"], "from": "13:00", "to": "14:00", "weeks": 2}}
WHOLE = {
    "companions": ["images.test", "fonts.test"],
    "objective": "weigh two sources against each other",
    "tried": "the library has one book",
    "supervised_by": "cora",
}


def asked(client: TestClient, *sites: str, **changes: Any) -> dict[str, Any]:
    answer = client.post(URL, json=an_ask(*sites, **changes))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def in_slots(**changes: Any) -> dict[str, Any]:
    body = an_ask(**changes) | {"windows": SLOTS}
    return {name: value for name, value in body.items() if name not in ("starts_at", "ends_at")}


def test_all_that_was_said_is_shown_to_whoever_decides(school: School) -> None:
    made = asked(school.as_("tess"), **WHOLE)
    shown = school.as_("terry").get(f"{URL}/{made['id']}").json()

    assert {name: shown[name] for name in ("companions", "objective", "tried")} == {
        name: WHOLE[name] for name in ("companions", "objective", "tried")
    }
    assert shown["supervised_by"]["name"] == "Cora Clark"
    assert [each["site"] for each in shown["evidence"]] == [
        "racism-history.test",
        "images.test",
        "fonts.test",
    ]
    assert shown["lapses_at"] == "2026-11-24T14:00:00Z"  # it is over before three days are


def test_what_was_not_said_is_null(school: School) -> None:
    made = asked(school.as_("tess"))

    said = ("objective", "tried", "extends", "agreed", "used")
    assert [made[name] for name in said] == [None] * 5
    assert (made["windows"], made["companions"]) == ([], [])
    assert made["supervised_by"]["name"] == "Tess Taylor"


def test_slots_come_back_as_windows(school: School) -> None:
    answer = school.as_("tess").post(URL, json=in_slots())

    assert answer.status_code == 201, answer.text
    assert [each["starts_at"] for each in answer.json()["windows"]] == [
        "2026-11-24T13:00:00Z",
        "2026-12-01T13:00:00Z",
    ]
    assert answer.json()["ends_at"] == "2026-12-01T14:00:00Z"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"windows": SLOTS}, "windows"),
        ({"windows": {"every": {}}, "starts_at": None, "ends_at": None}, "windows.days"),
        ({"windows": {"period": "assembly"}, "starts_at": None, "ends_at": None}, "windows.period"),
        ({"windows": "tuesdays"}, "windows"),
        ({"companions": ["co.uk"]}, "companions"),
        ({"companions": ["10.0.0.1"]}, "companions"),
        ({"companions": ["x.test"] * 31}, "companions"),
        ({"supervised_by": "anna"}, "supervised_by"),
        ({"extends": "0123456789abcdef"}, "extends"),
        ({"objective": "x" * 2001}, "objective"),
        ({"tried": 7}, "tried"),
        ({"starts_at": None}, "starts_at"),
    ],
)
def test_a_fault_names_its_field(school: School, changes: dict[str, Any], field: str) -> None:
    body = problem_of(school.as_("tess").post(URL, json=an_ask() | changes), 422, "bad-input")

    assert field in fields_of(body)


def test_of_several_sites_some_are_agreed_to(school: School) -> None:
    made = asked(school.as_("tess"), "museum.test", "racism-history.test", **WHOLE)
    body = {"reason": "", "sites": ["museum.test"], "companions": ["fonts.test"]}
    agreed = school.as_("terry").post(f"{URL}/{made['id']}/approve", json=body).json()

    assert agreed["agreed"] == {"sites": ["museum.test"], "companions": ["fonts.test"]}
    assert agreed["sites"] == ["museum.test", "racism-history.test"]
    (in_force,) = school.app.state.window.bundle().policy.unblocks
    assert [str(site) for site in in_force.sites] == ["museum.test", "fonts.test"]


def test_without_a_word_all_sites_are_agreed_to_and_no_companion(school: School) -> None:
    made = asked(school.as_("tess"), **WHOLE)
    agreed = school.as_("terry").post(f"{URL}/{made['id']}/approve").json()

    assert agreed["agreed"] == {"sites": ["racism-history.test"], "companions": []}


@pytest.mark.parametrize(
    ("body", "field"),
    [({"sites": []}, "sites"), ({"sites": ["other.test"]}, "sites"), ({"companions": ["x"]}, "companions")],
)
def test_what_nobody_asked_for_is_not_agreed_to(school: School, body: dict[str, Any], field: str) -> None:
    made = asked(school.as_("tess"))
    answer = school.as_("terry").post(f"{URL}/{made['id']}/approve", json=body)

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {field}
    assert school.as_("terry").get(f"{URL}/{made['id']}").json()["state"] == "requested"


def test_an_unblock_for_slots_is_shut_between_them(school: School) -> None:
    made = school.as_("tess").post(URL, json=in_slots()).json()
    school.as_("terry").post(f"{URL}/{made['id']}/approve", json={})
    asked_at = {"sites": ["racism-history.test"], "for": {"classes": ["6B"]}}

    def seen(at: str) -> list[bool]:
        found = school.as_("tess").post(f"{URL}/check", json={**asked_at, "at": at}).json()
        return [each["then"]["open"] for each in found["sites"][0]["seen_by"]]

    assert seen("2026-11-24T13:30") == [True, True]
    assert seen("2026-11-25T13:30") == [False, False]
    assert seen("2026-12-01T13:59:59") == [True, True]
    assert seen("2026-12-01T14:00") == [False, False]


def test_the_change_log_tells_slots_and_what_was_agreed_to(school: School) -> None:
    made = school.as_("tess").post(URL, json=in_slots(**WHOLE)).json()
    body = {"companions": ["fonts.test"]}
    school.as_("terry").post(f"{URL}/{made['id']}/approve", json=body)
    rows = school.as_("gail").get("/api/v1/changes").json()["rows"]
    told = {row["event"]: row["says"] for row in rows}

    hours = "13:00 to 14:00 on Tuesdays 24 November 2026, 1 December 2026"
    assert told["unblock:propose"] == (
        "Tess Taylor (staff) asked to open racism-history.test, images.test and fonts.test for class 6B, "
        f"{hours}. Cora Clark supervises."
    )
    assert told["unblock:approve"] == (
        "Terry Tyler (technician) approved the request of Tess Taylor (staff) to open racism-history.test and"
        f" fonts.test for class 6B, {hours}, because “sources on the Bristol bus boycott”."
        " Left out: images.test."
    )


def test_the_list_as_csv_has_the_windows_and_what_was_agreed_to(school: School) -> None:
    made = school.as_("tess").post(URL, json=in_slots(**WHOLE)).json()
    school.as_("terry").post(f"{URL}/{made['id']}/approve", json={"companions": ["fonts.test"]})
    answer = school.as_("terry").get(URL, headers={"Accept": "text/csv"})
    row = next(csv.DictReader(io.StringIO(answer.text)))

    assert (row["agreed.sites"], row["agreed.companions"]) == ("racism-history.test", "fonts.test")
    assert "2026-12-01T13:00:00Z" in row["windows"]
    assert (row["supervised_by"], row["used"]) == ("Cora Clark", "not yet")


def test_a_lapsed_request_says_so_to_whoever_asked(school: School) -> None:
    made = asked(school.as_("tess"), ends_at="2026-12-20T14:00:00Z")
    assert made["lapses_at"] == "2026-11-27T12:00:00Z"
    school.clock.forward(hours=73)
    found = school.as_("tess").get(f"{URL}/{made['id']}").json()

    assert (found["state"], found["lapses_at"], found["used"]) == ("lapsed", None, None)

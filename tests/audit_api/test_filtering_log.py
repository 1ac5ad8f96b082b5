"""The filtering log: nameless unless read by name with a purpose, and then who looked is seen."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from audit_log.event_id import reference_of
from tests.audit_api.logged import a_row, store
from tests.audit_api.school import School, fields_of, problem_of
from tests.builders import NOON

URL = "/api/v1/filtering-log"


def record(school: School, username: str | None, minute: int, **changes: Any) -> str:
    """A row as the recorder writes it."""
    person = school.person(username) if username else None
    row = a_row(person, NOON - timedelta(minutes=minute), **changes)
    store(school.desk.engine, [row])
    event_id: str = row["event_id"]
    return event_id


@pytest.fixture
def browsed(school: School) -> School:
    record(school, "anna", 1)
    record(school, "ben", 2, verdict="allow", reason="unlisted-allowed", host="maths.test", category=None)
    record(school, "tess", 3)
    record(school, "hedy", 4)
    record(school, None, 5)
    return school


def rows(school: School, username: str, **wanted: str) -> list[dict[str, Any]]:
    answer = school.as_(username).get(URL, params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_nobody_is_named_who_was_not_asked_for(browsed: School) -> None:
    for username in ("terry", "cora", "hedy", "gail"):
        found = rows(browsed, username)
        assert [row["who"] for row in found] == [
            "a pupil of 6B", "a pupil of 6A", "a member of staff", "a member of staff", "nobody signed in",
        ]  # fmt: skip
        assert {(row["person"], row["client_address"]) for row in found} == {(None, None)}


def test_a_row_without_a_name_does_not_tell_which_adult_it_was(browsed: School) -> None:
    teacher, head = rows(browsed, "terry")[2:4]

    assert (teacher["role"], teacher["classes"]) == (head["role"], head["classes"]) == ("staff", [])
    assert [row["who"] for row in rows(browsed, "terry", **{"class": "6B"})] == ["a pupil of 6B"]


def test_the_governor_sees_no_path_whatever_is_asked(browsed: School) -> None:
    for row in rows(browsed, "gail"):
        assert (row["url"], row["person"], row["client_address"]) == (None, None, None)
    assert rows(browsed, "gail")[0]["host"] == "bet.test"
    assert "odds" not in str(rows(browsed, "gail"))
    for wanted in ({"person": "anna", "purpose": "x"}, {"names": "yes", "purpose": "x"}):
        problem_of(browsed.as_("gail").get(URL, params=wanted), 403, "wrong-role")
    assert "filtering-log:read" not in browsed.events()


@pytest.mark.parametrize("wanted", [{"person": "anna"}, {"names": "yes"}, {"names": "yes", "purpose": "  "}])
def test_reading_by_name_needs_a_purpose(browsed: School, wanted: dict[str, str]) -> None:
    body = problem_of(browsed.as_("cora").get(URL, params=wanted), 422, "bad-input")

    assert set(fields_of(body)) == {"purpose"}
    assert "filtering-log:read" not in browsed.events()


def test_reading_about_a_person_shows_the_name_and_leaves_a_line(browsed: School) -> None:
    found = rows(browsed, "cora", person="anna", purpose="a report by a parent", verdict="block")
    line = browsed.as_("gail").get("/api/v1/changes").json()["rows"][0]

    assert [(row["who"], row["person"]["username"]) for row in found] == [("Anna Akhtar", "anna")]
    assert found[0]["client_address"] == "127.20.0.7"
    assert (line["event"], line["actor"]["name"]) == ("filtering-log:read", "Cora Clark")
    assert line["texts"] == {"what": "verdict block", "purpose": "a report by a parent"}
    assert line["detail"] == {"about": browsed.person("anna").id, "rows": 1}
    assert "anna" not in line["sealed"].lower()


def test_showing_everybodys_names_leaves_a_line_for_each_page(browsed: School) -> None:
    wanted = {"names": "yes", "purpose": "weekly review", "limit": "3"}
    page = browsed.as_("hedy").get(URL, params=wanted).json()
    rest = browsed.as_("hedy").get(URL, params={**wanted, "cursor": page["next"]}).json()

    assert [row["who"] for row in page["rows"]] == ["Anna Akhtar", "Ben Brown", "Tess Taylor"]
    assert [row["who"] for row in rest["rows"]] == ["Hedy Hill", "nobody signed in"]
    assert browsed.events()[-2:] == ["filtering-log:read", "filtering-log:read"]


def test_a_look_that_is_refused_shows_nothing_and_leaves_no_line(browsed: School) -> None:
    for wanted in ({"person": "nobody-here"}, {"person": "anna", "from": "yesterday"}):
        answer = browsed.as_("cora").get(URL, params={**wanted, "purpose": "x"})
        assert answer.status_code == 422
    assert "filtering-log:read" not in browsed.events()


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"verdict": "block"}, 4),
        ({"host": "test"}, 5),
        ({"host": "maths.test"}, 1),
        ({"category": "gambling"}, 4),
        ({"reason": "unlisted-allowed"}, 1),
        ({"group": "upper-ks2"}, 2),
        ({"class": "6A"}, 1),
        ({"from": "2026-11-24T11:58:00Z"}, 2),
        ({"to": "2026-11-24T11:58:00Z"}, 3),
        ({"kind": "tunnel"}, 0),
        ({"unblock": "0123"}, 0),
    ],
)
def test_the_filters_find_what_they_say(browsed: School, wanted: dict[str, str], count: int) -> None:
    assert len(rows(browsed, "gail", **wanted)) == count


def test_the_reference_on_a_block_page_finds_its_row(browsed: School) -> None:
    event_id = record(browsed, "anna", 30)
    found = rows(browsed, "terry", reference=reference_of(event_id).lower(), purpose="she asked why")

    assert [row["id"] for row in found] == [event_id]


def test_an_entry_of_an_illegal_list_is_read_out_to_nobody(school: School) -> None:
    record(school, "anna", 1, category="child-sexual-abuse", entry="abuse.test/secret-page")

    for username in ("cora", "gail"):
        assert "secret-page" not in str(rows(school, username))
    assert "secret-page" not in str(rows(school, "cora", names="yes", purpose="x"))


@pytest.mark.parametrize("wanted", [{"cursor": "x"}, {"verdict": "deny"}, {"kind": "x"}, {"limit": "100000"}])
def test_a_filter_that_is_none_is_named(school: School, wanted: dict[str, str]) -> None:
    body = problem_of(school.as_("gail").get(URL, params=wanted), 422, "bad-input")

    assert set(fields_of(body)) == set(wanted)


def test_it_comes_as_csv_and_as_nameless(browsed: School) -> None:
    answer = browsed.as_("gail").get(URL, headers={"Accept": "text/csv"})

    assert next(csv.DictReader(io.StringIO(answer.text)))["who"] == "a pupil of 6B"
    assert "Akhtar" not in answer.text
    assert answer.headers["cache-control"] == "no-store"

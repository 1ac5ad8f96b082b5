"""Who sees what of a sighting: that there was one, or who it was, with a purpose and seen."""

import csv
import io
from datetime import timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from audit_api.sightings import GUESSED_AT, SAYS, Kind, tried_sentences
from audit_log.db import reading, writing
from audit_log.event_id import new_event_id
from audit_log.sightings import KINDS
from audit_log.tables import sighting
from tests.audit_api.school import School, fields_of, problem_of
from tests.builders import NOON

URL = "/api/v1/sightings"
BY_NAME = {"names": "yes", "purpose": "to speak with the parents"}


def happened(school: School, username: str | None, minute: int, **changes: Any) -> str:
    """As the recorder writes it."""
    person = school.person(username) if username else None
    at = NOON - timedelta(minutes=minute)
    row: dict[str, Any] = {
        "id": new_event_id(int(at.timestamp() * 1e9)),
        "kind": "illegal-content",
        "at": at,
        "happened": "request",
        "gate": "gate-1",
        "person_id": person.id if person else None,
        "role": person.role.value if person else None,
        "filter_groups": list(person.filter_groups) if person else ["unidentified"],
        "category": "terrorism",
        "list_id": "ctiru",
        "hash": "sealed:ab",
    } | changes
    with writing(school.desk.engine) as conn:
        conn.execute(insert(sighting).values(row))
    return str(row["id"])


@pytest.fixture
def troubled(school: School) -> School:
    for minute, username in enumerate(("anna", "hedy", "tess", None), 1):
        happened(school, username, minute)
    return school


def rows(school: School, username: str, **wanted: str) -> list[dict[str, Any]]:
    answer = school.as_(username).get(URL, params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


@pytest.mark.parametrize("reader", ["gail", "terry", "cora", "hedy"])
def test_without_a_purpose_nobody_can_be_told_from_it(troubled: School, reader: str) -> None:
    found = rows(troubled, reader)

    assert [row["who"] for row in found] == [
        "a pupil",
        "a member of staff",
        "a member of staff",
        "nobody signed in",
    ]
    assert {row["role"] for row in found} == {"pupil", "staff", None}
    assert all(row["person"] is None and row["groups"] == [] for row in found)
    assert {(row["category"], row["list"], row["hash"]) for row in found} == {
        ("terrorism", "ctiru", "sealed:ab")
    }
    assert "filtering-log:read" not in troubled.events()


def test_the_coordinator_reads_names_of_pupils_and_of_nobody_on_the_staff(troubled: School) -> None:
    found = rows(troubled, "cora", **BY_NAME)

    staff = "a member of staff"
    assert [row["who"] for row in found] == ["Anna Akhtar", staff, staff, "nobody signed in"]
    assert [row["role"] for row in found] == ["pupil", "staff", "staff", None]
    assert [row["person"] is None for row in found] == [False, True, True, True]
    for name in ("hedy", "tess"):
        assert troubled.person(name).id not in str(found)


def test_who_has_to_act_on_it_reads_the_names_and_is_seen(troubled: School) -> None:
    found = rows(troubled, "hedy", **BY_NAME)

    assert [row["who"] for row in found] == ["Anna Akhtar", "Hedy Hill", "Tess Taylor", "nobody signed in"]
    assert found[0]["person"]["username"] == "anna"
    assert found[0]["groups"] == ["upper-ks2"]
    lines = troubled.as_("gail").get("/api/v1/changes", params={"limit": 3}).json()["rows"]
    assert {line["event"] for line in lines} == {"filtering-log:read"}
    assert {line["detail"]["about"] for line in lines} == {
        troubled.person(name).id for name in ("anna", "hedy", "tess")
    }
    assert lines[0]["texts"] == {"what": "sightings", "purpose": BY_NAME["purpose"]}


def test_the_line_says_by_which_filter_and_how_many(troubled: School) -> None:
    happened(troubled, "anna", 9)
    rows(troubled, "cora", **BY_NAME, to="2026-11-24T11:59:30Z")
    lines = troubled.as_("gail").get("/api/v1/changes", params={"event": "filtering-log:read"}).json()["rows"]

    assert {line["texts"]["what"] for line in lines} == {"sightings, to 2026-11-24T11:59:30Z"}
    assert {line["object"]: line["detail"]["rows"] for line in lines} == {troubled.person("anna").id: 2}


@pytest.mark.parametrize("reader", ["terry", "gail"])
def test_the_technician_and_the_governor_read_no_names(troubled: School, reader: str) -> None:
    problem_of(troubled.as_(reader).get(URL, params=BY_NAME), 403, "wrong-role")


@pytest.mark.parametrize("reader", ["tess", "anna", "gus"])
def test_nobody_else_reads_sightings(troubled: School, reader: str) -> None:
    problem_of(troubled.as_(reader).get(URL), 403, "wrong-role")


def test_reading_by_name_needs_a_purpose(troubled: School) -> None:
    body = problem_of(
        troubled.as_("cora").get(URL, params={"names": "yes", "purpose": " "}), 422, "bad-input"
    )

    assert set(fields_of(body)) == {"purpose"}
    assert "filtering-log:read" not in troubled.events()


def test_pages_meet_every_sighting_once(troubled: School) -> None:
    whole = [row["id"] for row in rows(troubled, "gail")]
    met: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = troubled.as_("gail").get(URL, params={"limit": "3", "cursor": cursor}).json()
        met += [row["id"] for row in page["rows"]]
        cursor = page["next"]

    assert met == whole
    assert len(met) == 4


def test_from_is_in_and_to_is_not(troubled: School) -> None:
    between = {"from": "2026-11-24T11:57:00Z", "to": "2026-11-24T11:59:00Z"}

    assert [row["at"][11:16] for row in rows(troubled, "gail", **between)] == ["11:58", "11:57"]


def test_it_comes_as_csv_too(troubled: School) -> None:
    answer = troubled.as_("gail").get(URL, headers={"Accept": "text/csv"})
    found = list(csv.DictReader(io.StringIO(answer.text)))

    assert found[0]["who"] == "a pupil"
    assert len(found) == 4


@pytest.mark.parametrize("wanted", [{"cursor": "x"}, {"limit": "0"}, {"from": "yesterday"}, {"names": "all"}])
def test_what_is_no_question_is_refused(troubled: School, wanted: dict[str, str]) -> None:
    problem_of(troubled.as_("gail").get(URL, params=wanted), 422, "bad-input")


def test_every_kind_has_a_sentence_and_can_be_asked_for() -> None:
    assert set(KINDS) == set(SAYS) == set(get_args(Kind))


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_alone_is_shown_and_said_plainly(school: School, kind: str) -> None:
    for minute, each in enumerate(KINDS, 1):
        happened(school, "anna", minute, kind=each, hash=None)

    (row,) = rows(school, "gail", kind=kind)
    says = GUESSED_AT.format("a pupil") if kind == "guessing" else SAYS[kind]
    assert (row["kind"], row["says"], row["who"]) == (kind, says, "a pupil")
    assert len(rows(school, "gail")) == len(KINDS)


def test_the_line_of_a_look_says_which_kind(school: School) -> None:
    happened(school, "anna", 1, kind="guessing")
    rows(school, "cora", **BY_NAME, kind="guessing")
    (line,) = school.as_("gail").get("/api/v1/changes", params={"event": "filtering-log:read"}).json()["rows"]
    assert line["texts"]["what"] == "sightings, kind guessing"


def test_no_other_kind_can_be_asked_for(school: School) -> None:
    problem_of(school.as_("gail").get(URL, params={"kind": "gossip"}), 422, "bad-input")


def flooded(school: School, times: int = 60) -> list[str]:
    """By one pupil within a few minutes of 11:30, and by another pupil once."""
    ids = [
        happened(school, "anna", 30, kind="circumvention", hash=None, at=NOON - timedelta(seconds=1800 - n))
        for n in range(times)
    ]
    happened(school, "ben", 31, kind="circumvention", hash=None)
    return ids


def test_sixty_ways_round_of_one_pupil_are_one_line_with_how_often(school: School) -> None:
    ids = flooded(school)

    first, other = rows(school, "gail")

    earliest = ids.index(min(ids))  # by id, which a gate makes of the time; here all are of one minute
    assert (first["id"], first["times"]) == (min(ids), 60)
    assert (first["at"], first["last_at"]) == (f"2026-11-24T11:30:{earliest:02}Z", "2026-11-24T11:30:59Z")
    assert (other["times"], other["at"]) == (1, other["last_at"])


def test_each_of_them_stays_with_its_own_id(school: School) -> None:
    ids = flooded(school)
    found = rows(school, "gail", each="yes", kind="circumvention", limit="200")
    assert set(ids) < {row["id"] for row in found}
    assert len(found) == 61
    assert {row["times"] for row in found} == {1}


def test_another_hour_and_another_kind_are_lines_of_their_own(school: School) -> None:
    for minute, kind in ((1, "circumvention"), (59, "circumvention"), (61, "circumvention"), (2, "guessing")):
        happened(school, "anna", minute, kind=kind, hash=None)

    assert [(row["kind"], row["times"]) for row in rows(school, "gail")] == [
        ("guessing", 1), ("circumvention", 2), ("circumvention", 1),
    ]  # fmt: skip


def test_illegal_content_is_never_put_together(school: School) -> None:
    for minute in (1, 2, 3):
        happened(school, "anna", minute)
    assert [row["times"] for row in rows(school, "gail")] == [1, 1, 1]


def test_lines_of_long_ago_are_found_behind_a_quiet_month(school: School) -> None:
    happened(school, "anna", 1, kind="circumvention", hash=None)
    for minute in (60 * 24 * 40, 60 * 24 * 40 + 1, 60 * 24 * 80):
        happened(school, "anna", minute, kind="circumvention", hash=None)

    assert [row["times"] for row in rows(school, "gail")] == [1, 1, 1, 1]
    assert len(rows(school, "gail", to="2026-10-01T00:00:00Z")) == 1


def test_who_was_guessed_at_is_not_said_to_have_guessed(school: School) -> None:
    happened(school, "anna", 1, kind="guessing", hash=None)

    (row,) = rows(school, "cora", **BY_NAME)
    assert row["says"] == "Somebody guessed at the password of Anna Akhtar."
    page = school.browser("cora")[0].get("/sightings", params=BY_NAME).text
    assert "<td>not known</td>" in page
    assert "Somebody guessed at the password of Anna Akhtar." in page


def test_the_page_shows_the_groups_and_names_nobody_without_a_purpose(school: School) -> None:
    flooded(school)
    browser = school.browser("cora")[0]

    page = browser.get("/sightings").text
    assert "60 times" in page
    assert "A way round the filter was tried, and blocked." in page
    assert "Anna" not in page
    assert 'href="/sightings"' in page, "it stands in the menu"
    assert browser.get("/sightings", params={"names": "yes"}).status_code == 422
    assert "Anna Akhtar" in browser.get("/sightings", params=BY_NAME).text
    assert "Read by name" not in school.browser("gail")[0].get("/sightings").text
    assert school.browser("gail")[0].get("/sightings", params=BY_NAME).status_code == 422
    assert school.browser("tess")[0].get("/sightings").status_code == 403


@pytest.mark.parametrize(
    ("reader", "told"), [("cora", True), ("hedy", True), ("gail", False), ("terry", False)]
)
def test_the_first_page_says_how_many_people_to_those_who_act_on_it(
    school: School, reader: str, told: bool
) -> None:
    flooded(school)
    happened(school, "anna", 60 * 24 * 3, kind="guessing")
    page = school.browser(reader)[0].get("/").text

    assert ("2 people tried ways round the filter since yesterday; they were blocked." in page) is told
    assert "guessed at" not in page, "that was three days ago"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_line_on_the_first_page(school: School, kind: str) -> None:
    happened(school, "anna", 1, kind=kind)
    with reading(school.desk.engine) as conn:
        (says,) = tried_sentences(conn, NOON, ZoneInfo("Europe/London"))
    assert "1 person" in says

"""How the canaries stand, for who reads: over the API and in the console."""

from datetime import timedelta
from typing import Any

import pytest

from audit_log.canaries import DOMAIN
from tests.audit_api.logged import a_row, store
from tests.audit_api.reported import count
from tests.audit_api.school import School, problem_of
from tests.builders import NOON

URL = "/api/v1/canaries"


def a_canary(group: str, category: str | None, minutes: float = 10, **changes: Any) -> dict[str, Any]:
    told = {
        "kind": "canary",
        "filter_groups": (group,),
        "category": category,
        "host": f"c-{category or 'unlisted'}.{DOMAIN}",
        "client_address": None,
    }
    return a_row(None, NOON - timedelta(minutes=minutes)) | told | changes


@pytest.fixture
def asked(school: School) -> School:
    rows = [
        a_canary("staff", "gambling"),
        a_canary("guests", None, 11, verdict="allow", reason="unlisted-allowed"),
        a_canary("guests", "education", 12, host="bbc.example", verdict="allow", reason="category-allowed"),
    ]
    rows.append(a_canary("staff", "gambling", 9, verdict="allow", outcome="failed", rule="expected block"))
    store(school.desk.engine, rows)
    return school


@pytest.mark.parametrize("reader", ["gail", "terry", "cora", "hedy"])
def test_what_fails_comes_first_and_each_is_said_in_words(asked: School, reader: str) -> None:
    found = asked.as_(reader).get(URL).json()
    assert [(row["group"], row["about"], row["works"]) for row in found["rows"]] == [
        ("staff", "gambling", False),
        ("guests", "unlisted", True),
        ("guests", "bbc.example", True),
    ]
    assert [row["says"].partition(":")[0] for row in found["rows"]] == [
        "gambling, for staff",
        "sites on no list, for guests",
        "bbc.example, for guests",
    ]
    assert "not what the policy says" in found["rows"][0]["says"]
    assert (found["failed"], found["late"], found["every_minutes"]) == (1, False, 60)


@pytest.mark.parametrize("reader", ["tess", "anna", "gus"])
def test_nobody_else_reads_them(asked: School, reader: str) -> None:
    problem_of(asked.as_(reader).get(URL), 403, "wrong-role")


def test_a_governor_reads_them_as_a_page(asked: School) -> None:
    said = asked.browser("gail")[0].get("/canaries").text
    assert "1 of 3 answers are not what the policy says." in " ".join(said.replace("<strong>", "").split())
    assert said.index("Wrong") < said.index("Right<")
    assert "expected block" in said
    assert "/canaries" in asked.browser("gail")[0].get("/").text, "and finds the page in the menu"


def test_before_the_first_run_the_page_says_so(school: School) -> None:
    said = school.browser("gail")[0].get("/canaries").text
    assert "Nothing has been asked yet." in said
    assert school.as_("gail").get(URL).json()["ran_at"] is None


def test_three_intervals_without_one_are_late(asked: School) -> None:
    asked.clock.forward(minutes=3 * 60 - 9)
    assert not asked.as_("gail").get(URL).json()["late"]
    asked.clock.forward(minutes=1)
    assert asked.as_("gail").get(URL).json()["late"]
    assert "has not asked itself since" in asked.browser("gail")[0].get("/canaries").text


def test_where_requests_are_recorded_and_none_ever_ran_they_are_late(school: School) -> None:
    assert not school.as_("gail").get(URL).json()["late"], "no gate has run yet"
    count(school, 10, at=NOON - timedelta(hours=4))
    assert school.as_("gail").get(URL).json()["late"]


def test_they_are_no_rows_of_anybody_in_the_filtering_log(asked: School) -> None:
    log = asked.as_("gail").get("/api/v1/filtering-log", params={"parts": "yes"}).json()["rows"]
    own = asked.as_("gail").get("/api/v1/filtering-log", params={"kind": "canary"}).json()["rows"]
    assert log == []
    assert {row["who"] for row in own} == {"nobody signed in"}
    assert len(own) == 4


def test_what_the_gate_noticed_stands_in_the_log_as_a_sentence(school: School) -> None:
    event: dict[str, Any] = {
        "kind": "event",
        "url": None,
        "host": None,
        "category": None,
        "list_id": None,
        "entry": None,
    }
    shared = a_row(
        school.person("anna"), **event, verdict="allow", reason="account-shared", rule="devices: 2"
    )
    store(school.desk.engine, [shared])
    page = school.browser("gail")[0].get("/filtering-log").text
    assert "Noticed: one account on several devices at once (devices: 2)" in page
    assert "Let by</span>" not in page
    assert "a pupil" in page
    assert "Noticed:" in school.browser("gail")[0].get("/filtering-log?kind=event").text
    assert "Noticed:" not in school.browser("gail")[0].get("/filtering-log?kind=request").text

"""A named person's browsing is never read without a line that says so, whatever leads to that person."""

from typing import Any

import pytest

from audit_log.db import writing
from audit_log.people import change_person
from filter_policy.model import Role
from tests.audit_api.school import HASHER, School, fields_of, problem_of
from tests.audit_api.test_filtering_log import URL, record, rows
from tests.audit_api.test_unblocks import act, asked
from tests.builders import NOON


@pytest.fixture
def browsed(school: School) -> School:
    for minute, username in enumerate(("rory", "anna", "ben", "tess", "gail", None), start=1):
        record(school, username, minute)
    return school


def unblock_for(school: School, **whom: list[str]) -> str:
    made = asked(school.as_("tess"), **{"for": whom})
    act(school.as_("terry"), made["id"], "approve")
    id_: str = made["id"]
    return id_


def opened(school: School, username: str, unblock_id: str, minute: int = 1) -> str:
    return record(
        school, username, minute, unblock_id=unblock_id, rule=f"unblock.{unblock_id}", reason="unblock",
        verdict="allow", category=None,
    )  # fmt: skip


def lines(school: School) -> list[dict[str, Any]]:
    wanted = {"event": "filtering-log:read"}
    found: list[dict[str, Any]] = school.as_("gail").get("/api/v1/changes", params=wanted).json()["rows"]
    return found


@pytest.mark.parametrize(
    "wanted", [{"class": "RH"}, {"group": "reception-ks1"}, {"class": "RH", "host": "bet.test"}]
)
def test_a_filter_that_leads_to_few_needs_a_purpose_and_is_recorded(
    browsed: School, wanted: dict[str, str]
) -> None:
    body = problem_of(browsed.as_("cora").get(URL, params=wanted), 422, "bad-input")
    assert set(fields_of(body)) == {"purpose"}
    assert lines(browsed) == []

    found = rows(browsed, "cora", **wanted, purpose="a report by a parent")
    rory = browsed.person("rory").id
    assert [row["who"] for row in found] == ["Rory Reed"]
    assert [(line["object"], line["detail"]) for line in lines(browsed)] == [
        (rory, {"about": rory, "rows": 1})
    ]


@pytest.mark.parametrize(
    "wanted", [{"class": "RH"}, {"group": "reception-ks1"}, {"class": "6B", "group": "lower-ks2"}]
)
def test_a_governor_never_filters_down_to_few(browsed: School, wanted: dict[str, str]) -> None:
    answer = browsed.as_("gail").get(URL, params={**wanted, "purpose": "x"})

    if answer.status_code == 200:  # nobody at all is in both
        assert answer.json()["rows"] == []
    else:
        assert "wider" in problem_of(answer, 403, "wrong-role")["detail"]
    assert lines(browsed) == []


def test_a_governor_is_told_so_on_the_page(browsed: School) -> None:
    page = browsed.browser("gail")[0].get("/filtering-log", params={"class": "RH"})

    assert page.status_code == 422
    assert "choose a wider one" in page.text
    assert "bet.test" not in page.text


def test_who_has_left_hides_nobody(browsed: School) -> None:
    for username in ("pim", "pip", "pod"):
        ended = browsed.as_("hedy").post(
            f"/api/v1/people/{browsed.person(username).id}/end", json={"reason": "left"}
        )
        assert ended.status_code == 200

    problem_of(browsed.as_("gail").get(URL, params={"class": "6A"}), 403, "wrong-role")


def test_a_reference_leads_to_one_person_and_is_a_reading_by_name(browsed: School) -> None:
    reference = rows(browsed, "cora")[1]["reference"]  # of Anna's row
    nobodys = rows(browsed, "cora")[-1]["reference"]

    problem_of(browsed.as_("gail").get(URL, params={"reference": reference}), 403, "wrong-role")
    problem_of(browsed.as_("cora").get(URL, params={"reference": reference}), 422, "bad-input")
    assert lines(browsed) == []
    assert len(rows(browsed, "gail", reference=nobodys)) == 1
    found = rows(browsed, "cora", reference=reference, purpose="she came with the code")
    assert [row["who"] for row in found] == ["Anna Akhtar"]
    assert [line["says"] for line in lines(browsed)] == [
        "Cora Clark looked at what a pupil of 6B browsed (1 row)."
    ]


def test_an_unblock_for_single_people_names_nobody_in_a_row(school: School) -> None:
    alone, whole_class = unblock_for(school, people=["anna"]), unblock_for(school, classes=["6B"])
    opened(school, "anna", alone, 1)
    opened(school, "anna", whole_class, 2)
    opened(school, "tess", whole_class, 3)  # the only teacher of that class

    for username in ("gail", "terry"):
        found = [(row["unblock_id"], row["rule"]) for row in rows(school, username)]
        assert found == [(None, None), (whole_class, f"unblock.{whole_class}"), (None, None)]
    problem_of(school.as_("gail").get(URL, params={"unblock": alone}), 403, "wrong-role")
    problem_of(school.as_("cora").get(URL, params={"unblock": alone}), 422, "bad-input")
    assert len(rows(school, "gail", unblock=whole_class)) == 1  # not that of its one teacher
    by_name = rows(school, "cora", unblock=alone, purpose="a report")
    assert [(row["who"], row["unblock_id"]) for row in by_name] == [("Anna Akhtar", alone)]


def test_a_group_of_few_does_not_tell_who_it_was(school: School) -> None:
    record(school, "gail", 1, filter_groups=["governors"], rule="access.video.governors", role="governor")
    record(school, "tess", 2, rule="access.video.staff")
    record(school, "anna", 3, filter_groups=["lower-ks2", "upper-ks2"])  # no other pupil of 6B is in both
    record(school, "rory", 4)  # all of RH are in that group

    found = [(row["who"], row["groups"], row["rule"]) for row in rows(school, "cora")]
    rule = "access.gambling.everyone"
    assert found == [
        ("a member of staff", [], None),
        ("a member of staff", ["staff"], "access.video.staff"),
        ("a pupil of 6B", [], rule),
        ("a pupil of RH", ["reception-ks1"], rule),
    ]


def test_a_class_is_not_told_where_the_filter_leaves_few_of_it(school: School) -> None:
    """Four pupils of 6A and Anna alone of 6B were given something: a row that says 6B would be hers."""
    mixed = unblock_for(school, classes=["6A"], people=["anna"])
    opened(school, "anna", mixed, 1)
    opened(school, "ben", mixed, 2)

    assert [row["who"] for row in rows(school, "gail", unblock=mixed)] == ["a pupil", "a pupil of 6A"]


def test_a_look_by_name_says_who_was_looked_at(browsed: School) -> None:
    for wanted in ({"class": "RH"}, {"class": "6B"}, {"group": "staff"}, {"class": "Anna Akhtar"}, {}):
        rows(browsed, "cora", names="yes", purpose="a review", **wanted)
    told = [(line["object"], line["says"]) for line in reversed(lines(browsed))]

    assert told == [
        (browsed.person("rory").id, "Cora Clark looked at what a pupil of RH browsed (1 row)."),
        ("class 6B", "Cora Clark looked at what class 6B browsed (2 rows)."),
        ("the group staff", "Cora Clark looked at what the group staff browsed (2 rows)."),
        ("everybody", "Cora Clark looked at the filtering log with names (0 rows)."),
        ("everybody", "Cora Clark looked at the filtering log with names (6 rows)."),
    ]


def test_a_page_that_shows_few_by_name_says_who(browsed: School) -> None:
    rows(
        browsed,
        "cora",
        names="yes",
        purpose="a review",
        to="2026-11-24T11:57:30Z",
        **{"from": "2026-11-24T11:56:30Z"},
    )

    assert [line["object"] for line in lines(browsed)] == [browsed.person("ben").id]


def test_whoever_asked_and_became_a_governor_sees_no_pupils_name(school: School) -> None:
    id_ = unblock_for(school, people=["anna"])
    with writing(school.desk.engine) as conn:
        change_person(
            conn, school.person("tess").id, role=Role.GOVERNOR, console_hash=HASHER.hash("x" * 12),
            console_changed_at=NOON, console_must_change=False,
        )  # fmt: skip

    assert school.as_("tess").get(f"/api/v1/unblocks/{id_}").json()["for"]["people"] == [
        {"id": None, "name": "a pupil of 6B"}
    ]
    assert "Anna" not in school.browser("tess")[0].get(f"/unblocks/{id_}").text

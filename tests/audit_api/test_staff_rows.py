"""What a member of staff browsed is read by name by the headteacher alone, on every way there is (S190)."""

import json

import pytest

from audit_log.event_id import reference_of
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import School, problem_of
from tests.builders import NOON

URL = "/api/v1/filtering-log"
WHY = "a parent asked"
ADULTS = ("tess", "tina", "terry", "cora", "gail")


@pytest.fixture
def browsed(school: School) -> School:
    people = ("anna", *ADULTS, "hedy")
    rows = [
        a_row(school.person(name), NOON, url=f"https://bet.test/of-{name}", opened_in=1) for name in people
    ]
    store(school.desk.engine, [*rows, a_row(None, NOON, opened_in=1)])
    seal_up_to(school.desk.engine, 1)
    return school


WAYS = {
    "search": (URL, {}),
    "export": (f"{URL}/export", {"format": "jsonl"}),
    "tail": (f"{URL}/tail", {}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reader", ["terry", "cora", "gail", "tess"])
def test_nobody_but_the_headteacher_asks_for_a_member_of_staff(
    browsed: School, way: str, reader: str
) -> None:
    path, more = WAYS[way]
    for person in ("tess", "tina", browsed.person("gail").id):
        asked = {"person": person, "purpose": WHY, **more}
        problem_of(browsed.as_(reader).get(path, params=asked), 403, "wrong-role")
    assert not [each for each in browsed.events() if each.startswith("filtering-log:")]


@pytest.mark.parametrize("reader", ["terry", "cora"])
@pytest.mark.parametrize(
    "asked",
    [
        {"names": "yes"},
        {"names": "yes", "host": "bet.test"},
        {"search_terms": "odds"},
        {"group": "staff"},
        {"group": "staff", "names": "yes"},
        {"names": "yes", "parts": "yes"},
    ],
)
def test_no_other_reading_by_name_shows_an_adult_of_the_school(
    browsed: School, reader: str, asked: dict[str, str]
) -> None:
    for path, more in (WAYS["search"], WAYS["export"]):
        found = browsed.as_(reader).get(path, params={**asked, **more, "purpose": WHY})
        assert found.status_code == 200, found.text
        for name in (*ADULTS, "hedy"):
            assert browsed.person(name).id not in found.text
            assert browsed.person(name).name not in found.text
            assert f"of-{name}" not in found.text or asked == {"group": "staff"}  # of many, and nameless


def test_a_reference_that_a_teacher_hands_over_is_answered_without_their_name(browsed: School) -> None:
    row = a_row(browsed.person("tess"), NOON, opened_in=2)
    store(browsed.desk.engine, [row])
    asked = {"reference": reference_of(row["event_id"]), "purpose": WHY}
    (found,) = browsed.as_("terry").get(URL, params=asked).json()["rows"]
    assert (found["who"], found["person"]) == ("a member of staff", None)
    (named,) = browsed.as_("hedy").get(URL, params=asked).json()["rows"]
    assert named["who"] == "Tess Taylor"


def test_the_headteachers_reading_leaves_a_line(browsed: School) -> None:
    found = browsed.as_("hedy").get(URL, params={"person": "tess", "purpose": WHY}).json()["rows"]
    assert [row["who"] for row in found] == ["Tess Taylor"]
    (line,) = browsed.as_("gail").get("/api/v1/changes", params={"limit": 1}).json()["rows"]
    assert (line["event"], line["texts"]["purpose"]) == ("filtering-log:read", WHY)
    assert line["detail"] == {"about": browsed.person("tess").id, "rows": 1}


def test_the_headteacher_is_read_by_the_coordinator_and_by_nobody_else(browsed: School) -> None:
    asked = {"person": "hedy", "purpose": WHY}
    found = browsed.as_("cora").get(URL, params=asked).json()["rows"]
    assert [row["who"] for row in found] == ["Hedy Hill"]
    problem_of(browsed.as_("terry").get(URL, params=asked), 403, "wrong-role")


def test_what_is_kept_about_a_member_of_staff_is_taken_out_by_the_headteacher(browsed: School) -> None:
    asked = {"purpose": WHY, "format": "json"}
    person = f"/api/v1/people/{browsed.person('tess').id}/access"
    problem_of(browsed.as_("cora").get(person, params=asked), 403, "wrong-role")
    assert browsed.as_("hedy").get(person, params=asked).status_code == 200
    head = f"/api/v1/people/{browsed.person('hedy').id}/access"
    assert browsed.as_("cora").get(head, params=asked).status_code == 200
    page, _ = browsed.browser("cora")
    refused = page.get("/data-protection/access", params={"person": "tess", **asked})
    assert (refused.status_code, "of-tess" in refused.text) == (422, False)


def test_pupils_are_read_by_name_as_before(browsed: School) -> None:
    found = browsed.as_("cora").get(URL, params={"names": "yes", "purpose": WHY}).json()["rows"]
    assert {row["who"] for row in found} == {"nobody signed in", "Anna Akhtar"}
    assert "hedy" not in json.dumps(found).lower()

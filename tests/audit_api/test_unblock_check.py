"""Would Year 5 see this? The gates' own answer for a class, nobody named, and no way to read a list out."""

from typing import Any

import pytest

from tests.audit_api.school import School, an_ask, fields_of, problem_of
from tests.audit_api.test_console import visible
from tests.audit_api.test_console_unblocks import FORM

URL = "/api/v1/unblocks/check"


def check(school: School, *sites: str, who: str = "tess", **whom: Any) -> Any:
    body = {"sites": list(sites), "for": whom.pop("whom", {"classes": ["6B"]}), **whom}
    return school.as_(who).post(URL, json=body)


def rows_of(school: School, site: str, **whom: Any) -> list[tuple[str, bool, str]]:
    (found,) = check(school, site, **whom).json()["sites"]
    return [(row["who"], row["now"]["open"], row["now"]["says"]) for row in found["seen_by"]]


def probes(school: School) -> int:
    return school.events().count("illegal-list:probe")


def test_each_set_of_groups_in_the_class_is_asked_once_pupils_first(school: School) -> None:
    assert rows_of(school, "bet.test") == [
        ("pupils of 6B (upper-ks2)", False, "this kind of site is not allowed"),
        ("members of staff of 6B (staff)", False, "this kind of site is not allowed"),
    ]


def test_it_is_said_in_a_sentence(school: School) -> None:
    (found,) = check(school, "maths.test").json()["sites"]

    assert found["says"] == (
        "maths.test is open for pupils of 6B (upper-ks2) and members of staff of 6B (staff): "
        "this kind of site is allowed."
    )
    assert (found["categories"], found["refusal"]) == (["education"], None)


def test_another_time_is_asked_for_beside_now(school: School) -> None:
    made = school.as_("tess").post("/api/v1/unblocks", json=an_ask("bet.test")).json()
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={})
    found = check(school, "bet.test", at="2026-11-24T13:30").json()
    pupils = found["sites"][0]["seen_by"][0]

    assert (pupils["now"]["open"], pupils["then"]["open"]) == (False, True)
    assert pupils["then"]["says"] == "opened for a lesson"
    assert pupils["then"]["until"] == "2026-11-24T14:00:00Z"


def test_a_group_is_asked_whether_or_not_somebody_is_in_it(school: School) -> None:
    assert rows_of(school, "unlisted.test", whom={"filter_groups": ["lower-ks2"]}) == [
        ("pupils (lower-ks2)", False, "needs staff permission")
    ]


def test_of_whoever_is_named_only_the_answer_is_told(school: School) -> None:
    answer = check(school, "bet.test", whom={"people": ["anna"]})

    (row,) = answer.json()["sites"][0]["seen_by"]
    assert (row["who"], row["role"], row["filter_groups"], row["classes"]) == (
        "somebody you named",
        None,
        [],
        [],
    )
    assert row["now"]["open"] is False
    assert "6B" not in answer.text
    assert "anna" not in answer.text.lower()
    assert school.person("anna").id not in answer.text


def test_what_is_locked_cannot_be_asked_for_and_says_why(school: School) -> None:
    (found,) = check(school, "porn.test").json()["sites"]

    assert "which the policy locks" in found["refusal"]
    assert found["says"].endswith("It cannot be asked for.")
    assert probes(school) == 0


@pytest.mark.parametrize("site", ["abuse.test", "www.abuse.test/any/page"])
def test_what_is_illegal_is_answered_as_the_request_and_leaves_the_same_line(
    school: School, site: str
) -> None:
    asked = problem_of(school.as_("tess").post("/api/v1/unblocks", json=an_ask(site)), 422, "refused")
    checked = problem_of(check(school, "maths.test", site), 422, "refused")

    assert checked["detail"] == asked["detail"]
    assert probes(school) == 2


def test_nothing_is_changed_by_asking(school: School) -> None:
    before = school.events()
    check(school, "bet.test", "maths.test", "porn.test")

    assert school.events() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sites": []}, "sites"),
        ({"sites": ["co.uk"]}, "sites"),
        ({"for": {}}, "for"),
        ({"for": {"classes": ["7Z"]}}, "for.classes"),
        ({"for": {"filter_groups": ["ghosts"]}}, "for.filter_groups"),
        ({"for": {"people": ["nobody-here"]}}, "for.people"),
        ({"at": "soon"}, "at"),
        ({"windows": []}, "windows"),
    ],
)
def test_a_fault_names_its_field(school: School, body: dict[str, Any], field: str) -> None:
    whole = {"sites": ["bet.test"], "for": {"classes": ["6B"]}}
    answer = school.as_("tess").post(URL, json=whole | body)

    assert field in fields_of(problem_of(answer, 422, "bad-input"))


def test_the_button_shows_it_before_anything_is_sent_and_keeps_what_was_written(school: School) -> None:
    browser, csrf = school.browser("tess")
    answer = browser.post("/unblocks/ask", data=FORM | {"do": "check", "csrf": csrf, "reason": ""})
    page = visible(answer.text)

    assert answer.status_code == 200
    assert "racism-history.test is blocked for pupils of 6B (upper-ks2)" in page
    assert "Nothing was sent yet." in page
    assert FORM["subject"] in answer.text
    assert school.as_("tess").get("/api/v1/unblocks").json()["rows"] == []


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"sites": ""}, "sites", "at least one site"),
        ({"sites": "abuse.test"}, "sites", "nothing opens it"),
        ({"own_class": ""}, "classes", "at least one class"),
    ],
)
def test_what_the_button_cannot_ask_stands_beside_its_field(
    school: School, changes: dict[str, str], field: str, says: str
) -> None:
    browser, csrf = school.browser("tess")
    answer = browser.post("/unblocks/ask", data=FORM | changes | {"do": "check", "csrf": csrf})

    assert answer.status_code == 422
    error = answer.text.partition(f'id="f-{field}-error">')[2].partition("<")[0]
    assert says in error

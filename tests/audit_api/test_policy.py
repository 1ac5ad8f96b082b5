"""The policy over the API: proposed whole, refused whole, agreed by another, told with an ETag."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from filter_lists.compiler import ListSource, compile_index
from filter_lists.index import Index
from tests.audit_api.school import LISTED, School, fields_of, problem_of
from tests.audit_api.test_console import visible
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


def compiled(folder: Path, listed: Mapping[str, Sequence[tuple[str, str]]]) -> Index:
    """As the real compiler has it, with what it says of each list."""
    sites: dict[tuple[str, str], list[str]] = {}
    for site, pairs in listed.items():
        for category, list_id in pairs:
            sites.setdefault((list_id, category), []).append(site)
    folder.mkdir()
    sources = []
    for (list_id, category), entries in sites.items():
        path = folder / f"{list_id}.txt"
        path.write_text("\n".join(entries))
        sources.append(ListSource(list_id, category, "plain", path))
    return Index.open(folder / compile_index(sources, folder))


def test_lists_that_changed_are_told_with_the_policy_that_brings_them(school: School, tmp_path: Path) -> None:
    agreed = compiled(tmp_path / "agreed", LISTED)
    built = compiled(tmp_path / "built", {**LISTED, "dice.test": [("gambling", "gambling-list")]})
    changed = School(replace(school.desk, opened=lambda _: agreed, built=lambda: built))
    made = proposed(changed, text=POLICY)
    told = changed.as_("gail").get(f"{URL}/proposals/{made['id']}").json()
    page = visible(changed.browser("gail")[0].get(f"/policy/proposals/{made['id']}").text)

    assert told["lists"] == made["lists"] == built.generation
    assert told["entries"] == {"gambling": {"before": 1, "after": 2, "lists_changed": 1}}
    assert "Nothing in the text: it is the same." in page
    assert "gambling 1 2 1" in page
    assert changed.as_("gail").get(f"{URL}/proposals").json()["rows"][0]["lists"] == told["lists"]


def test_where_no_list_changes_there_is_no_table(school: School) -> None:
    made = proposed(school)

    assert made["entries"] == {}
    page = school.browser("gail")[0].get(f"/policy/proposals/{made['id']}").text
    assert "Lists that change" not in page

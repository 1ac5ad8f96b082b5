"""Disclosures over the API and on their page: who asks, who agrees, who reads, and until when (S190)."""

from typing import Any

import pytest

from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import School, problem_of
from tests.audit_api.test_console import visible
from tests.builders import NOON

URL = "/api/v1/disclosures"
ASKED: dict[str, Any] = {
    "person": "tina", "from": "2026-11-24T10:00:00Z", "to": "2026-11-24T12:00:00Z", "days": 2,
    "reason": "as was agreed at the meeting",
}  # fmt: skip


@pytest.fixture
def browsed(school: School) -> School:
    tina = school.person("tina")
    before, after = NOON.replace(hour=9), NOON.replace(hour=11)
    rows = [a_row(tina, at, url=f"https://bet.test/at-{at.hour}", opened_in=1) for at in (before, after)]
    store(school.desk.engine, rows)
    seal_up_to(school.desk.engine, 1)
    return school


def asked(school: School, by: str = "sam", **more: Any) -> str:
    made = school.as_(by).post(URL, json={**ASKED, **more})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def test_a_line_manager_reads_what_was_agreed_and_no_more_and_not_for_longer(browsed: School) -> None:
    one = asked(browsed)
    rows = f"{URL}/{one}/rows"
    problem_of(browsed.as_("sam").get(rows), 409, "wrong-state")
    assert browsed.as_("hedy").post(f"{URL}/{one}/approve", json={}).json()["in_force"]

    (found,) = browsed.as_("sam").get(rows).json()["rows"]
    assert (found["url"], found["who"]) == ("https://bet.test/at-11", "Tina Tang")
    assert browsed.events()[-1] == "disclosure:read"
    for other in ("hedy", "cora", "tess"):
        assert browsed.as_(other).get(rows).status_code == 404
    for other in ("tina", "terry", "gail"):
        problem_of(browsed.as_(other).get(rows), 403, "wrong-role")
    browsed.clock.forward(days=2)
    problem_of(browsed.as_("sam").get(rows), 409, "wrong-state")


def test_only_whoever_asked_and_whoever_decides_learns_of_it(browsed: School) -> None:
    one = asked(browsed, person="cora")
    for who, status in (("sam", 200), ("hedy", 200), ("cora", 404), ("tess", 404), ("terry", 403)):
        assert browsed.as_(who).get(f"{URL}/{one}").status_code == status, who
    assert browsed.as_("cora").get(URL).json()["rows"] == []
    told = browsed.as_("cora").get("/api/v1/changes", params={"event": "disclosure:"}).text
    assert browsed.person("cora").id not in told.replace(ASKED["reason"], "")
    assert "Cora" not in told


def test_the_page_asks_agrees_and_reads(browsed: School) -> None:
    sam, csrf = browsed.browser("sam")
    form = {**ASKED, "csrf": csrf, "from": "2026-11-24T10:00", "to": "2026-11-24T12:00", "days": "2"}
    refused = sam.post("/disclosures", data={**form, "person": "anna"})
    assert (refused.status_code, "somebody else on the staff" in refused.text) == (422, True)
    assert sam.post("/disclosures", data=form).status_code == 303
    hedy, hers = browsed.browser("hedy")
    assert "Tina Tang" in visible(hedy.get("/disclosures").text)
    assert "Waiting for an answer" in visible(hedy.get("/disclosures").text)
    assert "Disclosures 1 waiting" in visible(hedy.get("/").text)
    assert "A request for a member of staff's log waits for your answer." in visible(hedy.get("/").text)
    for other in (sam, browsed.browser("cora")[0]):
        assert "waits for your answer" not in visible(other.get("/").text)
    (one,) = browsed.as_("hedy").get(URL).json()["rows"]
    done = hedy.post(f"/disclosures/{one['id']}/approve", data={"csrf": hers, "reason": ""})
    assert done.headers["location"] == "/disclosures?done=disclosed"
    assert "Read it (this is recorded)" in visible(sam.get("/disclosures").text)
    assert "Disclosures 1 waiting" not in visible(hedy.get("/").text)
    shown = sam.get(f"/disclosures/{one['id']}").text
    assert "https://bet.test/at-11" in shown
    assert "Blocked" in visible(shown) or "Let by" in visible(shown)
    assert hedy.post(f"/disclosures/{one['id']}/burn", data={"csrf": hers}).status_code == 404

"""Proposals are tried out in the background; who reads of it sees what he may."""

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from audit_api.app import create_app
from audit_api.preview_jobs import PreviewJobs
from audit_api.previews import veiled
from audit_log.db import writing
from audit_log.replay import Tell
from audit_log.who_sets import WhoSets
from change_control.desk import Desk
from change_control.preview import Order, replay_here
from change_control.replay_counts import Replayed
from tests.audit_api.listed import AGREED, LESS, ListedSchool
from tests.audit_api.school import School, fields_of, problem_of
from tests.audit_log.stored import a_row, store
from tests.builders import NOON, POLICY, a_policy

PROPOSALS = "/api/v1/policy/proposals"
GAMBLING = "gambling:           {source: A363, everyone: not_allowed}"
DISCRIMINATION = "discrimination:     {source: A352, everyone: not_allowed}"
LOOSER = POLICY.replace(GAMBLING, "gambling: {everyone: allowed}")
PATIENCE = 20.0


def asked_for(school: School, *people: str, site: str = "bet.test") -> None:
    """Blocked bets of pupils of 6B, one each, on the day before."""
    with writing(school.desk.engine) as conn:
        key = ("pupil", '["upper-ks2"]', '["6B"]')
        number = WhoSets().ids(conn, [key])[key]
    first = sum(site.encode()) * 100
    rows = [
        a_row(
            first + n,
            at=NOON - timedelta(days=1, minutes=n),
            person_id=person,
            host=site,
            url=f"https://{site}/secret-page",
            verdict="block",
            reason="category-not-allowed",
            who=number,
        )
        for n, person in enumerate(people)
    ]
    store(school.desk.engine, *rows)


def proposed(school: School, text: str = LOOSER) -> str:
    answer = school.as_("terry").post(PROPOSALS, json={"text": text, "reason": "a lesson on chance"})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def tried(school: School, id_: str, days: int = 30) -> dict[str, Any]:
    answer = school.as_("terry").post(f"{PROPOSALS}/{id_}/preview", json={"days": days})
    assert answer.status_code == 202, answer.text
    school.app.state.window.previews.wait(PATIENCE)
    return told(school, id_, "hedy")


def told(school: School, id_: str, username: str) -> dict[str, Any]:
    answer = school.as_(username).get(f"{PROPOSALS}/{id_}/preview")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_preview_says_how_many_requests_people_and_groups_would_change(school: School) -> None:
    asked_for(school, "p_1", "p_2", "p_3", "p_4", "p_4")

    found = tried(school, proposed(school))

    assert found["state"] == "done"
    assert found["report"]["requests"] == 5
    assert found["report"]["opens"] == {
        "requests": 5,
        "pages": 5,
        "people": 4,
        "groups": [{"filter_groups": ["upper-ks2"], "requests": 5, "pages": 5, "people": 4}],
        "sites": [{"site": "bet.test", "requests": 5, "pages": 5, "people": 4}],
        "other_sites": {"sites": 0, "requests": 0, "pages": 0},
    }
    assert found["report"]["shuts"]["requests"] == 0


def test_what_was_asked_for_before_those_days_does_not_count(school: School) -> None:
    asked_for(school, "p_1")
    school.clock.forward(days=10)

    assert tried(school, proposed(school), days=10)["report"]["requests"] == 0


def test_a_governor_sees_no_site_that_few_people_asked_for_and_an_approver_does(school: School) -> None:
    asked_for(school, "p_1", "p_2", "p_3", "p_4")
    asked_for(school, "p_1", "p_2", "p_3", site="racism-history.test")
    id_ = proposed(school, LOOSER.replace(DISCRIMINATION, "discrimination: {everyone: allowed}"))

    whole, part = tried(school, id_), told(school, id_, "gail")

    assert [each["site"] for each in whole["report"]["opens"]["sites"]] == ["bet.test", "racism-history.test"]
    assert [each["site"] for each in part["report"]["opens"]["sites"]] == ["bet.test"]
    assert part["report"]["opens"]["other_sites"] == {"sites": 1, "requests": 3, "pages": 3}
    assert part["sha256"] == whole["sha256"]
    assert (whole["whole"], part["whole"]) == (True, False)
    assert "salt" in whole["report"]
    assert "salt" not in part["report"]


def test_nobody_is_named_and_no_part_of_an_address_is_told(school: School) -> None:
    asked_for(school, *[school.person("anna").id] * 9)
    id_ = proposed(school)
    tried(school, id_)

    for username in ("hedy", "gail"):
        said = school.as_(username).get(f"{PROPOSALS}/{id_}/preview").text
        page = school.browser(username)[0].get(f"/policy/proposals/{id_}").text
        assert "9</strong> requests" in page
        assert "secret-page" not in said + page
        assert school.person("anna").id not in said + page
        assert "Akhtar" not in said + page


def test_groups_of_few_people_are_told_as_one_to_a_governor() -> None:
    def row(people: int, *groups: str) -> dict[str, Any]:
        return {"filter_groups": list(groups), "requests": 10, "pages": 1, "people": people}

    rows = [row(30, "upper-ks2"), row(2, "staff"), row(2, "guests")]
    turned = {"requests": 30, "pages": 3, "people": 34, "groups": rows, "sites": [], "other_sites": OTHERS}

    found = veiled({"opens": turned, "shuts": turned, "salt": "x"}, a_policy())["opens"]["groups"]

    assert found == [row(30, "upper-ks2"), {**row(4, "other groups"), "requests": 20, "pages": 2}]


OTHERS = {"sites": 0, "requests": 0, "pages": 0}


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_number_of_days_that_cannot_be_is_named(school: School, days: int) -> None:
    answer = school.as_("terry").post(f"{PROPOSALS}/{proposed(school)}/preview", json={"days": days})

    assert "from 1 to 365" in fields_of(problem_of(answer, 422, "bad-input"))["days"]


def test_what_was_decided_is_not_tried_out(school: School) -> None:
    id_ = proposed(school)
    school.as_("hedy").post(f"{PROPOSALS}/{id_}/decline", json={"reason": "no"})

    problem_of(school.as_("terry").post(f"{PROPOSALS}/{id_}/preview", json={}), 409, "wrong-state")
    problem_of(school.as_("terry").get(f"{PROPOSALS}/no-such/preview"), 404, "not-found")


def test_the_approval_has_the_hash_of_the_newest_preview(school: School) -> None:
    id_ = proposed(school)
    first = tried(school, id_)["sha256"]
    school.clock.forward(minutes=1)
    second = tried(school, id_)["sha256"]
    approve = f"{PROPOSALS}/{id_}/approve"

    problem_of(school.as_("hedy").post(approve, json={"preview": first}), 409, "wrong-state")
    answer = school.as_("hedy").post(approve, json={"preview": second, "reason": "as shown"})

    assert answer.status_code == 200, answer.text
    rows = school.as_("gail").get("/api/v1/changes").json()["rows"]
    assert next(row for row in rows if row["event"] == "policy:approve")["detail"]["preview"] == second


def test_an_approval_that_nobody_tried_out_says_so(school: School) -> None:
    id_ = proposed(school)
    school.as_("hedy").post(f"{PROPOSALS}/{id_}/approve", json={})

    rows = school.as_("gail").get("/api/v1/changes").json()["rows"]
    assert next(row for row in rows if row["event"] == "policy:approve")["detail"]["preview"] is None


class Held:
    """A replay that goes on until it is let go, or ended."""

    def __init__(self) -> None:
        self.begun, self.go = Event(), Event()

    def __call__(self, desk: Desk, order: Order, tell: Tell) -> Replayed:
        tell(1, 4)
        self.begun.set()
        while not self.go.wait(0.01):
            tell(1, 4)
        return replay_here(desk, order, tell)


def with_held(school: School) -> Held:
    held = Held()
    school.app = create_app(school.desk, clock=school.clock, run_preview=held)
    return held


def test_one_at_a_time_is_tried_out_and_says_how_far_it_is(school: School) -> None:
    held, id_ = with_held(school), proposed(school)
    url = f"{PROPOSALS}/{id_}/preview"
    school.as_("terry").post(url, json={})
    assert held.begun.wait(PATIENCE)

    problem_of(school.as_("terry").post(url, json={}), 429, "too-many-at-once")
    found = told(school, id_, "gail")
    page = school.browser("gail")[0].get(f"/policy/proposals/{id_}").text
    held.go.set()
    school.app.state.window.previews.wait(PATIENCE)

    assert (found["state"], found["progress"]) == ("running", {"done": 1, "of": 4})
    assert "1 of 4 parts are done" in page
    assert told(school, id_, "gail")["state"] == "done"


def test_one_that_is_given_up_is_not_finished_and_can_be_started_again(school: School) -> None:
    held, id_ = with_held(school), proposed(school)
    school.as_("terry").post(f"{PROPOSALS}/{id_}/preview", json={})
    assert held.begun.wait(PATIENCE)
    school.app.state.window.previews.close()

    found = told(school, id_, "gail")
    assert (found["state"], found["report"]) == ("not finished", None)

    again = School(school.desk)
    assert told(again, id_, "gail")["state"] == "none"
    assert tried(again, id_)["state"] == "done"


def test_each_proposal_is_tried_out_by_itself_once(school: School) -> None:
    asked_for(school, "p_1")
    id_, previews = proposed(school), school.app.state.window.previews
    for _ in range(3):
        previews.look(school.clock())
        previews.wait(PATIENCE)

    first = told(school, id_, "hedy")
    previews.look(school.clock())
    assert first["report"]["opens"]["requests"] == 1
    assert told(school, id_, "hedy") == first


def test_the_page_of_a_proposal_shows_it_and_starts_it(school: School) -> None:
    asked_for(school, "p_1", "p_2", "p_3", "p_4")
    id_ = proposed(school)
    browser, csrf = school.browser("terry")
    page = f"/policy/proposals/{id_}"

    answers = [_post(browser, page, csrf, days) for days in ("", "x", "400", "7")]
    school.app.state.window.previews.wait(PATIENCE)
    shown = browser.get(page).text

    assert answers[1:3] == [f"{page}?done=preview-days"] * 2
    assert "bet.test" in shown
    assert "Try it out again" in shown
    assert told(school, id_, "hedy")["sha256"] in shown
    assert "Try it out again" not in school.browser("gail")[0].get(page).text


def _post(browser: TestClient, page: str, csrf: str, days: str) -> str:
    answer = browser.post(f"{page}/preview", data={"csrf": csrf, "days": days})
    assert answer.status_code == 303, answer.text
    location: str = answer.headers["location"]
    return location


def test_lists_are_tried_out_as_policies_are(listed: ListedSchool) -> None:
    asked_for(listed, "p_1", "p_2", site="bet77.test")
    listed.put(LESS, AGREED + "# fewer\n")
    asked = listed.propose()["proposal"]

    listed.as_("terry").post(f"/api/v1/lists/proposals/{asked}/preview", json={})
    listed.app.state.window.previews.wait(PATIENCE)
    found = listed.as_("hedy").get(f"/api/v1/lists/proposals/{asked}/preview").json()

    assert found["report"]["opens"]["sites"][0]["site"] == "bet77.test"


def test_the_page_approves_what_it_showed_and_not_what_came_since(school: School) -> None:
    id_ = proposed(school)
    first = tried(school, id_)["sha256"]
    browser, csrf = school.browser("hedy")
    shown = browser.get(f"/policy/proposals/{id_}").text
    school.clock.forward(minutes=1)
    tried(school, id_)

    late = browser.post(f"/policy/proposals/{id_}/approve", data={"csrf": csrf, "preview": first})

    assert f'name="preview" value="{first}"' in shown
    assert late.status_code == 409
    assert "not the newest preview" in late.text


def test_what_fails_says_so_without_what_it_was_about_and_is_not_tried_again_by_itself(
    school: School,
) -> None:
    def fails(_desk: Desk, _order: Order, _tell: Tell) -> Replayed:
        raise RuntimeError("anna asked for bet.test")

    id_, jobs = proposed(school), PreviewJobs(school.desk, fails, school.clock)
    jobs.look(school.clock())
    jobs.wait(PATIENCE)
    first = jobs.of(id_)
    jobs.look(school.clock())

    assert first is not None
    assert (first.state, first.says) == ("not finished", "it could not be done (RuntimeError)")
    assert jobs.of(id_) is first

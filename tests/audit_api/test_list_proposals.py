"""Other lists: proposed by one and agreed by another; updates that are held; over the API."""

from tests.audit_api.listed import AGREED, LESS, URL, ListedSchool
from tests.audit_api.school import fields_of, problem_of
from tests.change_control.listed import some


def test_an_update_that_loses_much_waits_for_two_people(listed: ListedSchool) -> None:
    listed.put(LESS)
    told = listed.update()
    held = told["proposal"]
    view = listed.as_("gail").get(f"{URL}/proposals/{held}").json()

    assert told["came"] == "held"
    assert listed.has("bet90.test")
    assert (view["needs"], view["state"], view["asked_by"]["name"]) == ("take-up", "requested", "the system")
    assert "60 sites would be less shut" in view["because"][0]["says"]
    assert listed.as_("gail").get(URL).json()["waiting"] == [held]
    problem_of(listed.settle("terry", held, "approve"), 422, "refused")

    taken = listed.as_("terry").post(f"{URL}/proposals", json={"reason": "the feed said so", "held": held})
    assert taken.status_code == 201
    problem_of(listed.settle("terry", taken.json()["id"], "approve"), 403, "same-person")
    assert listed.settle("hedy", taken.json()["id"], "approve").json()["state"] == "approved"
    assert not listed.has("bet90.test")
    assert listed.events()[-3:] == ["lists:hold", "lists:propose", "lists:approve"]


def test_an_update_that_only_shuts_much_more_waits_for_one_person(listed: ListedSchool) -> None:
    listed.put({"bets": some("bet", *range(400))})
    held = listed.update()["proposal"]

    assert listed.as_("cora").get(f"{URL}/proposals/{held}").json()["needs"] == "confirm"
    assert not listed.has("bet300.test")
    assert listed.settle("cora", held, "approve").status_code == 200
    assert listed.has("bet300.test")


def test_a_new_lists_yaml_is_built_proposed_and_agreed_by_another(listed: ListedSchool) -> None:
    listed.put({}, AGREED + "# more\n")
    assert listed.as_("gail").get(URL).json()["differs"] is True
    told = listed.propose("terry")
    view = listed.as_("gail").get(f"{URL}/proposals/{told['proposal']}").json()

    assert (told["came"], view["needs"], view["text"]) == ("proposed", "agree", AGREED + "# more\n")
    rows = listed.as_("gail").get(f"{URL}/proposals", params={"state": "requested"}).json()["rows"]
    assert [(row["id"], "text" in row) for row in rows] == [(told["proposal"], False)]
    assert listed.settle("cora", told["proposal"], "approve").status_code == 200
    assert listed.as_("gail").get(URL).json()["differs"] is False


def test_a_lists_yaml_with_faults_is_refused_at_once_with_every_fault(listed: ListedSchool) -> None:
    listed.put({}, "lists:\n  bets: {format: plian}\n")
    answer = listed.as_("terry").post(f"{URL}/proposals", json={"reason": "newer"})

    assert len(fields_of(problem_of(answer, 422, "bad-input"))) >= 2
    problem_of(listed.as_("terry").get(f"{URL}/updates/current"), 404, "not-found")


def test_a_proposal_is_taken_back_by_who_made_it_and_declined_by_others(listed: ListedSchool) -> None:
    listed.put({}, AGREED + "# more\n")
    first, second = listed.propose()["proposal"], listed.propose()["proposal"]

    assert listed.settle("cora", first, "decline").json()["state"] == "declined"
    assert listed.settle("terry", second, "withdraw").json()["state"] == "withdrawn"

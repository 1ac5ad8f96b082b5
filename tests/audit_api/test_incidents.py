"""Incidents over the API: the story of one, and that nobody learns of one that is not theirs."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from audit_api.rights import RIGHTS, may
from audit_log.db import writing
from audit_log.tables import incident_entry
from change_control.tokens import Wanted, make_token
from filter_policy.model import Role
from tests.audit_api.cases import AT, SECRET, a_case, a_staff_case, posted, stepped
from tests.audit_api.school import BY_ROLE, School, all_pages, problem_of
from tests.audit_api.test_changes import drop_guards

OF_A_CASE = sorted(route for route in RIGHTS if "/incidents/{id}" in route)


def test_an_incident_goes_from_a_report_by_hand_to_its_end(school: School) -> None:
    cora = school.as_("cora")
    opened = cora.post(AT, json={"kind": "pupil-circumvention", "person": "anna", "place": "off-site"})
    assert opened.status_code == 201, opened.text
    id_ = opened.json()["id"]
    assert opened.headers["location"] == f"{AT}/{id_}"
    posted(school, "cora", id_, "classify", intent="deliberate", device="192.0.2.7")
    posted(school, "hedy", id_, "notes", text="I spoke to her tutor")
    stepped(school, id_, "investigate")
    stepped(school, id_, "substance", substance=True)
    stepped(school, id_, "act", responses=["internal"])
    stepped(school, id_, "sanction", actions=["warning"], deviation="the first time")
    case = stepped(school, id_, "close", outcome="dealt-with")

    assert (case["state"], case["person"]["name"], case["intent"]) == ("closed", "Anna Akhtar", "deliberate")
    assert [each["by"]["name"] for each in case["notes"]] == ["Hedy Hill"]
    assert [each["act"] for each in case["steps"]] == [
        *("investigate", "substance", "act", "sanction", "close"),
    ]
    assert case["steps"][3]["facts"]["deviation"] == "the first time"
    assert all(each["signed_by"]["name"] == "Hedy Hill" for each in case["steps"])
    assert case["may"]["steps"] == ["reopen"]


def test_a_time_that_is_null_is_not_known_and_one_out_of_bounds_is_named(school: School) -> None:
    body = {"kind": "unsorted", "happened_at": None, "text": "x"}
    assert school.as_("cora").post(AT, json=body).status_code == 201
    odd = school.as_("cora").post(AT, json=body | {"happened_at": "9999-12-31T23:59:59+00:00"})
    problem_of(odd, 422, "bad-input")


def test_the_queue_says_what_is_new_and_what_waits_for_my_signature(school: School) -> None:
    case = a_case(school)
    posted(school, "cora", case.id, "steps", act="investigate", reason="seen")
    told = {name: school.as_(name).get(f"{AT}/queue").json() for name in ("cora", "hedy", "tess", "terry")}

    assert [each["step"]["act"] for each in told["hedy"]["to_sign"]] == ["investigate"]
    assert told["cora"]["to_sign"] == []
    assert [each["step"]["waits"] for each in told["cora"]["asked"]] == ["another"]
    assert [each["id"] for each in told["hedy"]["new"]] == [case.id]
    assert told["tess"] == told["terry"]
    assert told["tess"]["open"] == 0


def test_a_step_is_not_signed_twice_by_one_and_may_be_taken_back(school: School) -> None:
    case = a_case(school)
    asked = posted(school, "cora", case.id, "steps", act="investigate", reason="seen")
    step = asked["steps"][0]["id"]
    problem_of(school.as_("cora").post(f"{AT}/{case.id}/steps/{step}/sign"), 403, "same-person")
    taken = posted(school, "hedy", case.id, f"steps/{step}/withdraw", reason="too early")

    assert (taken["state"], taken["steps"][0]["waits"]) == ("reported", None)
    problem_of(school.as_("hedy").post(f"{AT}/{case.id}/steps/{step}/sign"), 409, "wrong-state")


def test_what_the_table_suggests_is_not_for_the_caller_to_say(school: School) -> None:
    body = {"act": "sanction", "reason": "x", "actions": ["warning"], "suggested": ["warning"]}

    problem_of(school.as_("cora").post(f"{AT}/{a_case(school).id}/steps", json=body), 422, "bad-input")


def test_investigation_mode_is_not_asked_for_as_any_step_is(school: School) -> None:
    body = {"act": "mode", "reason": "x"}

    problem_of(school.as_("cora").post(f"{AT}/{a_case(school).id}/steps", json=body), 422, "bad-input")


@pytest.mark.parametrize("role", BY_ROLE)
def test_a_case_about_staff_answers_everybody_else_as_if_there_were_none(school: School, role: str) -> None:
    """On every route, of the API and of the console; the accused too, and be it the headteacher."""
    username = BY_ROLE[role]
    about = username if role in ("staff", "headteacher") else "sam"
    case = a_staff_case(school, about)
    client, browser = school.as_(username), school.browser(username)
    for route in OF_A_CASE:
        there, nowhere = (answered(route, client, browser, id_) for id_ in (case.id, "f" * 16))
        assert there.status_code == nowhere.status_code, route
        assert there.text.replace(case.id, "x") == nowhere.text.replace("f" * 16, "x"), route
        if may(route, Role(role)):
            assert there.status_code in (404, 422), (route, there.text)


def answered(route: str, client: TestClient, browser: tuple[TestClient, str], id_: str) -> Any:
    method, path = route.split(" ")
    path = path.replace("{id}", id_).replace("{step}", "e" * 16)
    for word in ("evidence", "task", "file", "isolation"):
        path = path.replace(f"{{{word}}}", "e" * 16)
    if path.startswith("/api/"):
        return client.request(method, path, json=None if method == "GET" else filled(path))
    data = None if method == "GET" else {"csrf": browser[1], "reason": "x", "text": "x", "person": "cora"}
    return browser[0].request(method, path, data=data)


def filled(path: str) -> dict[str, Any]:
    """A body that the verb would take, so that it is the case that is asked for."""
    last = path.rpartition("/")[2]
    return {
        "notes": {"text": "x"},
        "classify": {"place": "off-site"},
        "join": {"person": "cora"},
        "leave": {"person": "cora"},
        "steps": {"act": "investigate", "reason": "x"},
        "sign": {},
    }.get(last, {"reason": "x"})


def test_a_list_hides_what_is_not_theirs_page_by_page_and_as_csv(school: School) -> None:
    open_to_cora = []
    for about in ("anna", "ben", "pim", "pip"):
        a_staff_case(school, "sam", joins=False)
        open_to_cora.append(a_case(school, "bullying", about).id)
        a_staff_case(school, "tess", joins=False)
    rows = all_pages(school.as_("cora"), AT, limit=1)
    sheet = school.as_("cora").get(AT, headers={"Accept": "text/csv"}).text

    assert sorted(each["id"] for each in rows) == sorted(open_to_cora)
    assert sheet.count("\r\n") == 5
    assert "Sam Stone" not in sheet
    assert len(all_pages(school.as_("hedy"), AT, limit=5)) == 12
    for name in ("sam", "tess", "terry"):
        assert school.as_(name).get(AT).json() == {"rows": [], "next": None}
    assert school.as_("sam").get(AT, params={"person": "sam"}).json()["rows"] == []


def test_a_list_is_of_one_state_kind_or_person_alone(school: School) -> None:
    case = a_case(school)
    a_case(school, "bullying", "ben")
    stepped(school, case.id, "close", outcome="no-concern")
    for wanted in ({"state": "closed"}, {"kind": "pupil-circumvention"}, {"person": "anna"}, {"open": "no"}):
        rows = school.as_("cora").get(AT, params=wanted).json()["rows"]
        assert [each["id"] for each in rows] == [case.id], wanted
    problem_of(school.as_("cora").get(AT, params={"person": "nobody"}), 422, "bad-input")


def test_one_more_senior_who_is_named_sees_it_until_they_leave(school: School) -> None:
    case = a_staff_case(school)
    posted(school, "hedy", case.id, "join", person="cora")
    assert school.as_("cora").get(f"{AT}/{case.id}").json()["members"][0]["name"] == "Cora Clark"
    problem_of(school.as_("hedy").post(f"{AT}/{case.id}/join", json={"person": "tess"}), 422, "refused")
    gone = school.as_("cora").post(f"{AT}/{case.id}/leave", json={"person": "cora"}).json()

    assert gone == {"id": None, "case": None}
    problem_of(school.as_("cora").get(f"{AT}/{case.id}"), 404, "not-found")


def test_whoever_sorts_a_case_to_be_about_staff_gives_it_away(school: School) -> None:
    case = a_case(school, "unsorted", None)
    answer = school.as_("cora").post(f"{AT}/{case.id}/classify", json={"person": "tess"})

    assert answer.json() == {"id": None, "case": None}
    problem_of(school.as_("cora").get(f"{AT}/{case.id}"), 404, "not-found")
    assert school.as_("hedy").get(f"{AT}/{case.id}").json()["restricted"]


def test_a_report_by_hand_about_staff_tells_nothing_of_what_is_there_already(school: School) -> None:
    body = {"kind": "staff-personal-channels", "person": "sam"}
    first, second = (school.as_("cora").post(AT, json=body) for _ in range(2))

    assert first.json() == second.json() == {"id": None, "case": None}
    assert len(school.as_("hedy").get(AT).json()["rows"]) == 1


def test_a_report_by_hand_joins_no_case_that_whoever_opens_it_may_not_see(school: School) -> None:
    hidden = a_case(school, about="anna", exclude=frozenset({school.person("cora").id}))
    opened = school.as_("cora").post(AT, json={"kind": hidden.kind, "person": "anna"}).json()

    assert opened["id"] not in (None, hidden.id)
    assert [each["id"] for each in school.as_("cora").get(AT).json()["rows"]] == [opened["id"]]


def test_what_may_be_illegal_shows_no_address_no_file_and_no_row(school: School) -> None:
    case = a_case(school, text=f"look at {SECRET} or hidden-place.test", event_id="e" * 16)
    posted(school, "cora", case.id, "notes", text="he saw 203.0.113.9/x and www.hidden-place.test")
    posted(school, "cora", case.id, "illegal", reason=f"a picture at {SECRET}")
    told = school.as_("hedy").get(f"{AT}/{case.id}")
    body = told.json()

    for word in ("hidden-place", "203.0.113.9", "e" * 16):
        assert word not in told.text
        assert word not in school.as_("cora").get(f"{AT}/queue").text
    assert (body["lane"], body["files"], body["report"][0]["event"]) == ("illegal", [], None)
    assert body["halted_at"] is not None


def test_a_program_never_sees_a_case_about_staff(school: School) -> None:
    shown, hidden = a_case(school), a_staff_case(school)
    wanted = Wanted("a case system", ("incidents:read", "incidents:write"), 30)
    token = make_token(school.desk, school.actor("hedy"), wanted, school.clock.now).token
    program = school.nobody(headers={"Authorization": f"Bearer {token}"})

    assert [each["id"] for each in program.get(AT).json()["rows"]] == [shown.id]
    problem_of(program.get(f"{AT}/{hidden.id}"), 404, "not-found")
    problem_of(program.post(f"{AT}/{hidden.id}/notes", json={"text": "x"}), 404, "not-found")
    assert program.post(f"{AT}/{shown.id}/notes", json={"text": "x"}).status_code == 200
    problem_of(program.post(f"{AT}/{shown.id}/illegal", json={"reason": "x"}), 403, "wrong-scope")


def test_one_case_that_somebody_tampered_with_hides_no_other(school: School) -> None:
    broken, whole = a_case(school), a_case(school, "bullying", "ben")
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        lines = incident_entry.update().where(incident_entry.c.incident_id == broken.id)
        conn.execute(lines.values(act="note"))
    for name, unreadable in (("hedy", 1), ("cora", 0)):
        assert [each["id"] for each in school.as_(name).get(AT).json()["rows"]] == [whole.id]
        assert school.as_(name).get(f"{AT}/queue").json()["unreadable"] == unreadable
    problem_of(school.as_("hedy").get(f"{AT}/{broken.id}"), 500, "not-whole")
    problem_of(school.as_("cora").get(f"{AT}/{broken.id}"), 404, "not-found")


def test_what_was_erased_may_have_been_about_staff_and_is_the_headteachers(school: School) -> None:
    case = a_staff_case(school)
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        lines = incident_entry.update().where(incident_entry.c.incident_id == case.id)
        conn.execute(lines.values(facts=None, salt=None))
    assert school.as_("hedy").get(f"{AT}/{case.id}").json()["erased"]
    problem_of(school.as_("cora").get(f"{AT}/{case.id}"), 404, "not-found")
    assert school.as_("cora").get(AT).json()["rows"] == []


def test_a_technician_sees_technical_ones_and_adds_to_them(school: School) -> None:
    case = a_case(school, "technical-breach", None)
    a_case(school)
    rows = school.as_("terry").get(AT).json()["rows"]

    assert [each["id"] for each in rows] == [case.id]
    assert posted(school, "terry", case.id, "notes", text="the switch is back")["may"] == {
        "sign": False,
        "name": False,
        "steps": [],
    }
    problem_of(school.as_("terry").post(f"{AT}/{case.id}/illegal", json={"reason": "x"}), 403, "wrong-role")


def test_kinds_are_those_of_the_schools_own_tables(school: School) -> None:
    told = school.as_("tess").get(f"{AT}/kinds").json()

    assert [sum(each["about"] == about for each in told["kinds"]) for about in ("pupil", "staff")] == [16, 16]
    assert sum(each["about"] == "safeguarding" for each in told["kinds"]) == 7
    assert set(told["actions"]) == {"pupil", "staff"}
    assert "grooming" in told["codes"]

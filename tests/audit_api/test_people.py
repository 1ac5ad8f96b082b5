"""The register over the API: kept by those who may, changed by two, and never a hash or a password in it."""

from typing import Any

import pytest

from audit_api.answers import PeopleProposalOut
from tests.audit_api.school import School, all_pages, fields_of, problem_of
from tests.change_control.factored import has_one, with_factor

URL = "/api/v1/people"
NEW = {
    "username": "nina",
    "name": "Nina Noor",
    "role": "pupil",
    "filter_groups": ["upper-ks2"],
    "classes": ["6A"],
}


def test_the_register_shows_everybody_and_no_secret(school: School) -> None:
    answer = school.as_("terry").get(URL)

    assert {row["username"] for row in answer.json()["rows"]} >= {"terry", "anna", "gail"}
    assert "argon2" not in answer.text
    assert "hash" not in answer.text


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"role": "pupil", "search": "ak"}, ["anna"]),
        ({"role": "governor"}, ["gail"]),
        ({"search": "an"}, ["anna", "tina"]),
        ({"search": "AKHTAR"}, ["anna"]),
        ({"search": "%"}, []),
        ({"role": "staff", "search": "t"}, ["sam", "tess"]),
    ],
)
def test_people_are_found_by_role_and_name(school: School, wanted: dict[str, str], found: list[str]) -> None:
    rows = school.as_("hedy").get(URL, params=wanted).json()["rows"]

    assert [row["username"] for row in rows] == found


def test_pages_of_the_register_join(school: School) -> None:
    found = [row["username"] for row in all_pages(school.as_("cora"), URL, limit=4)]

    assert found == sorted(found)
    assert len(found) == 18


def test_somebody_new_gets_a_first_password_that_is_told_once(school: School) -> None:
    answer = school.as_("terry").post(f"{URL}/proposals", json={"rows": [NEW], "reason": "a new pupil"})
    made = answer.json()
    password = made["first_passwords"]["nina"]["proxy"]
    later = school.as_("hedy").get(f"{URL}/proposals/{made['id']}")

    assert answer.status_code == 201
    assert len(password) >= 8
    assert (later.json()["first_passwords"], password in later.text) == (None, False)
    assert later.json()["rows"][0]["set"]["name"] == "Nina Noor"
    assert "argon2" not in later.text


def test_two_people_bring_somebody_onto_the_register(school: School) -> None:
    made = school.as_("terry").post(f"{URL}/proposals", json={"rows": [NEW], "reason": "new"}).json()
    url = f"{URL}/proposals/{made['id']}/approve"

    problem_of(school.as_("terry").post(url, json={}), 403, "same-person")
    assert school.as_("hedy").post(url, json={}).json()["state"] == "approved"
    assert school.person("nina").name == "Nina Noor"


def test_a_sheet_is_taken_and_its_faults_are_named_by_line(school: School) -> None:
    sheet = "username,name,role,filter_groups\nnina,Nina Noor,pupil,upper-ks2\nnoel,Noel,king,nowhere\n"
    body = problem_of(
        school.as_("terry").post(f"{URL}/proposals", json={"csv": sheet, "reason": "new"}), 422, "bad-input"
    )

    assert {"line 3.role", "line 3.filter_groups"} <= set(fields_of(body))
    good = {"csv": sheet.rsplit("\n", 2)[0], "reason": "new"}
    assert school.as_("terry").post(f"{URL}/proposals", json=good).status_code == 201


@pytest.mark.parametrize("body", [{}, {"rows": [NEW], "csv": "username"}])
def test_either_rows_or_a_sheet_is_needed(school: School, body: dict[str, Any]) -> None:
    answer = school.as_("terry").post(f"{URL}/proposals", json={"reason": "x"} | body)

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"rows"}


def test_one_person_suspends_and_lifting_it_takes_two(school: School) -> None:
    ben = school.person("ben")
    told = (
        school.as_("cora")
        .post(f"{URL}/{ben.id}/suspend", json={"reason": "a reason", "until": "2026-11-27T09:00"})
        .json()
    )
    assert (told["active"], told["suspended_until"]) == (False, "2026-11-27T09:00:00Z")

    lift = {"rows": [{"username": "ben", "suspended": False}], "reason": "talked"}
    made = school.as_("cora").post(f"{URL}/proposals", json=lift).json()
    assert school.as_("cora").post(f"{URL}/proposals/{made['id']}/approve", json={}).status_code == 403
    school.as_("hedy").post(f"{URL}/proposals/{made['id']}/approve", json={})
    assert school.person("ben").suspended_from is None


def test_who_has_left_is_ended_and_stays_on_the_register(school: School) -> None:
    sam = school.person("sam")
    told = school.as_("hedy").post(f"{URL}/{sam.id}/end", json={"reason": "left"}).json()

    assert (told["active"], told["ends_at"]) == (False, "2026-11-24T12:00:00Z")
    problem_of(school.as_("hedy").post(f"{URL}/nobody/end", json={"reason": "x"}), 404, "not-found")


def test_a_suspension_until_no_time_is_named(school: School) -> None:
    url = f"{URL}/{school.person('ben').id}/suspend"
    for until in ("soon", "2026-11-01"):
        answer = school.as_("cora").post(url, json={"reason": "x", "until": until})
        assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"until"}


def test_who_may_approve_enrols_with_a_half_of_a_code_from_each_of_two_people(school: School) -> None:
    row = {"username": "nora", "name": "Nora Noon", "role": "coordinator", "filter_groups": ["staff"]}
    made = school.as_("terry").post(f"{URL}/proposals", json={"rows": [row], "reason": "new"}).json()
    url = f"{URL}/proposals/{made['id']}"
    assert school.as_("terry").get(url).json()["code_halves"] is None
    agreed = school.as_("hedy").post(f"{url}/approve", json={}).json()
    assert school.as_("hedy").get(url).json()["code_halves"] is None

    first, second = made["code_halves"]["nora"], agreed["code_halves"]["nora"]
    for code in (first, second):
        body = {"code": code, "password": "nine-brown-goats"}
        assert school.nobody().post("/api/v1/enrolment", json=body).status_code == 404
    body = {"code": first + second, "password": "nine-brown-goats"}
    assert school.nobody().post("/api/v1/enrolment", json=body).json()["username"] == "nora"


def test_the_page_shows_each_half_once_to_whoever_is_to_hand_it_on(school: School) -> None:
    sheet = "username,name,role,filter_groups\nnora,Nora Noon,coordinator,staff\n"
    proposer, csrf = school.browser("terry")
    made = proposer.post("/people/proposals", data={"csrf": csrf, "csv": sheet, "reason": "new"})
    says = "Give your half of the code to Nora Noon: the other half is with whoever"
    assert f"{says} agrees." in made.text
    assert "gives coordinator to nora: they will choose a console password with a code" in made.text
    id_ = school.as_("terry").get(f"{URL}/proposals").json()["rows"][0]["id"]
    approver, csrf = school.browser("hedy")
    agreed = approver.post(f"/people/proposals/{id_}/approve", data={"csrf": csrf, "reason": ""})

    assert (agreed.status_code, f"{says} asked." in agreed.text) == (200, True)
    assert "half of the code" not in approver.get(f"/people/proposals/{id_}").text


def test_a_half_of_a_code_is_kept_nowhere(school: School, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    row = {"username": "tess", "role": "coordinator"}
    made = school.as_("terry").post(f"{URL}/proposals", json={"rows": [row], "reason": "promoted"})
    id_ = made.json()["id"]
    agreed = school.as_("hedy").post(f"{URL}/proposals/{id_}/approve", json={})
    halves = [answer.json()["code_halves"]["tess"] for answer in (made, agreed)]

    kept = b"".join(path.read_bytes() for path in school.desk.state.rglob("*") if path.is_file())
    shown = repr([PeopleProposalOut(**answer.json()) for answer in (made, agreed)])
    for half in halves:
        for spelt in (half, half.replace("-", ""), half.lower()):
            assert spelt.encode() not in kept
            assert spelt not in caplog.text + shown + str(made.headers) + str(agreed.headers)
        assert half not in school.as_("hedy").get(f"{URL}/proposals/{id_}").text
        assert half not in school.as_("hedy").get(f"{URL}/proposals").text
        assert half not in school.as_("gail").get("/api/v1/changes").text


def test_a_lost_console_password_of_who_may_approve_takes_a_new_code(school: School) -> None:
    row = {"username": "cora", "new_code": True}
    made = school.as_("terry").post(f"{URL}/proposals", json={"rows": [row], "reason": "lost"}).json()
    page = school.browser("hedy")[0].get(f"/people/proposals/{made['id']}").text
    agreed = school.as_("hedy").post(f"{URL}/proposals/{made['id']}/approve", json={}).json()
    code = made["code_halves"]["cora"] + agreed["code_halves"]["cora"]

    assert "a new code for cora: they will choose a console password with a code" in page
    assert made["first_passwords"] == {}
    body = {"code": code, "password": "nine-brown-goats"}
    assert school.nobody().post("/api/v1/enrolment", json=body).status_code == 200
    signed_in = {"username": "cora", "password": "nine-brown-goats"}
    assert school.nobody().post("/api/v1/session", json=signed_in).status_code == 200


@pytest.mark.parametrize(
    "row", [{"username": "tess", "new_code": True}, {"username": "cora", "new_code": None}]
)
def test_a_new_code_is_for_those_who_may_approve(school: School, row: dict[str, Any]) -> None:
    answer = school.as_("terry").post(f"{URL}/proposals", json={"rows": [row], "reason": "lost"})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"rows[0].new_code"}


def test_a_user_name_that_looks_like_another_is_told_to_whoever_is_to_agree(school: School) -> None:
    rows = [NEW | {"username": "t\u0435rry"}, NEW | {"username": "n0el"}, NEW | {"username": "noel"}]
    made = school.as_("terry").post(f"{URL}/proposals", json={"rows": rows, "reason": "new"}).json()

    notes = [
        "t\u0435rry looks like terry, and is another user name.",
        "t\u0435rry mixes letters of 2 alphabets (Latin, Cyrillic).",
        "n0el looks like noel, and is another user name.",
        "noel looks like n0el, and is another user name.",
    ]
    assert made["notes"] == notes
    url = f"{URL}/proposals/{made['id']}"
    assert school.as_("hedy").get(url).json()["notes"] == notes
    assert notes[0] in school.browser("hedy")[0].get(f"/people/proposals/{made['id']}").text
    assert school.as_("hedy").post(f"{url}/approve", json={}).json()["notes"] == []


def test_a_lost_telephone_is_put_right_with_a_sheet_on_the_page(school: School) -> None:
    with_factor(school.desk, "cora", school.clock.now)
    proposer, csrf = school.browser("terry")
    assert "username,clear_second_factor" in proposer.get("/people").text
    sheet = "username,clear_second_factor\ncora,yes\n"
    made = proposer.post("/people/proposals", data={"csrf": csrf, "csv": sheet, "reason": "lost"})
    assert "clears the second factor" in made.text
    id_ = school.as_("terry").get(f"{URL}/proposals").json()["rows"][0]["id"]
    assert has_one(school.desk, "cora")

    school.as_("hedy").post(f"{URL}/proposals/{id_}/approve", json={})

    assert not has_one(school.desk, "cora")

"""Evidence, files, tasks, devices and the police, over the API. Nobody looks at what may be illegal."""

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

from tests.audit_api.cases import AT, a_case, posted, stepped
from tests.audit_api.logged import a_row, store
from tests.audit_api.school import School, fields_of, problem_of
from tests.builders import NOON

DEVICE = "10.0.3.17"
EVIDENCE = {"person": "anna", "from": "2026-11-24T11:30", "to": "2026-11-24T12:00", "why": "the lesson"}


def test_rows_of_evidence_are_read_with_a_purpose_that_is_sealed(school: School) -> None:
    anna = school.person("anna")
    store(school.desk.engine, [a_row(anna, NOON - timedelta(minutes=5 * n)) for n in range(1, 4)])
    case = a_case(school)
    kept = posted(school, "cora", case.id, "evidence", **EVIDENCE)["evidence"][0]
    url = f"{AT}/{case.id}/evidence/{kept['id']}"
    assert (kept["from"], kept["to"], kept["person"]["name"]) == (
        "2026-11-24T10:30:00Z",
        "2026-11-24T13:00:00Z",
        "Anna Akhtar",
    )
    problem_of(school.as_("cora").get(url), 422, "bad-input")
    asked = {"purpose": "to see how often", "limit": "2"}
    first = school.as_("cora").get(url, params=asked).json()
    rest = school.as_("cora").get(url, params=asked | {"cursor": first["next"]}).json()

    assert [len(first["rows"]), len(rest["rows"]), rest["next"]] == [2, 1, None]
    assert first["rows"][0]["person"]["username"] == "anna"
    assert school.events()[-2:] == ["incident:look", "incident:look"]
    sheet = school.as_("hedy").get(url, params=asked, headers={"Accept": "text/csv"})
    assert sheet.text.count("bet.test/odds/today") == 2


def test_a_file_comes_back_as_it_was_attached_and_leaves_a_line(school: School) -> None:
    case, content = a_case(school), b"\x89PNG the whole picture"
    answer = school.as_("cora").post(
        f"{AT}/{case.id}/files", params={"name": "screen shot.png", "says": "what she saw"}, content=content
    )
    file = answer.json()["case"]["files"][0]
    back = school.as_("hedy").get(f"{AT}/{case.id}/files/{file['id']}")

    assert (file["sha256"], file["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert back.content == content
    assert back.headers["content-type"] == "application/octet-stream"
    assert back.headers["content-disposition"] == "attachment; filename*=UTF-8''screen%20shot.png"
    assert school.events()[-1] == "incident:look"


def test_a_file_may_be_larger_than_other_bodies_and_not_without_end(school: School) -> None:
    client, url = school.as_("cora"), f"{AT}/{a_case(school).id}/files"
    assert client.post(url, params={"name": "a"}, content=bytes(10_000_000)).status_code == 200
    assert "content" in fields_of(
        problem_of(client.post(url, params={"name": "a"}, content=bytes(10_000_001)), 422, "bad-input")
    )
    problem_of(client.post(url, params={"name": "a"}, content=bytes(10_100_001)), 413, "too-large")
    problem_of(client.post(f"{url}x", content=bytes(4_000_001)), 413, "too-large")


def test_whom_to_tell_stays_until_it_is_done_and_shows_as_overdue(school: School) -> None:
    case = a_case(school)
    task = posted(school, "cora", case.id, "tasks", kind="parents", due="2026-11-26")["tasks"][0]
    assert (task["says"], task["overdue"]) == ("Inform parents or carers", False)
    assert "Anna" not in task["text"]
    stepped(school, case.id, "close", outcome="no-concern")
    school.clock.forward(days=3)
    late = school.as_("cora").get(f"{AT}/queue").json()["overdue"]
    assert [(each["case"]["id"], each["task"]["id"]) for each in late] == [(case.id, task["id"])]
    done = posted(school, "hedy", case.id, f"tasks/{task['id']}/done", how="by telephone")["tasks"][0]

    assert (done["done_by"]["name"], done["how"], done["overdue"]) == ("Hedy Hill", "by telephone", False)
    assert school.as_("cora").get(f"{AT}/queue").json()["overdue"] == []


def test_a_device_is_shut_off_by_one_and_let_on_again_by_two(school: School) -> None:
    case = a_case(school)
    shut = posted(school, "cora", case.id, "isolate", device=DEVICE, hours=48, reason="evidence")
    isolation = shut["isolated"][0]
    assert isolation["in_force"]
    assert "release" in shut["may"]["steps"]
    freed = stepped(school, case.id, "release", isolation=isolation["id"])["isolated"][0]

    assert (freed["in_force"], freed["released_at"]) == (False, "2026-11-24T12:00:00Z")
    bad = {"device": "127.0.0.1", "hours": 1000, "reason": "x"}
    answer = school.as_("cora").post(f"{AT}/{case.id}/isolate", json=bad)
    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"device", "hours"}


def test_investigation_mode_takes_two_and_is_ended_by_one(school: School) -> None:
    case = a_case(school)
    stepped(school, case.id, "investigate")
    body = {"device": DEVICE, "sites": ["bet.test"], "minutes": 30, "reason": "to see what it is"}
    refused = school.as_("cora").post(f"{AT}/{case.id}/mode", json=body | {"sites": ["abuse.test"]})
    problem_of(refused, 422, "refused")
    step = posted(school, "cora", case.id, "mode", **body)["steps"][-1]
    assert (step["waits"], step["in_force"], step["facts"]["sites"]) == ("another", False, ["bet.test"])
    signed = posted(school, "hedy", case.id, f"steps/{step['id']}/sign")["steps"][-1]
    assert signed["in_force"]
    ended = posted(school, "cora", case.id, f"steps/{step['id']}/end")["steps"][-1]

    assert (ended["in_force"], ended["ended_at"]) == (False, "2026-11-24T12:00:00Z")


def test_what_may_be_illegal_is_referred_and_looked_at_by_nobody(school: School) -> None:
    store(school.desk.engine, [a_row(school.person("anna"), NOON - timedelta(minutes=5))])
    case, client = a_case(school), school.as_("cora")
    kept = posted(school, "cora", case.id, "evidence", **EVIDENCE)["evidence"][0]
    added = client.post(f"{AT}/{case.id}/files", params={"name": "secret.png"}, content=b"png").json()
    file = added["case"]["files"][0]
    stepped(school, case.id, "investigate")
    mode = {"device": DEVICE, "sites": ["bet.test"], "minutes": 30, "reason": "to see what it is"}
    posted(school, "cora", case.id, "mode", **mode)
    told = posted(school, "cora", case.id, "illegal", reason="it is a picture of abuse")

    assert (told["files"], told["held_files"], told["evidence"][0]["event"]) == ([], 1, None)
    assert "mode" not in told["may"]["steps"]
    assert "bet.test" not in str(told)
    assert "secret.png" not in str(told)
    rows = client.get(f"{AT}/{case.id}/evidence/{kept['id']}", params={"purpose": "x"})
    problem_of(rows, 422, "refused")
    problem_of(client.get(f"{AT}/{case.id}/files/{file['id']}"), 422, "refused")
    more = client.post(f"{AT}/{case.id}/files", params={"name": "a.png"}, content=b"png")
    problem_of(more, 422, "refused")
    problem_of(client.post(f"{AT}/{case.id}/mode", json=mode), 409, "wrong-state")
    body = {"code": "child-sexual-abuse-images", "to": "the police", "reference": "7/26", "reason": "at once"}
    referred = posted(school, "cora", case.id, "refer", **body)
    assert [each["code"] for each in referred["referrals"]] == ["child-sexual-abuse-images"]
    stepped(school, case.id, "substance", substance=False)
    assert stepped(school, case.id, "close", outcome="referred")["state"] == "closed"


def test_a_bundle_for_a_referral_is_a_zip_and_leaves_a_line(school: School) -> None:
    case, client = a_case(school), school.as_("cora")
    made = client.post(f"{AT}/{case.id}/referral")
    assert made.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(made.content)) as bundle:
        assert "manifest.json" in bundle.namelist()
    assert school.events()[-1] == "incident:made"
    browser, csrf = school.browser("cora")
    again = browser.post(f"/incidents/{case.id}/referral", data={"csrf": csrf})
    assert again.headers["content-disposition"] == f'attachment; filename="incident-{case.id}.zip"'


def test_what_is_suggested_comes_from_the_schools_own_table(school: School) -> None:
    case = a_case(school)
    told = school.as_("cora").get(f"{AT}/{case.id}/suggestion").json()
    assert "technical-support" in told["actions"]
    assert told["says"]["removal-of-access"].startswith("Removal of network")
    assert told["basis"] == ["A433"]
    problem_of(school.as_("terry").get(f"{AT}/{case.id}/suggestion"), 403, "wrong-role")


def sanctioned(school: School, **facts: Any) -> Any:
    case = a_case(school)
    stepped(school, case.id, "investigate")
    stepped(school, case.id, "substance", substance=True)
    stepped(school, case.id, "act", responses=["internal"])
    return case, school.as_("cora").post(
        f"{AT}/{case.id}/steps", json={"act": "sanction", "reason": "as the table says", **facts}
    )


def test_removal_of_access_has_an_end_and_suspends(school: School) -> None:
    until = {"until": "2026-11-27T12:00"}
    case, asked = sanctioned(school, actions=["removal-of-access"], deviation="the first time", removal=until)
    step = asked.json()["case"]["steps"][-1]
    assert step["facts"]["removal"] == {"until": "2026-11-27T12:00:00Z"}
    posted(school, "hedy", case.id, f"steps/{step['id']}/sign")

    assert school.person("anna").suspended_until == NOON + timedelta(days=3)


def test_other_actions_than_are_suggested_need_a_reason(school: School) -> None:
    _, asked = sanctioned(school, actions=["warning"])

    assert "deviation" in problem_of(asked, 422, "bad-input")["detail"].lower()

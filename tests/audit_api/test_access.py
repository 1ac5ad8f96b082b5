"""One person's data to hand over: whole, in every form, with everybody else taken out, and recorded first."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import anyio
import pytest
from sqlalchemy import insert

from audit_api.access import Wanted, access_of
from audit_api.access_forms import FILES, FORMS
from audit_api.reader import find_reader
from audit_api.streams import BrokenOff
from audit_api.window import Visit
from audit_log.db import writing
from audit_log.seal import stamp
from audit_log.sessions import create_session, end_sessions_of
from audit_log.tables import journal_aside
from change_control.holds import place_hold
from change_control.looks import record_look
from change_control.proposals import approve, decline, propose_unblock
from change_control.protecting import WrongIdentity, propose_correction, propose_erasure
from change_control.tightening import end_person, suspend
from tests.audit_api.school import BY_ROLE, REGISTER, School, an_ask, fields_of, problem_of
from tests.audit_log.stored import a_row, store
from tests.builders import NOON

WHY = "asked for in writing on 2 November, seen in person"
HOUR = timedelta(hours=1)


def browse(school: School, username: str | None, number: int, **changes: Any) -> None:
    person = school.person(username) if username else None
    who = {"person_id": person.id if person else None, "role": person.role.value if person else None}
    at = NOON - HOUR + timedelta(seconds=number)
    row = a_row(number, **{**who, "opened_in": 0, "at": at, **changes})
    store(school.desk.engine, row)


@pytest.fixture
def lived(school: School) -> School:
    """Anna has been at this school for a while, among others."""
    desk, terry, tess = school.desk, school.actor("terry"), school.actor("tess")
    anna, ben = school.person("anna"), school.person("ben")
    browse(school, "anna", 1, search_terms="what is a river", url="https://search.test/?q=ben+brown")
    browse(
        school,
        "anna",
        2,
        category="child-sexual-abuse",
        reason="illegal",
        url="sealed:ab",
        entry="abuse.test",
    )
    browse(school, "ben", 3, url="https://ben.test/of-ben")
    browse(school, "anna", 4, url="https://ben.test/was-ben", client_address="127.0.0.8")
    browse(school, "ben", 5, url="https://anna.test/was-anna", client_address="127.0.0.7")
    browse(school, None, 6, url="https://nobody.test/")
    for wrong, right, address in (("anna", "ben", "127.0.0.8"), ("ben", "anna", "127.0.0.7")):
        times = (NOON - HOUR, NOON)
        asked = propose_correction(desk, terry, WrongIdentity(wrong, right, *times, address), "tablets", NOON)
        approve(desk, school.actor("hedy"), asked.id, "", NOON)
    suspend(desk, terry, anna.id, NOON + HOUR, "hit ben; Ben's mother rang", NOON)
    record_look(desk, terry, anna.id, "host ben.test", "Ben says that she was on it", NOON)
    record_look(desk, terry, ben.id, "host ben.test", "Anna says that he was on it", NOON)
    place_hold(desk, terry, "anna", NOON - HOUR, NOON, "the police ask", NOON)
    for_her = {"classes": [], "filter_groups": [], "people": ["anna"]}
    alone = propose_unblock(desk, tess, an_ask(**{"for": for_her}, reason="anna was ill"), NOON)
    decline(desk, terry, alone.id, "she was not, says Tess Taylor", NOON)
    both = {"classes": ["6A"], "filter_groups": [], "people": ["anna", "ben"]}
    propose_unblock(desk, tess, an_ask(**{"for": both}, reason="Ben is slow, Anna is quick"), NOON)
    return school


def taken(school: School, username: str = "anna", who: str = "cora", **wanted: str) -> Any:
    person_id = school.person(username).id
    answer = school.as_(who).get(
        f"/api/v1/people/{person_id}/access", params={"purpose": WHY, "format": "json", **wanted}
    )
    assert answer.status_code == 200, answer.text
    return answer


def parts(
    school: School, username: str = "anna", who: str = "cora", **wanted: str
) -> dict[str, list[dict[str, Any]]]:
    told = taken(school, username, who, **wanted).json()["parts"]
    return {name: part["rows"] for name, part in told.items()}


def test_all_that_somebody_browsed_is_in_it_with_corrections_applied(lived: School) -> None:
    found = parts(lived)

    assert [row["url"] for row in found["browsing"]] == [
        "https://search.test/?q=ben+brown",
        "sealed:ab",
        "https://anna.test/was-anna",
    ]
    assert [row["corrected"] for row in found["browsing"]] == [False, False, True]
    assert [row["search_terms"] for row in found["searches"]] == ["what is a river"]
    assert sorted(row["says"].partition(",")[0] for row in found["corrections"]) == [
        "what was recorded as another person was yours",
        "what was recorded as you was not yours",
    ]
    assert "1 row was recorded as you" in taken(lived).text


def test_what_could_not_be_stored_is_in_it_and_nobody_elses(lived: School) -> None:
    anna, ben = lived.person("anna").id, lived.person("ben").id
    at, url = stamp(NOON - HOUR), "https://odd.test/\ud800"
    of_ben, was_ben = {"person": ben, "url": "https://of-ben.test/"}, {"address": "127.0.0.8", "person": anna}
    records = {
        "whole": {"at": at, "person": anna, "url": url, "status": 10**30, "entry": "odd.test"},
        "halves": {"open": {"at": at, "person": anna, "host": "half.test"}, "close": {"status": 200}},
        "ben": of_ben | {"at": at},
        "corrected": was_ben | {"at": at},
        "nobody": {"at": at, "id": 7},
        "odd": [anna],
    }
    with writing(lived.desk.engine) as conn:
        for key, record in records.items():
            kept = {"key": key, "why": "not a time: 'x'", "record": json.dumps(record)}
            conn.execute(insert(journal_aside), kept)
    found = parts(lived)["set_aside"]

    assert [(row["url"], row["host"], row["status"], row["why"]) for row in found] == [
        (None, "half.test", "200", "not a time"),
        ("https://odd.test/?", None, str(10**30), "not a time"),
    ]
    for form in FORMS:
        assert "of-ben.test" not in taken(lived, format=form).text


def test_no_entry_of_an_illegal_list_is_read_out(lived: School) -> None:
    illegal = next(row for row in parts(lived)["browsing"] if row["reason"] == "illegal")

    assert illegal["entry"] is None
    assert "abuse.test" not in taken(lived, format="csv").text


def test_the_register_is_told_without_a_hash(lived: School) -> None:
    (entry,) = parts(lived)["register"]

    assert (entry["username"], entry["name"], entry["classes"]) == ("anna", "Anna Akhtar", ["6B"])
    assert "argon2" not in taken(lived).text


def test_what_was_done_about_somebody_is_told_by_role(lived: School) -> None:
    (suspended,) = parts(lived)["suspensions"]

    assert suspended["by"] == "a technician"
    assert suspended["reason"] == "hit another person; another person's mother rang"


def test_who_read_the_record_is_told_with_a_purpose_that_names_nobody(lived: School) -> None:
    (read,) = parts(lived)["readings"]

    assert (read["by"], read["what"]) == ("a technician", "host another person.test")  # Ben is in her class
    assert read["purpose"] == "another person says that she was on it"
    assert read["says"] == "A technician looked at what Anna Akhtar browsed."


def test_others_words_are_given_where_they_are_about_this_person_alone(lived: School) -> None:
    alone, both = parts(lived)["opened_for_you"]

    assert alone["reason"] == "anna was ill"
    assert alone["decision_reason"] == "she was not, says another person"
    assert (both["reason"], both["subject"]) == (None, None)
    assert sorted(both["for"]) == ["another person", "class 6A", "you"]  # in the order of their ids


def test_what_is_kept_for_an_enquiry_is_not_told(lived: School) -> None:
    found = taken(lived).text

    assert "the police ask" not in found
    assert "placed a legal hold" not in found


@pytest.mark.parametrize("form", [*FORMS, "zip"])
def test_nobody_else_is_in_any_form_of_it(lived: School, form: str) -> None:
    """But for what she typed herself."""
    everything = content_of(taken(lived, format=form).content, form)
    everything = everything.replace("https://search.test/?q=ben+brown", "").replace("host ben.test", "")

    others = [(each[0], each[1]) for each in REGISTER if each[0] != "anna"]
    for username, name in [*others, ("terry", "Terry Tyler"), ("hedy", "Hedy Hill")]:
        person_id = lived.person(username).id
        assert name not in everything, name
        assert name.split()[0] not in everything, name
        assert person_id not in everything, name
    assert "Anna Akhtar" in everything
    assert lived.person("anna").id in everything


def content_of(content: bytes, form: str) -> str:
    if form != "zip":
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(FILES)
        return "".join(archive.read(name).decode() for name in FILES)


def test_every_form_tells_the_same_rows(lived: School) -> None:
    told = parts(lived)
    table = list(csv.DictReader(io.StringIO(taken(lived, format="csv").text)))
    page = taken(lived, format="html").text

    for name, rows in told.items():
        more = 2 if name == "readings" else 0  # each taking out is one itself
        assert len([row for row in table if row["part"] == name]) in (len(rows), len(rows) + more - 1)
        assert f'id="{name}"' in page
    assert page.count("https://anna.test/was-anna") == 1


def test_the_zip_holds_all_forms_and_a_letter(lived: School) -> None:
    answer = taken(lived, format="zip")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        letter = archive.read("letter.txt").decode()
        assert json.loads(archive.read("data.json"))["parts"]["browsing"]["rows"]
    assert f"entry {answer.headers['export-event']} of the change log" in letter
    assert "Browsing: 3 rows" in letter
    assert answer.headers["content-disposition"].startswith('attachment; filename="access-')


def test_it_is_recorded_before_it_is_shown(lived: School) -> None:
    answer = taken(lived, asked_on="2026-11-02")

    row = lived.as_("gail").get("/api/v1/changes", params={"event": "person:access"}).json()["rows"][0]
    assert row["seq"] == int(answer.headers["export-event"])
    assert (
        row["says"]
        == "Cora Clark (coordinator) took out all that is kept about a pupil of 6B, 3 rows of browsing."
    )
    assert row["texts"] == {"purpose": WHY}
    assert row["detail"] == {
        "format": "json", "rows": 3, "left_out": 1, "asked_on": "2026-11-02", "answer_by": "2026-12-02",
    }  # fmt: skip
    assert "Wednesday 2 December 2026" in answer.text


def test_a_reading_of_it_is_in_the_next_one(lived: School) -> None:
    taken(lived)

    assert [row["purpose"] for row in parts(lived)["readings"]][1:] == [WHY]


@pytest.mark.parametrize("role", BY_ROLE)
def test_only_the_coordinator_and_the_headteacher_take_it_out(lived: School, role: str) -> None:
    person_id = lived.person("ben").id
    answer = lived.as_(BY_ROLE[role]).get(f"/api/v1/people/{person_id}/access", params={"purpose": WHY})

    expected = {"coordinator": 200, "headteacher": 200, "pupil": 401}  # the pupil is suspended
    assert answer.status_code == expected.get(role, 403)


def test_without_a_purpose_or_with_a_day_to_come_nothing_is_taken_out(lived: School) -> None:
    url = f"/api/v1/people/{lived.person('anna').id}/access"
    before = lived.events()

    answer = lived.as_("cora").get(url, params={"asked_on": "2026-11-25", "purpose": " "})

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"purpose", "asked_on"}
    problem_of(
        lived.as_("cora").get("/api/v1/people/p_nobody/access", params={"purpose": WHY}), 404, "not-found"
    )
    assert lived.events() == before


def test_of_who_was_erased_nothing_can_be_told_to_be_theirs(lived: School) -> None:
    rory = lived.person("rory").id
    end_person(lived.desk, lived.actor("hedy"), rory, "left", NOON)
    gone = propose_erasure(lived.desk, lived.actor("terry"), "rory", "naming", "asked for", NOON)
    approve(lived.desk, lived.actor("hedy"), gone.id, "", NOON)

    answer = lived.as_("cora").get(f"/api/v1/people/{rory}/access", params={"purpose": WHY})

    problem_of(answer, 409, "wrong-state")


def test_a_member_of_staff_finds_what_they_asked_for_and_did(lived: School) -> None:
    with writing(lived.desk.engine) as conn:
        create_session(conn, lived.desk.session_key, lived.person("tess").id, NOON)
    found = parts(lived, "tess", "hedy")

    assert [row["reason"] for row in found["requests"]] == [
        "another person was ill",
        "another person is slow, another person is quick",
    ]
    assert [row["by"] for row in found["by_you"]] == ["you", "you"]
    assert len(found["sessions"]) == 1
    assert found["suspensions"] == []


def test_however_much_there_is_each_row_is_in_it_once(lived: School) -> None:
    """More than one page, and many at the same instant."""
    anna = lived.person("anna").id
    many = [a_row(n, person_id=anna, opened_in=0, at=NOON if n % 2 else NOON - HOUR) for n in range(10, 2110)]
    store(lived.desk.engine, *many)

    found = [row["event_id"] for row in parts(lived)["browsing"]]

    assert len(found) == len(set(found)) == 2103
    assert set(found) > {row["event_id"] for row in many}


def test_what_is_stored_later_is_in_no_form_of_it(lived: School) -> None:
    browse(lived, "anna", 10, opened_in=1, url="https://later.test/")

    assert "later.test" not in taken(lived).text


def test_who_signs_out_meanwhile_gets_no_more_of_it(lived: School) -> None:
    token, _ = lived.token("cora")
    reader = find_reader(lived.desk, token, NOON)
    assert reader is not None
    visit = Visit(lived.app.state.window, reader, NOON)
    stream = access_of(visit, lived.person("anna").id, Wanted(purpose=WHY))

    async def read() -> None:
        async for _ in stream.body_iterator:
            with writing(lived.desk.engine) as conn:
                end_sessions_of(conn, reader.person_id, NOON)

    with pytest.raises(BrokenOff):
        anyio.run(read)

"""The journal over the API: counts for who reads, records for a purpose, release by a person."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select

from audit_log.db import reading, writing
from audit_log.event_id import new_event_id
from audit_log.recorder import Recorder
from audit_log.tables import filtering_log, journal_aside
from tests.audit_api.school import School, all_pages, fields_of, problem_of
from tests.audit_log.recording import running
from tests.audit_log.records import a_segment, add_to, an_open, event_id
from tests.builders import NOON
from tests.change_control.test_journal_releases import BAD, PLACE, SEGMENT, stop_at

URL = "/api/v1/journal"
BODY = {"segment": SEGMENT, "offset": PLACE.offset, "resume": PLACE.resume, "reason": "a torn disk block"}
EVENT = new_event_id(int(NOON.timestamp()) * 1_000_000_000)


def put_aside(school: School, **records: Any) -> None:
    rows = [
        {"key": key, "why": "not a time: 'https://odds.example/'", "record": json.dumps(record)}
        for key, record in records.items()
    ]
    with writing(school.desk.engine) as conn:
        conn.execute(insert(journal_aside), rows)


@pytest.mark.parametrize("who", ["gail", "terry", "cora", "hedy"])
def test_who_reads_sees_places_and_counts_and_nothing_that_was_asked_for(school: School, who: str) -> None:
    stop_at(school.desk.state, PLACE)
    put_aside(school, **{EVENT: {"url": "https://odds.example/", "person": school.person("anna").id}})

    answer = school.as_(who).get(URL)

    told = answer.json()
    assert "odds" not in answer.text
    assert told["aside"] == [
        {"why": "not a time", "records": 1, "first_at": "2026-11-24T12:00:00Z", "waits": False}
    ]
    (place,) = told["stopped"]
    assert (place["segment"], place["offset"], place["bytes"]) == (SEGMENT, PLACE.offset, len(BAD))
    assert len(place["sha256"]) == 64
    assert (told["seen_at"], told["releases"]) == ("2026-11-24T12:00:00Z", [])


def test_without_a_recorder_nothing_is_known(school: School) -> None:
    told = school.as_("gail").get(URL).json()

    assert told == {
        **dict.fromkeys(("seen_at", "behind_bytes", "damaged_bytes")),
        **{"stopped": [], "aside": [], "releases": []},
    }


def test_damage_without_a_copy_yet_has_no_hash(school: School) -> None:
    stop_at(school.desk.state, PLACE, put_aside=False)

    assert school.as_("terry").get(URL).json()["stopped"][0]["sha256"] is None


def test_a_person_lets_the_recorder_go_on_and_that_is_told_in_words(school: School) -> None:
    stop_at(school.desk.state, PLACE)

    made = school.as_("terry").post(f"{URL}/releases", json=BODY)

    assert made.status_code == 201
    assert made.json()["released_by"]["name"] == "Terry Tyler"
    assert school.as_("gail").get(URL).json()["releases"] == [made.json()]
    newest = school.as_("gail").get("/api/v1/changes", params={"limit": 1}).json()["rows"][0]
    assert (
        newest["says"]
        == f"Terry Tyler (technician) let the recorder go on after {len(BAD)} damaged bytes of the journal."
    )
    problem_of(school.as_("hedy").post(f"{URL}/releases", json=BODY), 409, "wrong-state")


def test_a_recorder_that_waits_goes_on_where_a_person_let_it(school: School) -> None:
    folder = school.desk.state / "journal"
    folder.mkdir()
    path = a_segment(folder, [an_open(1)])
    place = {"segment": path.name, "offset": path.stat().st_size}
    with path.open("ab") as file:
        file.write(b"0badc0de {half a rec\n")
    add_to(path, an_open(2))
    recorder = Recorder(school.desk.engine, folder, clock=school.clock)

    with running(recorder):
        stopped = until(lambda: school.as_("terry").get(URL).json()["stopped"])
        assert (stopped[0]["segment"], stopped[0]["offset"]) == (place["segment"], place["offset"])
        assert ids_of(school) == {event_id(1)}
        body = {**place, "resume": stopped[0]["resume"], "reason": "a torn block"}
        assert school.as_("terry").post(f"{URL}/releases", json=body).status_code == 201
        until(lambda: not school.as_("terry").get(URL).json()["stopped"])

    assert ids_of(school) == {event_id(1), event_id(2)}
    assert school.as_("gail").get("/api/v1/changes/verify").json()["whole"]


def until[T](look: Callable[[], T]) -> T:
    for _ in range(600):
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def ids_of(school: School) -> set[str]:
    with reading(school.desk.engine) as conn:
        return set(conn.scalars(select(filtering_log.c.event_id)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"offset": 0}, "offset"),
        ({"offset": -1}, "offset"),
        ({"offset": 2**70}, "offset"),
        ({"resume": "soon"}, "resume"),
        ({"segment": ""}, "segment"),
        ({"segment": "\ud800"}, "segment"),
        ({"reason": ""}, "reason"),
        ({"force": True}, "force"),
    ],
)
def test_what_is_wrong_with_a_release_is_named(school: School, changes: dict[str, Any], field: str) -> None:
    stop_at(school.desk.state, PLACE)

    content = json.dumps(BODY | changes)
    headers = {"Content-Type": "application/json"}
    answer = school.as_("terry").post(f"{URL}/releases", content=content, headers=headers)

    assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {field}


def test_reading_records_takes_a_purpose_and_leaves_a_line(school: School) -> None:
    anna = school.person("anna").id
    put_aside(school, **{EVENT: {"url": "https://odds.example/", "person": anna}})
    cora = school.as_("cora")

    bare = cora.get(f"{URL}/aside")
    told = cora.get(f"{URL}/aside", params={"purpose": "why they were refused"})

    assert set(fields_of(problem_of(bare, 422, "bad-input"))) == {"purpose"}
    (row,) = told.json()["rows"]
    assert (row["at"], row["record"]["url"]) == ("2026-11-24T12:00:00Z", "https://odds.example/")
    newest = cora.get("/api/v1/changes", params={"limit": 1}).json()["rows"][0]
    assert (newest["event"], newest["object"]) == ("filtering-log:read", anna)
    assert newest["texts"]["purpose"] == "why they were refused"
    problem_of(school.as_("gail").get(f"{URL}/aside", params={"purpose": "curious"}), 403, "wrong-role")


def test_each_line_says_how_many_of_the_records_are_that_persons(school: School) -> None:
    anna, ben = school.person("anna").id, school.person("ben").id
    put_aside(school, **{f"{EVENT}{n}": {"person": anna if n else ben} for n in range(3)}, nobodys={"n": 1})
    school.as_("cora").get(f"{URL}/aside", params={"purpose": "a look"})

    wanted = {"event": "filtering-log:read"}
    lines = school.as_("gail").get("/api/v1/changes", params=wanted).json()["rows"]
    assert {line["object"]: line["detail"]["rows"] for line in lines} == {anna: 2, ben: 1}


def test_records_are_read_page_by_page_and_as_csv(school: School) -> None:
    put_aside(school, **{f"{EVENT}{n}": {"n": n} for n in range(5)})
    cora = school.as_("cora")

    rows = all_pages(cora, f"{URL}/aside", purpose="a look", limit=2)
    csv = cora.get(f"{URL}/aside", params={"purpose": "a look"}, headers={"Accept": "text/csv"})

    assert [row["record"]["n"] for row in rows] == list(range(5))
    assert csv.text.splitlines()[0] == '"key","at","why","record","export_mark"'
    assert len(csv.text.splitlines()) == 6


def test_a_record_with_somebody_strange_in_it_is_a_look_at_everybody(school: School) -> None:
    put_aside(school, odd={"person": "x" * 5000}, list_=[1], half={"open": {"person": 7}, "close": None})

    school.as_("terry").get(f"{URL}/aside", params={"purpose": "a look"})

    newest = school.as_("gail").get("/api/v1/changes", params={"limit": 1}).json()["rows"][0]
    assert (newest["event"], newest["object"]) == ("filtering-log:read", "everybody")

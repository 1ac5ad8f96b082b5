"""Rows of the filtering log as one file: recorded before its first byte, whole or broken, and never large."""

import asyncio
import csv
import io
import json
import socket
import tracemalloc
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert

from audit_log.db import writing
from audit_log.sessions import end_sessions_of
from audit_log.tables import correction
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import School, fields_of, problem_of
from tests.audit_api.served import served, streamed
from tests.builders import NOON
from tests.running import eventually

URL = "/api/v1/filtering-log/export"
MEGABYTE = 1_000_000


def stored(school: School, many: int, seal: int = 1, **changes: Any) -> None:
    """That many rows of Anna and Ben, taking turns, a millisecond apart, in one seal."""
    people = [school.person(name) for name in ("anna", "ben")]
    made = [
        a_row(people[i % 2], NOON - timedelta(milliseconds=i + 1), **{"opened_in": seal} | changes)
        for i in range(many)
    ]
    store(school.desk.engine, made)
    seal_up_to(school.desk.engine, seal)


def newest(school: School) -> dict[str, Any]:
    line: dict[str, Any] = school.as_("hedy").get("/api/v1/changes", params={"limit": 1}).json()["rows"][0]
    return line


def test_an_export_is_recorded_and_every_row_says_by_which_line(school: School) -> None:
    stored(school, 5)
    answer = school.as_("cora").get(URL, params={"verdict": "block", "format": "csv"})
    line = newest(school)
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert line["says"] == "Cora Clark (coordinator) exported 5 rows of the filtering log without names."
    assert line["texts"] == {"what": "verdict block"}
    assert {row["export_event"] for row in rows} == {str(line["seq"])}
    assert (answer.headers["export-event"], answer.headers["export-rows"]) == (str(line["seq"]), "5")
    assert f'filename="filtering-log-{line["seq"]}.csv"' in answer.headers["content-disposition"]
    assert [row["who"] for row in rows] == ["a pupil of 6B", "a pupil of 6A"] * 2 + ["a pupil of 6B"]


def test_lines_of_json_say_the_same_as_the_pages(school: School) -> None:
    stored(school, 30)
    answer = school.as_("gail").get(URL, params={"format": "jsonl"})
    exported = [json.loads(line) for line in answer.text.splitlines()]
    pages = school.as_("gail").get("/api/v1/filtering-log").json()["rows"]

    own = {name: exported[0][name] for name in ("export_event", "export_mark")}
    assert [{**row, **own} for row in pages] == exported


def test_an_export_by_name_needs_a_purpose_and_says_who_it_is_about(school: School) -> None:
    stored(school, 4)
    cora = school.as_("cora")
    assert fields_of(problem_of(cora.get(URL, params={"person": "anna"}), 422, "bad-input")) == {
        "purpose": "is needed to read by name, and is kept"
    }
    answer = cora.get(URL, params={"person": "anna", "purpose": "a report", "format": "jsonl"})
    line = newest(school)

    assert [json.loads(each)["who"] for each in answer.text.splitlines()] == ["Anna Akhtar"] * 2
    assert line["detail"] == {
        "about": school.person("anna").id, "by_name": True, "format": "jsonl", "rows": 2,
    }  # fmt: skip
    assert line["texts"] == {"what": "everything", "purpose": "a report"}
    taken = "exported 2 rows of the filtering log of a pupil of 6B with names."
    assert line["says"] == f"Cora Clark (coordinator) {taken}"


def test_a_filter_that_leads_to_few_says_who_they_are(school: School) -> None:
    store(school.desk.engine, [a_row(school.person("rory"), NOON, opened_in=1)])
    seal_up_to(school.desk.engine, 1)
    answer = school.as_("cora").get(URL, params={"class": "RH", "purpose": "a report", "format": "jsonl"})

    assert json.loads(answer.text)["who"] == "Rory Reed"
    assert newest(school)["detail"]["people"] == [school.person("rory").id]
    problem_of(school.as_("gail").get(URL, params={"class": "RH"}), 403, "wrong-role")


@pytest.mark.parametrize("wanted", [{"host": "bet.test"}, {"class": "6B"}])
def test_an_export_that_holds_rows_of_few_says_who_they_are(school: School, wanted: dict[str, str]) -> None:
    stored(school, 6)
    asked = {**wanted, "names": "yes", "purpose": "a report"}
    school.as_("cora").get(URL, params=asked)
    told = {school.person(name).id for name in (("anna", "ben") if "host" in wanted else ("anna",))}

    assert set(newest(school)["detail"]["people"]) == told


def test_an_export_by_a_reference_says_whose_it_was(school: School) -> None:
    stored(school, 1)
    reference = school.as_("cora").get("/api/v1/filtering-log").json()["rows"][0]["reference"]
    school.as_("cora").get(URL, params={"reference": reference, "purpose": "a report"})

    assert newest(school)["detail"]["people"] == [school.person("anna").id]


@pytest.mark.parametrize("wanted", [{"reference": "ABC-DEF"}, {"search_terms": "x"}, {"names": "yes"}])
def test_a_governor_exports_nothing_that_leads_to_somebody(school: School, wanted: dict[str, str]) -> None:
    problem_of(school.as_("gail").get(URL, params={**wanted, "purpose": "x"}), 403, "wrong-role")
    assert newest(school)["event"] != "filtering-log:export"


def test_what_is_stored_after_it_began_is_not_in_it(school: School) -> None:
    stored(school, 3)
    late = a_row(school.person("anna"), NOON - timedelta(hours=1), opened_in=2)  # its gate had been away
    store(school.desk.engine, [late])

    answer = school.as_("cora").get(URL, params={"format": "jsonl"})
    assert (answer.headers["export-rows"], len(answer.text.splitlines())) == ("3", 3)


def test_by_http_1_0_which_has_no_end_nothing_is_exported(school: School) -> None:
    stored(school, 3)
    with served(school) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            bearer = school.token("cora")[0]
            asked = f"GET {URL} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {bearer}\r\n\r\n"
            client.sendall(asked.encode())
            answer = b"".join(iter(lambda: client.recv(65536), b""))

    assert answer.split(b" ", 2)[1] == b"505"
    assert b"/problems/old-http" in answer
    assert newest(school)["event"] != "filtering-log:export"


def test_whose_rows_are_whose_is_told_as_it_was_agreed_when_it_began(school: School) -> None:
    stored(school, 5000)
    anna, ben = school.person("anna").id, school.person("ben").id
    wanted = {"person": "anna", "purpose": "a report", "format": "jsonl"}
    with served(school) as address, streamed(school, address + URL, "cora", **wanted) as answer:
        lines = answer.iter_lines()
        first = next(lines)
        with writing(school.desk.engine) as conn:
            conn.execute(insert(correction), a_correction(anna, ben))
        told = [json.loads(line)["person"]["id"] for line in (first, *lines)]

    assert answer.headers["export-names"] == "yes"
    assert told == [anna] * int(answer.headers["export-rows"]) == [anna] * 2500


def a_correction(wrong: str, right: str) -> dict[str, Any]:
    long_ago = {"from_at": NOON - timedelta(days=1), "to_at": NOON, "agreed_at": NOON}
    return {"id": "c1", "person_id": wrong, "right_person_id": right, "client_address": None} | long_ago


def test_nobody_has_more_than_one_under_way(school: School) -> None:
    stored(school, 3)
    cora = school.person("cora").id
    back = school.app.state.window.turns.take(("export", cora), 1, "x")

    problem_of(school.as_("cora").get(URL), 429, "too-many-at-once")
    assert school.as_("terry").get(URL).status_code == 200
    back()
    for _ in range(3):  # each gives its turn back
        assert school.as_("cora").get(URL).status_code == 200


def test_an_export_that_is_refused_gives_its_turn_back(school: School) -> None:
    for _ in range(3):
        assert school.as_("cora").get(URL, params={"names": "yes"}).status_code == 422


def test_whoever_is_signed_out_meanwhile_gets_no_whole_file(school: School) -> None:
    stored(school, 20_000)
    with served(school) as address, streamed(school, address + URL, "cora", parts="yes") as answer:
        parts = answer.iter_raw(1000)
        next(parts)
        with writing(school.desk.engine) as conn:
            end_sessions_of(conn, school.person("cora").id, NOON)
        with pytest.raises(httpx2.HTTPError):
            for _ in parts:
                pass


def test_a_client_that_goes_ends_the_export(school: School) -> None:
    stored(school, 20_000)
    with served(school) as address:
        for _ in range(4):
            with streamed(school, address + URL, "cora") as answer:
                next(answer.iter_raw(1000))
            _wait_for_turn(school)


def _wait_for_turn(school: School) -> None:
    taken = school.app.state.window.turns.taken
    eventually(lambda: taken(("export", school.person("cora").id)), lambda many: many == 0)


def test_fifty_thousand_rows_need_no_more_memory_than_some(school: School) -> None:
    stored(school, 50_000)
    token = school.token("cora")[0]
    size, peak = asyncio.run(_drained(school, token))

    assert size > 10 * MEGABYTE
    assert peak < 12 * MEGABYTE


async def _drained(school: School, token: str) -> tuple[int, int]:
    """How many bytes came, and how many were in memory at most; nobody keeps them."""
    size = 0

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # a client that says nothing and stays
        raise AssertionError

    async def send(message: Any) -> None:
        nonlocal size
        size += len(message.get("body", b""))

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": "GET", "scheme": "http", "path": URL, "raw_path": URL.encode(), "root_path": "",
        "query_string": b"format=jsonl", "headers": [(b"authorization", f"Bearer {token}".encode())],
        "client": ("127.9.0.1", 5000), "server": ("127.9.0.1", 80), "state": {},
    }  # fmt: skip
    tracemalloc.start()
    try:
        await school.app(scope, receive, send)
        return size, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

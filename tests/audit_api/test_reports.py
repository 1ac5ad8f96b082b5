"""A month in figures: right, compared, and with nobody in it."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit_api.months import Month
from audit_log.db import writing
from audit_log.tables import rollup_hour
from change_control.looks import Reading, record_export, record_look
from tests.audit_api.reported import MORNING, count
from tests.audit_api.school import School, an_ask, fields_of, problem_of
from tests.builders import NOON

URL = "/api/v1/reports/month"
OCTOBER = {"month": "2026-10"}


def report(school: School, who: str = "gail", **asked: str) -> dict[str, Any]:
    answer = school.as_(who).get(URL, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_month_is_added_up_by_kind_and_group(school: School) -> None:
    count(school, 900, "education", pages=90)
    count(school, 60, "gambling", "block", pages=6, site="bet.test")
    count(school, 40, "gambling", "block", pages=4, at=MORNING + timedelta(hours=1))
    count(school, 500, at=datetime(2026, 9, 30, 22, 59, tzinfo=UTC))  # September, by the clock on the wall
    count(school, 7, at=datetime(2026, 9, 30, 23, tzinfo=UTC))

    found = report(school, **OCTOBER)

    assert (found["from"], found["to"]) == ("2026-09-30T23:00:00Z", "2026-11-01T00:00:00Z")
    assert found["total"] == {"requests": 1007, "pages": 100, "blocked": 100, "before": before(500, 0, 0)}
    assert [(row["name"], row["requests"], row["blocked"]) for row in found["kinds"]] == [
        ("gambling", 100, 100),
        ("education", 900, 0),
        ("on no list", 7, 0),
    ]
    assert found["kinds"][2]["before"] == before(500, 0, 0)
    assert found["sites"] == [{"site": "bet.test", "blocked": 60}]
    assert found["other_sites_blocked"] == 40


def before(requests: int, pages: int, blocked: int) -> dict[str, int]:
    return {"requests": requests, "pages": pages, "blocked": blocked}


def test_groups_of_few_people_are_told_as_one(school: School) -> None:
    for groups, requests in (("upper-ks2", 300), ("staff", 150), ("guests", 5), ("reception-ks1", 3)):
        count(school, requests, groups=(groups,), at=NOON)
    count(school, 2, groups=(), at=NOON)

    found = report(school, month="2026-11")["groups"]

    assert [(row["name"], row["requests"]) for row in found] == [
        ("upper-ks2", 300),
        ("nobody signed in", 2),
        ("other groups", 158),
    ]  # two guests and a pupil in reception are few, so the staff are told with them


def test_the_same_groups_in_another_order_are_the_same(school: School) -> None:
    count(school, 1, groups=("staff", "upper-ks2"))
    count(school, 2, groups=("upper-ks2", "staff"), at=MORNING + timedelta(hours=1))

    assert [row["requests"] for row in report(school, **OCTOBER)["groups"]] == [3]


def test_a_site_that_was_blocked_a_few_times_is_not_named(school: School) -> None:
    count(school, 10, "gambling", "block", site="annas-diary.test")
    count(school, 11, "gambling", "block", site="bet.test", at=MORNING + timedelta(hours=1))

    answer = school.as_("gail").get(URL, params=OCTOBER)

    assert "annas-diary" not in answer.text
    assert answer.json()["sites"] == [{"site": "bet.test", "blocked": 11}]
    assert answer.json()["other_sites_blocked"] == 10


def test_everybody_who_reads_gets_the_same_report(school: School) -> None:
    count(school, 100, "gambling", "block", site="bet.test")

    reports = [report(school, who, **OCTOBER) for who in ("gail", "terry", "cora", "hedy")]

    assert all(each == reports[0] for each in reports)
    for who in ("tess", "anna"):
        problem_of(school.as_(who).get(URL), 403, "wrong-role")


def test_no_name_and_no_id_of_anybody_stands_in_it(school: School) -> None:
    count(school, 100, "gambling", "block", site="bet.test")
    school.as_("tess").post("/api/v1/unblocks", json=an_ask())
    record_look(school.desk, school.actor("cora"), school.person("anna").id, "all of it", "a worry", NOON)

    text = school.as_("gail").get(URL, params={"month": "2026-11"}).text

    for username in ("anna", "tess", "cora"):
        assert school.person(username).id not in text
        assert school.person(username).name not in text


def test_an_empty_month_says_so_and_has_no_figures(school: School) -> None:
    found = report(school, month="2026-03")

    assert found["total"] == {"requests": 0, "pages": 0, "blocked": 0, "before": None}
    assert found["says"][0] == "Nothing is on record for March 2026."
    assert (found["kinds"], found["groups"], found["sites"], found["silent_hours"]) == ([], [], [], [])


def test_this_month_has_no_end_yet_and_nothing_after_it(school: School) -> None:
    found = report(school)

    assert (found["month"], found["complete"], found["next"]) == ("2026-11", False, None)
    assert found["says"][0] == "November 2026 is not over: these are the figures so far."
    assert (report(school, **OCTOBER)["complete"], report(school, **OCTOBER)["next"]) == (True, "2026-11")


@pytest.mark.parametrize(
    ("month", "says"),
    [
        ("2026-12", "December 2026 has not begun; this month is 2026-11"),
        ("november", "a month like 2026-11 is needed"),
        ("2026-13", "a month like 2026-11 is needed"),
        ("0000-01", "a month like 2026-11 is needed"),
        ("9999-12", "December 9999 has not begun; this month is 2026-11"),
    ],
)
def test_what_is_no_month_of_the_past_is_refused(school: School, month: str, says: str) -> None:
    problem = problem_of(school.as_("gail").get(URL, params={"month": month}), 422, "bad-input")

    assert fields_of(problem) == {"month": says}


@pytest.mark.parametrize("query", ["month=2026-10&week=3", "month=2026-10-and-so-on", "month=%00"])
def test_what_is_no_question_is_refused(school: School, query: str) -> None:
    problem_of(school.as_("gail").get(f"{URL}?{query}"), 422, "bad-input")


def test_a_spreadsheet_gets_a_figure_to_a_line(school: School) -> None:
    count(school, 100, "gambling", "block", site="=bet.test")
    answer = school.as_("gail").get(URL, params=OCTOBER, headers={"Accept": "text/csv"})

    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["content-type"].startswith("text/csv")
    first = {"table": "total", "name": "", "figure": "requests", "value": "100", "month_before": ""}
    assert rows[0] == {**first, "export_mark": answer.headers["Schoolgate-Export"]}
    assert {row["table"] for row in rows} >= {"total", "kind", "group", "site", "unblocks", "silent hour"}
    assert "'=bet.test" in {row["name"] for row in rows}


def test_requests_for_lessons_and_their_answers_are_counted(school: School) -> None:
    ids = [school.as_("tess").post("/api/v1/unblocks", json=an_ask()).json()["id"] for _ in range(3)]
    school.clock.forward(minutes=30)
    school.as_("terry").post(f"/api/v1/unblocks/{ids[0]}/approve", json={})
    school.as_("cora").post(f"/api/v1/unblocks/{ids[1]}/decline", json={"reason": "the whole site"})

    found = report(school)

    assert found["unblocks"] == {
        "asked": 3,
        "agreed": 1,
        "declined": 1,
        "waited_minutes": 30,
        "lapsed": 0,
        "never_used": 0,
    }
    assert found["unblocks_before"]["asked"] == 0
    assert any("asked for 3 times" in said and "within 30 minutes" in said for said in found["says"])


def test_readings_by_name_are_counted_by_role_in_their_month_alone(school: School) -> None:
    cora, gail = school.actor("cora"), school.actor("gail")
    for at in (NOON, NOON + timedelta(minutes=1), NOON + timedelta(days=20)):
        record_look(school.desk, cora, None, "everything", "weekly review", at)
    record_export(school.desk, gail, Reading("everything"), 10, NOON + timedelta(days=21), form="csv")
    by_name = Reading("everything", "police", by_name=True)
    record_export(school.desk, school.actor("terry"), by_name, 10, NOON + timedelta(days=21), form="csv")

    november = report(school)
    school.clock.forward(days=25)
    december = report(school)

    assert november["readings"] == {
        "by_name": 2,
        "by_role": [{"role": "coordinator", "times": 2}],
        "accesses": 0,
        "exports": 0,
    }
    assert {each["role"]: each["times"] for each in december["readings"]["by_role"]} == {
        "coordinator": 1,
        "technician": 1,
    }
    assert december["readings"]["exports"] == 2
    assert any("read by name 2 times, by a coordinator" in said for said in november["says"])


def test_lessons_without_any_record_are_told(school: School) -> None:
    lessons = [hour for hour in _hours(school) if hour != MORNING]
    with writing(school.desk.engine) as conn:
        for hour in lessons:
            row = {
                "hour": hour,
                "filter_groups": ("staff",),
                "category": "",
                "verdict": "allow",
                "list_id": "",
            }
            conn.execute(rollup_hour.insert().values(**row, requests=1, pages=1))
    count(school, 1, at=datetime(2026, 9, 2, 8, tzinfo=UTC))

    found = report(school, **OCTOBER)

    assert found["silent_hours"] == ["2026-10-14T09:00:00Z"]
    assert any(
        "1 hour has no record at all: Wednesday 14 October 2026, 10:00 to 11:00." in said
        for said in found["says"]
    )


def _hours(school: School) -> list[datetime]:
    from audit_api.silent_hours import lesson_hours

    timetable = school.app.state.window.bundle().policy.timetable
    return lesson_hours(timetable, Month.read("2026-10", timetable.zone))


def test_records_that_wait_on_disk_are_said_to_be_missing(school: School) -> None:
    from tests.audit_api.test_health import beat

    beat(school.desk.state, sql="away")

    assert any("still wait on disk" in said for said in report(school)["says"])

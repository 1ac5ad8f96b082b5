"""The whole filtering log is read again on demand: a line for each day, then a verdict that names rows."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from audit_api import row_checks
from audit_api.row_checks import AT_ONCE
from audit_log.db import writing
from tests.audit_api.school import School, fields_of, problem_of
from tests.audit_api.test_changes import sealed
from tests.audit_log.records import event_id

URL = "/api/v1/filtering-log/verify"


def verified(school: School, **wanted: str) -> list[dict[str, Any]]:
    answer = school.as_("gail").get(URL, params=wanted)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def edit(school: School) -> None:
    with writing(school.desk.engine) as conn:
        conn.execute(
            text("UPDATE filtering_log_2026_11 SET url = 'x' WHERE event_id = :id"), {"id": event_id(2)}
        )


def test_each_day_is_a_line_and_the_last_is_the_verdict(school: School) -> None:
    sealed(school, 3)
    *days, verdict = verified(school)

    assert "2026-11-24" in [each["day"] for each in days]
    assert [each["done"] for each in days] == list(range(len(days)))
    assert (verdict["whole"], verdict["rows"], verdict["first_bad"], verdict["faults"]) == (True, 3, None, [])
    assert verdict["entries"] == len(school.events())
    assert "all 3 rows are as they were sealed" in verdict["says"]


def test_a_row_that_was_edited_is_named(school: School) -> None:
    sealed(school, 3)
    edit(school)
    verdict = verified(school)[-1]

    assert verdict["whole"] is False
    assert verdict["faults"] == [
        f"Row {event_id(2)} of 24 November 2026 12:00 was edited:"
        " what was asked and decided is not as it was sealed."
    ]
    assert verdict["says"] == f"The change log is whole. The filtering log is not: {verdict['faults'][0]}"


def test_one_day_can_be_asked_for(school: School) -> None:
    sealed(school, 3)
    edit(school)

    assert len(verified(school, day="2026-11-23")) == 2
    assert verified(school, day="2026-11-23")[-1]["whole"] is True
    assert verified(school, day="2026-11-24")[-1]["whole"] is False


@pytest.mark.parametrize("day", ["yesterday", "2026-11-31", "24.11.2026"])
def test_what_is_no_day_is_refused(school: School, day: str) -> None:
    problem = problem_of(school.as_("gail").get(URL, params={"day": day}), 422, "bad-input")

    assert "day" in fields_of(problem)


def test_only_so_many_verify_at_once(school: School) -> None:
    sealed(school, 1)
    client = school.as_("gail")
    window = client.app.state.window  # type: ignore[attr-defined]  # of our own app
    back = [window.turns.take("verify", AT_ONCE, "") for _ in range(AT_ONCE)]
    assert client.get(URL).status_code == 429
    for give_back in back:
        give_back()

    assert client.get(URL).status_code == 200
    assert window.turns.taken("verify") == 0


def test_something_is_said_while_a_day_takes_long(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed(school, 200)
    monkeypatch.setattr(row_checks, "SAY_SECONDS", 0.001)
    *said, verdict = verified(school)
    days = [each for each in said if each["day"] is not None]

    assert verdict["whole"] is True
    assert len(days) > len({each["day"] for each in days}), "a day is told again while it is read"
    assert [each["done"] for each in days] == sorted(each["done"] for each in days)
    assert any("seconds" in each for each in days)

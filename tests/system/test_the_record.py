"""The record, lived with: what was asked for is found, counted, taken along, checked and, in time, gone."""

import json
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from sqlalchemy import text

from audit_log import parts
from audit_log.change_log import entries
from audit_log.db import reading, writing
from tests.system.school import TEN, School, a_school, wait_for

pytestmark = pytest.mark.system
LOG = "/api/v1/filtering-log"
OF_A_PAGE = {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"}
PURPOSE = "the head of year asked after the gambling pages"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with a_school(tmp_path / "state", TEN) as made:
        yield made


def a_morning(school: School) -> None:
    """A page with its picture, a search, and a site that is not for school."""
    trusted = ssl.create_default_context(cafile=school.ca)
    with httpx2.Client(proxy=school.proxy("ben"), verify=trusted, trust_env=False, timeout=20) as ben:
        assert ben.get("https://news.test/rivers").status_code == 200
        assert ben.get("https://news.test/rivers/map.png", headers=OF_A_PAGE).status_code == 200
        assert ben.get("https://duckduckgo.com/?q=How+Rivers%20Form").status_code == 200
        assert ben.get("https://bets.test/").status_code == 403
    assert school.status("amy", "https://news.test/") == 200
    wait_for(lambda: len(school.rows(kind="request", outcome="done")) == 5, "the rows")


def shown(client: httpx2.Client, **asked: str) -> list[dict[str, Any]]:
    answer = client.get(LOG, params=asked)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def test_what_a_pupil_did_is_found_by_who_may_look_and_the_look_is_seen(school: School) -> None:
    a_morning(school)
    with school.api("cora") as cora, school.api("gail") as gail:
        by_name = {"person": "ben", "purpose": PURPOSE}
        pages = shown(cora, **by_name)
        assert [row["host"] for row in pages] == ["bets.test", "duckduckgo.com", "news.test"]
        assert [row["search_terms"] for row in pages] == [None, "how rivers form", None]
        assert len(shown(cora, **by_name, parts="yes")) == 4
        assert [row["host"] for row in shown(cora, search_terms="RIVERS", purpose=PURPOSE)] == [
            "duckduckgo.com"
        ]

        told = shown(gail)
        assert {row["host"] for row in told} == {"news.test", "bets.test", "duckduckgo.com"}
        assert not any(
            row["person"] or row["url"] or row["search_terms"] or row["client_address"] for row in told
        )
        assert gail.get(LOG, params=by_name).status_code == 403

        looks = gail.get("/api/v1/changes", params={"event": "filtering-log:read"}).json()["rows"]
        assert [look["detail"]["rows"] for look in looks] == [1, 4, 3]


def test_an_export_is_whole_and_names_the_line_that_tells_of_it(school: School) -> None:
    a_morning(school)
    with school.api("cora") as cora:
        answer = cora.get(f"{LOG}/export", params={"format": "jsonl", "names": "yes", "purpose": PURPOSE})
        rows = [json.loads(line) for line in answer.text.splitlines()]
        line = cora.get("/api/v1/changes", params={"event": "filtering-log:export"}).json()["rows"][0]

    assert len(rows) == line["detail"]["rows"] == 4
    assert {row["export_event"] for row in rows} == {line["seq"]}


def test_a_row_that_somebody_edits_is_named(school: School) -> None:
    a_morning(school)
    blocked = school.rows(verdict="block")[0]
    with school.api("gail") as gail:
        assert (told := verified(gail))["whole"], told["says"]
        with writing(school.desk.engine) as conn:
            table = parts.table_for(conn, blocked["at"].date())
            edit = text(f"UPDATE {table} SET host = 'sums.test' WHERE event_id = :id")  # noqa: S608  # our own name
            conn.execute(edit, {"id": blocked["event_id"]})

        told = verified(gail)

    assert not told["whole"]
    assert blocked["event_id"] in told["says"]


def test_rows_go_when_their_time_is_over_and_the_totals_and_the_seal_stay(school: School) -> None:
    """Two people agreed on three days; and a clock must have gone on steadily before it removes anything."""
    keep_for(school, days=3)
    a_morning(school)
    with school.api("gail") as gail:
        before = month(gail)
        assert (told := verified(gail))["whole"], told["says"]
    for hours in (30, 60, 90, 118):
        school.set_time(TEN + timedelta(hours=hours))
        wait_for(lambda: stated(school), "the hours to be stated", 60)
        assert school.status("amy", "https://school-books.test/") == 200
    wait_for(lambda: purged(school), "the old rows to go", 60)

    with school.api("gail") as gail:
        now = month(gail)
        assert now["total"]["requests"] > before["total"]["requests"]
        told = verified(gail)
        assert told["whole"], told["says"]
        lines = gail.get("/api/v1/changes", params={"event": "retention:purge"}).json()["rows"]
    assert sum(line["detail"]["rows"] for line in lines) >= 5
    assert {row["host"] for row in school.rows()} == {"school-books.test"}


def keep_for(school: School, days: int) -> None:
    with school.api("terry") as terry, school.api("hedy") as hedy:
        policy = yaml.safe_load(terry.get("/api/v1/policy").json()["text"])
        for row in policy["record"].values():
            row["days"] = days
        body = {"text": yaml.safe_dump(policy, sort_keys=False), "reason": "no longer than we need them"}
        asked = terry.post("/api/v1/policy/proposals", json=body)
        assert asked.status_code == 201, asked.text
        agree = f"/api/v1/policy/proposals/{asked.json()['id']}/approve"
        assert hedy.post(agree, json={"reason": "so do I"}).status_code == 200


def verified(client: httpx2.Client) -> dict[str, Any]:
    answer = client.get(f"{LOG}/verify", timeout=60)
    assert answer.status_code == 200, answer.text
    *_, last = answer.text.splitlines()
    result: dict[str, Any] = json.loads(last)
    return result


def month(client: httpx2.Client) -> dict[str, Any]:
    answer = client.get("/api/v1/reports/month", params={"month": "2026-11"})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def stated(school: School) -> bool:
    """Whether the last whole hour stands in the change log."""
    with reading(school.desk.engine) as conn:
        last = entries(conn, limit=1, event="filtering-log:seal")
    lately = school.now() - timedelta(hours=2)
    return bool(last) and datetime.fromisoformat(str(last[0].detail["to"])) > lately


def purged(school: School) -> bool:
    with reading(school.desk.engine) as conn:
        oldest = conn.scalar(text("SELECT min(at) FROM filtering_log"))
    return bool(oldest) and str(oldest) > "2026-11-25"

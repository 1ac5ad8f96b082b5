"""A hit on a list that nobody can read, from the browser to those who have to act on it (D9, I7, I8)."""

import json
from pathlib import Path

from sqlalchemy import select

from audit_log.db import reading
from audit_log.tables import sighting
from tests.system.school import School, wait_for

SITE = "illegal-example.test"


def sightings(school: School, who: str, **wanted: str) -> list[dict[str, object]]:
    with school.api(who) as api:
        answer = api.get("/api/v1/sightings", params=wanted)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, object]] = answer.json()["rows"]
        return rows


def test_a_visit_becomes_a_sighting_and_its_address_is_nowhere(school: School) -> None:
    page = school.browse("ben", f"https://{SITE}/very/secret/page?really=1")
    school.browse("ben", f"https://{SITE}/very/secret/page?really=1")
    school.browse("tess", f"http://{SITE}/")

    assert page.status_code == 403
    assert "against the law" in page.text
    assert "/unblocks" not in page.text
    wait_for(lambda: len(sightings(school, "hedy")) == 3, "three sightings, and none for a CONNECT")
    by_tess, again, first = sightings(school, "hedy", names="yes", purpose="the parents of Ben")
    assert [each["who"] for each in (by_tess, again, first)] == [
        "Tess Somebody",
        "Ben Somebody",
        "Ben Somebody",
    ]
    assert first["hash"] == again["hash"] != by_tess["hash"]
    assert (first["category"], first["list"]) == ("child-sexual-abuse", "child-sexual-abuse-list")
    row = school.rows(event_id=first["id"])[0]
    assert (row["url"], row["host"], row["entry"]) == (first["hash"], None, None)
    assert [each["who"] for each in sightings(school, "gail")] == ["a member of staff", "a pupil", "a pupil"]
    assert_nowhere(school, SITE, "very/secret", "really=1")


def test_to_explain_such_a_block_is_seen_and_tells_no_entry(school: School) -> None:
    with school.api("terry") as api:
        told = api.get("/api/v1/explain", params={"user": "ben", "url": f"https://{SITE}/"}).json()
        changes = api.get("/api/v1/changes", params={"limit": 1}).json()

    assert told["decision"]["reason"] == "illegal"
    assert told["decision"]["listing"]["entry"] is None
    assert changes["rows"][0]["event"] == "illegal-list:probe"
    assert SITE not in json.dumps(changes)


def assert_nowhere(school: School, *words: str) -> None:
    """In no file that the school wrote, but for the list as this test was given it and the sites' own."""
    with reading(school.desk.engine) as conn:
        kept = str(conn.execute(select(sighting)).all())
    kept += json.dumps(school.rows(), default=str)
    places = [
        *(school.state / "journal").iterdir(),
        *school.state.glob("*.sqlite*"),
        *school.state.glob("*.log"),
    ]
    places += [*(school.state / "lists").rglob("*"), *(school.state / "list-sources").rglob("*.sealed")]
    for place in filter(Path.is_file, places):
        kept += place.read_bytes().decode("utf-8", "replace")
    for word in words:
        assert word not in kept

"""The change log over the API: read by those who oversee, told in sentences, checked on demand."""

import base64
import json
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from audit_api.changes import has_more_seals
from audit_log.checkpoint import read_note
from audit_log.db import reading, writing
from audit_log.recorder import Recorder
from audit_log.seal import leaf_of
from change_control.looks import record_look
from change_control.proposals import lapse_due
from change_control.row_seals import state_hours
from change_control.tightening import suspend
from tests.audit_api.school import KEY, School, all_pages, an_ask, fields_of, problem_of
from tests.audit_api.test_policy import LOOSER
from tests.audit_log.records import a_segment, a_whole, add_to
from tests.builders import NOON

URL = "/api/v1/changes"


def drop_guards(school: School) -> None:
    """Play the owner of the database, who can."""
    with writing(school.desk.engine) as conn:
        for name in conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            conn.execute(text(f"DROP TRIGGER {name}"))


def test_every_step_of_a_lessons_unblock_is_a_line(school: School) -> None:
    made = school.as_("tess").post("/api/v1/unblocks", json=an_ask()).json()
    school.as_("terry").post(f"/api/v1/unblocks/{made['id']}/approve", json={"reason": "fine"})
    school.as_("cora").post(f"/api/v1/unblocks/{made['id']}/revoke", json={"reason": "lesson moved"})

    assert school.events()[-3:] == ["unblock:propose", "unblock:approve", "unblock:revoke"]
    rows = school.as_("gail").get(URL, params={"object": made["id"]}).json()["rows"]
    assert [row["actor"]["name"] for row in rows] == ["Cora Clark", "Terry Tyler", "Tess Taylor"]
    assert rows[0]["says"] == (
        "Cora Clark (coordinator) shut racism-history.test for class 6B, Tuesday 24 November 2026, 13:00 to"
        " 14:00. Tess Taylor (staff) had asked for it."
    )
    assert rows[0]["texts"] == {"reason": "lesson moved"}


def test_whom_of_the_staff_somebody_suspended_is_told_to_the_headteacher_alone(school: School) -> None:
    for username in ("sam", "anna"):
        whom = school.person(username).id
        suspend(school.desk, school.actor("hedy"), whom, None, "as agreed", school.clock.now)
    told = {
        who: [
            row["says"] for row in school.as_(who).get(URL, params={"event": "person:suspend"}).json()["rows"]
        ]
        for who in ("hedy", "cora", "terry", "gail")
    }
    name = school.person("sam").name

    assert [name in says for says in told["hedy"]] == [False, True]
    for who in ("cora", "terry", "gail"):
        assert " suspended a member of staff until further notice." in told[who][1]
        assert " suspended a pupil of " in told[who][0]
        assert name not in "".join(told[who])


def test_a_whole_record_is_said_to_be_whole(school: School) -> None:
    told = school.as_("gail").get(f"{URL}/verify").json()

    assert (told["whole"], told["first_bad"]) == (True, None)
    assert told["entries"] == len(school.events())
    assert "as they were sealed" in told["says"]


def test_an_edited_row_is_named(school: School) -> None:
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE change_log SET entry = replace(entry, 'pupil', 'staff') WHERE seq = 4"))
    told = school.as_("gail").get(f"{URL}/verify").json()

    assert (told["whole"], told["first_bad"]) == (False, 4)
    assert "Entry 4" in told["says"]


def test_what_is_exported_can_be_checked_by_anyone(school: School) -> None:
    rows = list(reversed(school.as_("gail").get(URL, params={"limit": 1000}).json()["rows"]))
    for before, row in zip([None, *rows], rows, strict=False):
        assert row["prev"] == (before["leaf"] if before else "00" * 32)
        assert leaf_of(bytes.fromhex(row["prev"]), row["sealed"]).hex() == row["leaf"]


def test_checkpoints_are_signed_with_the_schools_key(school: School) -> None:
    page = school.as_("gail").get(f"{URL}/checkpoints", params={"limit": 2}).json()
    older = school.as_("gail").get(f"{URL}/checkpoints", params={"limit": 2, "cursor": page["next"]}).json()
    first = read_note(page["rows"][0]["note"])

    assert first.is_signed_by(KEY.public_key())
    assert len(base64.b64encode(first.root)) == 44
    assert [row["size"] for row in page["rows"]] > [row["size"] for row in older["rows"]]


def test_adults_are_named_and_pupils_never(school: School) -> None:
    ben = school.person("ben")
    suspend(school.desk, school.actor("cora"), ben.id, None, "a reason", school.clock.now)
    record_look(school.desk, school.actor("cora"), ben.id, "blocked", "a report", school.clock.now)
    for username in ("gail", "terry", "cora", "hedy"):
        rows = school.as_(username).get(URL).json()["rows"]
        assert rows[0]["says"] == "Cora Clark (coordinator) looked at what a pupil of 6A browsed."
        assert rows[1]["says"] == "Cora Clark (coordinator) suspended a pupil of 6A until further notice."
        assert "Ben Brown" not in str(rows)


def test_governors_are_not_shown_what_somebody_looked_for_in_search_terms(school: School) -> None:
    look = partial(record_look, search_terms="anna akhtar nude", rows=3)
    look(school.desk, school.actor("cora"), None, "search terms", "a worry", school.clock.now)
    told = {name: school.as_(name).get(URL).json()["rows"][0]["texts"] for name in ("gail", "hedy")}

    assert told["gail"] == {"what": "search terms", "purpose": "a worry"}
    assert told["hedy"] == told["gail"] | {"search_terms": "anna akhtar nude"}
    for name, shown in (("gail", False), ("cora", True)):
        page = school.browser(name)[0].get("/changes").text
        assert ("anna akhtar nude" in page) == shown


def test_asking_for_a_pupil_as_the_actor_tells_nothing(school: School) -> None:
    rows = school.as_("gail").get(URL, params={"actor": "anna"}).json()["rows"]

    assert rows == []
    assert school.as_("gail").get(URL, params={"actor": "terry"}).json()["rows"]


@pytest.mark.parametrize(
    ("wanted", "events"),
    [
        ({"event": "person:enrol"}, ["person:enrol"] * 5),
        ({"event": "people:"}, ["people:approve", "people:propose"]),
        ({"actor": "hedy", "event": "people:"}, ["people:approve"]),
        ({"to": "2026-11-01"}, ["school:found"]),
        ({"after": "4"}, ["people:approve", *["person:enrol"] * 3]),
    ],
)
def test_the_filters_find_what_they_say(school: School, wanted: dict[str, str], events: list[str]) -> None:
    rows = school.as_("gail").get(URL, params=wanted).json()["rows"]

    assert [row["event"] for row in rows] == events


@pytest.mark.parametrize("order", [{}, {"after": "0"}])
def test_pages_join_in_both_directions(school: School, order: dict[str, str]) -> None:
    found = [row["seq"] for row in all_pages(school.as_("gail"), URL, limit=2, **order)]

    assert found == sorted(found, reverse=not order)
    assert sorted(found) == list(range(1, len(school.events()) + 1))


@pytest.mark.parametrize(
    "wanted", [{"from": "yesterday"}, {"cursor": "x"}, {"cursor": "9" * 30}, {"after": "-1"}]
)
def test_a_filter_that_is_none_is_named(school: School, wanted: dict[str, str]) -> None:
    body = problem_of(school.as_("gail").get(URL, params=wanted), 422, "bad-input")

    assert set(fields_of(body)) == set(wanted)


def test_a_line_made_unreadable_is_told_and_hides_nothing(school: School) -> None:
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE change_log SET entry = 'nonsense' WHERE seq = 4"))

    rows = school.as_("gail").get(URL).json()["rows"]
    told = next(row for row in rows if row["seq"] == 4)
    assert (told["says"], told["at"]) == ("This line cannot be read.", None)
    assert told["actor"] == {"id": None, "name": "nobody"}
    assert len(rows) == 8
    assert school.as_("gail").get(f"{URL}/verify").json()["first_bad"] == 4
    page = school.browser("gail")[0].get("/changes")
    assert page.status_code == 200
    assert "Is the record whole? No." in page.text
    assert "This line cannot be read." in page.text
    assert "1970" not in page.text
    sheet = school.as_("gail").get(URL, headers={"Accept": "text/csv"}).text
    assert '"4","","change-log:unreadable","nobody"' in sheet


@pytest.mark.parametrize(
    "forged", ['"people":[7]', '"people":{"a":1}', '"people":["a"]', '"sites":5,"people":null']
)
def test_a_line_forged_into_another_shape_is_told_as_well(school: School, forged: str) -> None:
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        entry = json.loads(conn.scalar(text("SELECT entry FROM change_log WHERE seq = 4")) or "")
        entry |= {"event": "people:approve", "detail": json.loads("{" + forged + "}")}
        changed = {"entry": json.dumps(entry)}
        conn.execute(text("UPDATE change_log SET entry = :entry WHERE seq = 4"), changed)

    assert school.as_("gail").get(URL).status_code == 200
    assert "Is the record whole? No." in school.browser("gail")[0].get("/changes").text


def test_a_seal_of_the_filtering_log_that_is_missing_is_told(school: School) -> None:
    sealed(school, 2)
    assert school.as_("gail").get(f"{URL}/verify").json()["whole"] is True
    drop_guards(school)
    with writing(school.desk.engine) as conn:
        conn.execute(text("DELETE FROM filtering_seal WHERE seq = 1"))
    told = school.as_("gail").get(f"{URL}/verify").json()

    assert set(told) == {"whole", "entries", "first_bad", "says"}
    assert (told["whole"], told["first_bad"]) == (False, None)
    assert "Seal 1 of the filtering log is missing." in told["says"]
    for wanted in ({}, {"check": "true"}):
        page = school.browser("gail")[0].get("/changes", params=wanted)
        assert "Is the record whole? No." in page.text


def sealed(school: School, number: int) -> None:
    """So many seals, of a request each."""
    folder = school.desk.state / "journal"
    folder.mkdir(exist_ok=True)
    path = a_segment(folder, [])
    for each in range(1, number + 1):
        add_to(path, a_whole(each))
        Recorder(school.desk.engine, folder, clock=lambda: NOON).run_once()


def test_the_rows_themselves_are_left_to_the_log_s_own_verify(school: School) -> None:
    sealed(school, 1)
    with writing(school.desk.engine) as conn:
        conn.execute(text("UPDATE filtering_log_2026_11 SET url = 'x'"))
    told = school.as_("gail").get(f"{URL}/verify").json()

    assert told["whole"] is True
    assert "its rows were not read" in told["says"]


def test_hours_are_left_out_unless_all_is_asked_for(school: School) -> None:
    sealed(school, 1)
    state_hours(school.desk, NOON + timedelta(hours=1.1))
    client = school.as_("gail")

    def events(headers: dict[str, str] | None = None, **wanted: str) -> list[str]:
        answer = client.get(URL, params=wanted, headers=headers or {})
        return [row["event"] for row in answer.json()["rows"]] if not headers else answer.text.splitlines()

    assert "filtering-log:seal" not in events()
    assert events(seals="yes")[0] == events(event="filtering-log:seal")[0] == "filtering-log:seal"
    assert events(after="0", limit="1000")[-1] == "filtering-log:seal"
    assert any("filtering-log:seal" in line for line in events({"Accept": "text/csv"}))
    assert len(events(seals="yes")) == len(events()) + 1
    said = client.get(URL, params={"seals": "yes"}).json()["rows"][0]["says"]
    assert said == (
        "The filtering log, Tuesday 24 November 2026, 12:00 to 13:00: 1 request was recorded, and how"
        " 1 request ended. This is under seal 1."
    )


def test_what_the_clock_let_lapse_is_told_in_the_change_log(school: School) -> None:
    row = {"username": "anna", "classes": ["6A"]}
    school.as_("terry").post("/api/v1/people/proposals", json={"rows": [row], "reason": "moved"})
    school.as_("terry").post("/api/v1/policy/proposals", json={"text": LOOSER, "reason": "a plan"})
    school.clock.forward(days=30)
    assert len(lapse_due(school.desk, school.clock.now)) == 2

    said = {row["event"]: row["says"] for row in school.as_("gail").get(URL).json()["rows"]}
    for event in ("people:lapse", "policy:lapse"):
        assert said[event].startswith("Nobody answered in time: ")
        assert "Terry Tyler" in said[event]


def test_a_long_chain_of_seals_is_followed_again_only_when_asked(school: School) -> None:
    sealed(school, 2)
    with reading(school.desk.engine) as conn:
        assert [has_more_seals(conn, many) for many in (1, 2, 3)] == [True, False, False]

"""The filtering log as it grows: by the rules of a page, recorded at both ends, and over in time."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from audit_log.db import writing
from audit_log.people import change_person
from audit_log.seal import stamp
from audit_log.sessions import end_sessions_of
from change_control.tightening import suspend
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import School, fields_of, problem_of
from tests.audit_api.served import rows_in, served, streamed
from tests.builders import NOON
from tests.running import eventually

URL = "/api/v1/filtering-log/tail"


@pytest.fixture
def address(school: School) -> Iterator[str]:
    with served(school) as found:
        yield found + URL


def comes(school: School, username: str, seal: int, **changes: Any) -> None:
    """A row is stored in that seal."""
    row = a_row(school.person(username), NOON + timedelta(seconds=seal), opened_in=seal, **changes)
    store(school.desk.engine, [row])
    seal_up_to(school.desk.engine, seal)


def lines(school: School) -> list[dict[str, Any]]:
    wanted = {"event": "filtering-log:"}
    found = school.as_("hedy").get("/api/v1/changes", params=wanted).json()["rows"]
    return list(reversed(found))


def ended(school: School) -> dict[str, Any]:
    """The last line, once it tells of an end."""
    found = eventually(lambda: lines(school), lambda told: told[-1]["event"] == "filtering-log:tail-end")
    return found[-1]


def test_a_row_comes_as_it_is_stored_and_no_earlier_one(school: School, address: str) -> None:
    comes(school, "ben", 1)
    with streamed(school, address, "cora") as answer:
        rows = rows_in(answer)
        comes(school, "anna", 2)
        comes(school, "anna", 3, verdict="allow", page=False)  # a part of a page
        comes(school, "tess", 4)
        assert [next(rows)["who"] for _ in range(2)] == ["a pupil of 6B", "a member of staff"]


def test_watching_is_recorded_at_its_start_and_at_its_end(school: School, address: str) -> None:
    with streamed(school, address, "cora", person="anna", purpose="a worry") as answer:
        comes(school, "ben", 1)
        comes(school, "anna", 2)
        assert next(rows_in(answer))["who"] == "Anna Akhtar"
    end = ended(school)
    begin = lines(school)[-2]

    assert (
        begin["says"]
        == "Cora Clark (coordinator) began to watch the filtering log of a pupil of 6B with names as it"
        " grows."
    )
    assert begin["texts"] == {"what": "everything", "purpose": "a worry"}
    assert (end["object"], end["actor"]["name"]) == (str(begin["seq"]), "the system")
    assert end["detail"] == {"rows": 1, "ended": "left", "people": [school.person("anna").id]}


def test_whoever_loses_the_role_is_cut_off(school: School, address: str) -> None:
    with streamed(school, address, "cora", names="yes", purpose="a worry") as answer:
        rows = rows_in(answer)
        comes(school, "anna", 1)
        assert next(rows)["who"] == "Anna Akhtar"
        with writing(school.desk.engine) as conn:
            change_person(conn, school.person("cora").id, role="governor")
        assert next(rows) == {"ended": "right"}
        comes(school, "anna", 2)
        assert list(rows) == []
    people = [school.person("anna").id]
    assert ended(school)["detail"] == {"rows": 1, "ended": "right", "people": people}


def test_of_many_no_end_says_who_they_were(school: School, address: str) -> None:
    with streamed(school, address, "cora", names="yes", purpose="a worry") as answer:
        rows = rows_in(answer)
        for seal, username in enumerate(("anna", "ben", "pim", "pip"), start=1):
            comes(school, username, seal)
        assert {next(rows)["role"] for _ in range(4)} == {"pupil"}
    assert ended(school)["detail"] == {"rows": 4, "ended": "left"}


def sealed_at(school: School, seal: int, minutes: int) -> None:
    """A row in that seal, sealed so many minutes before NOON."""
    store(school.desk.engine, [a_row(school.person("anna"), NOON, opened_in=seal)])
    entry = json.dumps({"at": stamp(NOON - timedelta(minutes=minutes))})
    seal_up_to(school.desk.engine, seal, entry)


def test_what_was_sealed_between_a_page_and_its_tail_is_shown(school: School, address: str) -> None:
    comes(school, "ben", 1)
    page = school.browser("cora")[0].get("/filtering-log", params={"live": "yes"}).text
    after = re.findall(r"tail\?[^\"]*after=(\d+)", page)
    sealed_at(school, 2, minutes=1)

    with streamed(school, address, "cora", after=after[0]) as answer:
        assert next(rows_in(answer))["who"] == "a pupil of 6B"
    assert lines(school)[0]["texts"] == {"what": "everything"}


def test_a_tail_goes_back_no_more_than_ten_minutes(school: School) -> None:
    sealed_at(school, 1, minutes=12)
    sealed_at(school, 2, minutes=11)
    cora = school.as_("cora")

    for after in ("0", "1", "3", "-1", "x", str(2**63)):
        assert set(fields_of(problem_of(cora.get(URL, params={"after": after}), 422, "bad-input"))) == {
            "after"
        }
    assert lines(school) == []


@pytest.mark.parametrize("how", ["suspended", "signed out"])
def test_whoever_may_not_act_any_more_is_cut_off(school: School, address: str, how: str) -> None:
    with streamed(school, address, "cora") as answer:
        if how == "suspended":
            suspend(school.desk, school.actor("hedy"), school.person("cora").id, None, "a reason", NOON)
        else:
            with writing(school.desk.engine) as conn:
                end_sessions_of(conn, school.person("cora").id, NOON)
        assert list(rows_in(answer)) == [{"ended": "right"}]


def test_it_ends_by_itself_after_a_quarter_of_an_hour(school: School, address: str) -> None:
    with streamed(school, address, "gail") as answer:
        rows = rows_in(answer)
        comes(school, "anna", 1)
        assert next(rows)["who"] == "a pupil of 6B"
        school.clock.forward(minutes=15)
        assert list(rows) == [{"ended": "time"}]
    assert ended(school)["detail"] == {"rows": 1, "ended": "time"}


def test_a_class_that_becomes_few_is_watched_no_longer(school: School, address: str) -> None:
    with streamed(school, address, "gail", **{"class": "6A"}) as answer:
        for username in ("pim", "pip"):
            url = f"/api/v1/people/{school.person(username).id}/end"
            assert school.as_("hedy").post(url, json={"reason": "left"}).status_code == 200
        assert list(rows_in(answer)) == [{"ended": "right"}]


def test_one_person_watches_three_times_and_leaves_room_for_others(school: School) -> None:
    turns, cora = school.app.state.window.turns, school.person("cora").id
    backs = [turns.take(("tail", cora), 3, "x") for _ in range(3)]

    problem_of(school.as_("cora").get(URL), 429, "too-many-at-once")
    assert turns.taken("tail") == 0
    for back in backs:
        back()


def test_no_more_than_eight_watch_at_once(school: School) -> None:
    backs = [school.app.state.window.turns.take("tail", 8, "x") for _ in range(8)]

    problem_of(school.as_("cora").get(URL), 429, "too-many-at-once")
    assert school.app.state.window.turns.taken(("tail", school.person("cora").id)) == 0
    for back in backs:
        back()
    assert school.app.state.window.turns.taken("tail") == 0


@pytest.mark.parametrize(
    ("username", "wanted", "status", "slug"),
    [
        ("gail", {"names": "yes", "purpose": "x"}, 403, "wrong-role"),
        ("gail", {"search_terms": "x", "purpose": "x"}, 403, "wrong-role"),
        ("gail", {"class": "RH"}, 403, "wrong-role"),
        ("cora", {"names": "yes"}, 422, "bad-input"),
        ("cora", {"limit": "3"}, 422, "bad-input"),
        ("tess", {}, 403, "wrong-role"),
    ],
)
def test_what_may_not_be_read_may_not_be_watched(
    school: School, username: str, wanted: dict[str, str], status: int, slug: str
) -> None:
    problem_of(school.as_(username).get(URL, params=wanted), status, slug)
    assert lines(school) == []
    assert school.app.state.window.turns.taken("tail") == 0

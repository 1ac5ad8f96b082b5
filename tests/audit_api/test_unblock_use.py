"""How an unblock was used: counted in each window, and never so that somebody can be told from it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit_api.unblocks import use_of
from audit_log.db import reading
from change_control.queries import get_proposal
from tests.audit_api.logged import Row, a_row, store
from tests.audit_api.school import School, an_ask, problem_of
from tests.audit_api.test_console import visible

URL = "/api/v1/unblocks"
ONE = datetime(2026, 11, 24, 13, tzinfo=UTC)  # the lesson begins
SIX_B = ("anna", "qui", "quo", "qux")
SLOTS = {"every": {"days": ["tue"], "from": "13:00", "to": "14:00", "weeks": 2}}
OPEN: dict[str, Any] = {
    "verdict": "allow", "reason": "unlisted-allowed", "category": None, "list_id": None, "entry": None,
    "rule": None, "status": 200,
}  # fmt: skip


def agreed(school: School, *sites: str, **changes: Any) -> str:
    made = school.as_("tess").post(URL, json=an_ask(*sites) | changes)
    assert made.status_code == 201, made.text
    school.as_("terry").post(f"{URL}/{made.json()['id']}/approve", json={})
    return str(made.json()["id"])


def let_by(school: School, id_: str, who: str, *, at: datetime, host: str, parts: int = 0) -> list[Row]:
    by_it = {**OPEN, "reason": "unblock", "unblock_id": id_, "rule": f"unblock.{id_}", "host": host}
    person = school.person(who)
    return [
        a_row(person, at + timedelta(seconds=part), **by_it, url=f"https://{host}/secret?q=1", page=part == 0)
        for part in range(parts + 1)
    ]


def used_by(
    school: School, id_: str, people: Sequence[str], *, at: datetime = ONE, host: str = "racism-history.test"
) -> None:
    rows = [row for who in people for row in let_by(school, id_, who, at=at, host=host, parts=2)]
    store(school.desk.engine, rows)


def opened(school: School, people: Sequence[str], host: str, *, at: datetime = ONE, **more: Any) -> None:
    rows = [a_row(school.person(who), at, **OPEN | {"host": host} | more) for who in people]
    store(school.desk.engine, rows)


def use(school: School, id_: str, who: str = "tess") -> dict[str, Any]:
    answer = school.as_(who).get(f"{URL}/{id_}/use")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_it_says_how_often_by_how_many_and_where(school: School) -> None:
    id_ = agreed(school, "racism-history.test", "museum.test/slavery")
    used_by(school, id_, SIX_B)
    school.clock.forward(hours=3)
    found = use(school, id_)

    assert (found["used"], found["requests"], found["pages"], found["people"]) == ("yes", 12, 4, 4)
    assert found["hosts"] == [{"host": "racism-history.test", "requests": 12, "pages": 4}]
    assert found["unused"] == ["museum.test/slavery"]
    assert found["windows"] == [
        {"starts_at": "2026-11-24T13:00:00Z", "ends_at": "2026-11-24T14:00:00Z", "requests": 12, "pages": 4}
    ]
    assert found["says"] == [
        "It was used by 4 people: 4 pages, 12 requests in all.",
        "Agreed to and never used: museum.test/slavery.",
    ]


def test_fewer_than_four_are_no_number_and_nothing_is_told_of_what_else_they_opened(school: School) -> None:
    id_ = agreed(school)
    used_by(school, id_, SIX_B[:3])
    opened(school, SIX_B[:3], "games.test")
    school.clock.forward(hours=3)

    for who in ("tess", "terry", "gail"):
        found = use(school, id_, who)
        assert (found["people"], found["besides"]) == (None, None)
        assert "fewer than four people" in found["says"][0]
        assert "games.test" not in str(found)


def test_what_else_is_told_where_four_of_them_opened_it(school: School) -> None:
    id_ = agreed(school)
    used_by(school, id_, SIX_B)
    opened(school, SIX_B, "www.games.test", category="games-educational")
    opened(school, SIX_B[:3], "worries.test")
    opened(school, SIX_B, "before.test", at=ONE - timedelta(seconds=1))
    opened(school, SIX_B, "after.test", at=ONE + timedelta(hours=1))
    opened(school, ("pim", "pip", "pod", "ben"), "others.test")
    opened(school, SIX_B, "part.test", page=False)
    opened(school, SIX_B, "shut.test", verdict="block", reason="site-blocked")
    school.clock.forward(hours=3)
    found = use(school, id_)["besides"]

    assert found == {
        "sites": [{"name": "games.test", "pages": 4}],
        "categories": [{"name": "games-educational", "pages": 4}],
        "other_pages": 3,
    }


def test_each_window_is_counted_by_itself_and_an_idle_one_is_said(school: School) -> None:
    id_ = agreed(school, windows=SLOTS, starts_at=None, ends_at=None)
    used_by(school, id_, SIX_B)
    school.clock.forward(days=8)
    found = use(school, id_)

    assert [window["requests"] for window in found["windows"]] == [12, 0]
    assert "In 1 of the 2 times that it was open, nobody used it." in found["says"]


def test_what_is_open_for_days_on_end_is_told_day_by_day(school: School) -> None:
    id_ = agreed(school, ends_at="2026-11-26T14:00:00Z")
    used_by(school, id_, SIX_B, at=ONE + timedelta(days=1))
    school.clock.forward(days=3)
    found = use(school, id_)["windows"]

    assert [(window["starts_at"][8:16], window["requests"]) for window in found] == [
        ("24T13:00", 0),
        ("25T00:00", 12),
        ("26T00:00", 0),
    ]


def test_a_window_that_has_not_begun_is_not_in_it(school: School) -> None:
    id_ = agreed(school, windows=SLOTS, starts_at=None, ends_at=None)
    used_by(school, id_, SIX_B)
    school.clock.forward(hours=2)

    assert len(use(school, id_)["windows"]) == 1


def test_not_yet_used_and_never_used_are_two_things(school: School) -> None:
    id_ = agreed(school)
    told = []
    for hours in (1, 3):
        school.clock.forward(hours=hours)
        found = use(school, id_)
        (row,) = school.as_("tess").get(URL).json()["rows"]
        assert row["used"] == found["used"]
        told.append((found["used"], found["says"]))

    assert told == [
        ("not yet", ["It has not been used yet."]),
        ("no", ["It was never used."]),
    ]


def test_of_a_time_whose_rows_are_gone_nobody_says_that_it_was_never_used(school: School) -> None:
    """Rows of pupils and of adults are kept for 90 days there."""
    id_ = agreed(school)
    told = []
    with reading(school.desk.engine) as conn:
        for days in (89, 91):
            now = ONE + timedelta(days=days)
            told.append(use_of(conn, get_proposal(conn, id_, now), now))

    assert told == ["no", None]


def test_what_was_opened_for_a_few_people_is_not_told_in_figures(school: School) -> None:
    id_ = agreed(school, **{"for": {"people": ["anna"]}})
    used_by(school, id_, ["anna"])
    school.clock.forward(hours=3)
    found = use(school, id_, "gail")

    assert (found["used"], found["few"]) == ("yes", True)
    assert (found["requests"], found["hosts"], found["windows"], found["unused"]) == (0, [], [], [])


def test_there_is_no_path_no_search_and_nobody_in_it(school: School) -> None:
    id_ = agreed(school)
    used_by(school, id_, SIX_B)
    opened(school, SIX_B, "games.test", url="https://games.test/secret", search_terms="secret")
    school.clock.forward(hours=3)

    for who in ("tess", "cora", "gail"):
        told = school.as_(who).get(f"{URL}/{id_}/use").text
        assert "secret" not in told
        assert not [name for name in SIX_B if school.person(name).id in told]


def test_whoever_did_not_ask_and_may_not_approve_does_not_see_it(school: School) -> None:
    id_ = agreed(school)

    problem_of(school.as_("sam").get(f"{URL}/{id_}/use"), 404, "not-found")


def test_who_was_recorded_wrongly_counts_as_nobody(school: School) -> None:
    id_ = agreed(school)
    used_by(school, id_, SIX_B)
    raw = {
        "person": "qux", "right_person": "ben", "from": "2026-11-24T12:30:00Z", "to": "2026-11-24T13:30:00Z",
        "reason": "sat at the wrong machine",
    }  # fmt: skip
    school.clock.forward(hours=3)
    asked = school.as_("terry").post("/api/v1/corrections", json=raw).json()
    school.as_("cora").post(f"/api/v1/corrections/{asked['id']}/approve")

    assert use(school, id_)["people"] is None


def test_connections_that_became_requests_are_not_counted_twice(school: School) -> None:
    id_ = agreed(school)
    used_by(school, id_, SIX_B)
    by_it = {**OPEN, "reason": "unblock", "unblock_id": id_, "host": "racism-history.test"}
    store(
        school.desk.engine,
        [a_row(school.person("anna"), ONE, **by_it, kind="connect", decrypted=True, page=False)],
    )
    school.clock.forward(hours=3)

    assert use(school, id_)["requests"] == 12


@pytest.mark.parametrize("who", ["tess", "gail"])
def test_the_page_tells_it_in_words_and_tables(school: School, who: str) -> None:
    id_ = agreed(school)
    used_by(school, id_, SIX_B)
    opened(school, SIX_B, "games.test")
    school.clock.forward(hours=3)
    page = visible(school.browser(who)[0].get(f"/unblocks/{id_}/use").text)

    assert "It was used by 4 people" in page
    assert "games.test 4" in page
    assert "Tuesday 24 November 2026, 13:00 to 14:00 4 12" in page


def test_what_was_shut_early_is_told_as_open_until_then(school: School) -> None:
    id_ = agreed(school)
    used_by(school, id_, SIX_B)
    school.clock.forward(hours=1, minutes=1)
    assert school.as_("terry").post(f"{URL}/{id_}/revoke", json={"reason": "wrong site"}).status_code == 200
    school.clock.forward(hours=3)

    assert [(each["starts_at"][11:16], each["ends_at"][11:16]) for each in use(school, id_)["windows"]] == [
        ("13:00", "13:01")
    ]
    assert "shut on" in visible(school.browser("tess")[0].get(f"/unblocks/{id_}/use").text)


def test_slots_after_it_was_shut_are_not_told_as_idle(school: School) -> None:
    id_ = agreed(school, windows=SLOTS, starts_at=None, ends_at=None)
    used_by(school, id_, SIX_B)
    school.clock.forward(hours=3)
    school.as_("terry").post(f"{URL}/{id_}/revoke", json={"reason": "the topic is over"})
    school.clock.forward(days=8)

    assert len(use(school, id_)["windows"]) == 1


def test_the_page_names_the_sites_that_were_agreed_to_and_no_others(school: School) -> None:
    made = school.as_("tess").post(URL, json=an_ask("racism-history.test", "museum.test/slavery")).json()
    school.as_("terry").post(f"{URL}/{made['id']}/approve", json={"sites": ["museum.test/slavery"]})
    page = school.browser("tess")[0].get(f"/unblocks/{made['id']}/use").text

    assert '<h1 class="wrap">How museum.test/slavery was used</h1>' in page

"""Lists are fetched when they are due, files are taken when they have changed, and lateness is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from audit_api.list_jobs import Tell
from audit_api.list_schedule import FIRST_WAIT, ListSchedule
from filter_lists.orders import Order, Outcome
from tests.audit_api.listed import AGREED, URL, ListedSchool, run_here
from tests.change_control.listed import FIRST, some
from tests.filter_lists.list_server import ListServer, a_list_server

DAY = timedelta(days=1)
FEED = "  feed: {{category: gambling, format: plain, source: '{}', every: 1 day, licence: CC0-1.0}}\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ListServer]:
    with a_list_server(tmp_path) as made:
        yield made


@pytest.fixture
def fed(listed: ListedSchool, server: ListServer) -> ListedSchool:
    """Two people agreed on a list that is fetched every day."""

    def run_lists(order: Order, tell: Tell) -> Outcome:
        runs.append(order)
        return run_here(replace(order, ca=server.ca), tell)

    runs: list[Order] = []
    school = ListedSchool(listed.desk, run_lists=run_lists)
    text = AGREED.replace("# agreed\n", FEED.format(server.put("/feed", "\n".join(some("feed", 1, 2, 3)))))
    school.put({}, text)
    school.settle("hedy", school.propose()["proposal"], "approve")
    runs.clear()
    school.app.state.runs = runs
    return school


def looks(school: ListedSchool, schedule: ListSchedule, **later: float) -> list[str]:
    """What the schedule tells at that time; whatever it starts is waited for."""
    school.clock.forward(**later)
    with capture_logs() as told:
        schedule.look(school.clock())
        if school.app.state.window.list_jobs.thread is not None:
            school.wait()
    return [line["event"] for line in told if line["event"].startswith("lists.")]


def feed(school: ListedSchool) -> dict[str, object]:
    rows = school.as_("gail").get(URL).json()["rows"]
    return next(row for row in rows if row["list_id"] == "feed")


def test_a_list_is_fetched_when_it_is_due_and_not_before(fed: ListedSchool, server: ListServer) -> None:
    schedule, before = ListSchedule(fed.app.state.window), fed.agreed.generation
    server.put("/feed", "\n".join(some("feed", 1, 2, 3, 4)))

    assert looks(fed, schedule, hours=23) == []
    assert (feed(fed)["due"], feed(fed)["overdue"], feed(fed)["every"]) == (False, False, "1 day")
    assert "lists.updated" in looks(fed, schedule, hours=2)
    assert fed.agreed.generation != before
    assert fed.events()[-1] == "lists:update"
    assert fed.wait()["by"]["name"] == "the system"


def test_a_feed_that_breaks_leaves_the_lists_and_shows_as_overdue_once_a_day(
    fed: ListedSchool, server: ListServer
) -> None:
    schedule, before = ListSchedule(fed.app.state.window), fed.agreed.generation
    server.answer("/feed", 500)

    assert "lists.fetch_failed" in looks(fed, schedule, hours=25)
    assert looks(fed, schedule, minutes=1) == []  # it is tried again, and not at once
    assert "lists.overdue" in looks(fed, schedule, hours=12)
    assert "lists.overdue" not in looks(fed, schedule, hours=12)
    assert "lists.overdue" in looks(fed, schedule, hours=13)
    told = feed(fed)
    assert (told["overdue"], bool(told["fault"])) == (True, True)
    assert fed.agreed.generation == before
    metrics = fed.nobody().get("/metrics").text
    assert "schoolgate_lists_overdue 1" in metrics
    assert "schoolgate_lists_generation_age_seconds" in metrics

    server.put("/feed", "\n".join(some("feed", 1, 2, 3)))
    looks(fed, schedule, hours=25)
    assert (feed(fed)["overdue"], feed(fed)["fault"]) == (False, None)


def test_a_file_is_taken_when_it_has_changed_and_lies_still(fed: ListedSchool) -> None:
    schedule, runs = ListSchedule(fed.app.state.window), fed.app.state.runs
    looks(fed, schedule)
    assert (looks(fed, schedule, minutes=1), runs) == ([], [])
    fed.put({"bets": [*FIRST["bets"], "dice.test"]})

    assert looks(fed, schedule, minutes=1) == []
    assert "lists.updated" in looks(fed, schedule, minutes=1)
    assert looks(fed, schedule, minutes=1) == []
    assert len(runs) == 1


def test_what_was_changed_while_nobody_looked_is_taken_too(fed: ListedSchool) -> None:
    fed.put({"bets": [*FIRST["bets"], "dice.test"]})
    schedule = ListSchedule(fed.app.state.window)
    looks(fed, schedule)

    assert "lists.updated" in looks(fed, schedule, minutes=1)


def test_after_a_failure_there_is_a_pause_that_grows(listed: ListedSchool) -> None:
    runs: list[Order] = []

    def broken(order: Order, _tell: Tell) -> Outcome:
        runs.append(order)
        raise OSError("no room")

    school = ListedSchool(listed.desk, run_lists=broken)
    school.put({"bets": [*FIRST["bets"], "dice.test"]})
    schedule = ListSchedule(school.app.state.window)
    looks(school, schedule)
    looks(school, schedule, minutes=1)
    school.put({"bets": [*FIRST["bets"], "dice.test", "more.test"]})
    for minutes in (1, 1, 5):
        looks(school, schedule, minutes=minutes)
    assert len(runs) == 1
    looks(school, schedule, seconds=FIRST_WAIT.total_seconds())
    looks(school, schedule, minutes=1)  # it lies still
    assert len(runs) == 2


def test_while_nothing_is_agreed_on_and_the_database_is_away_nothing_happens(listed: ListedSchool) -> None:
    schedule = ListSchedule(listed.app.state.window)
    database = listed.desk.state / "schoolgate.sqlite"
    listed.desk.engine.dispose()
    database.rename(listed.desk.state / "away")
    database.mkdir()

    with capture_logs() as told:
        schedule.look(listed.clock())

    assert [line["event"] for line in told] == ["lists.look_failed"]

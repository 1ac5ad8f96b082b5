"""Lists fetched anew and gone back on, one task at a time, over the API."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from audit_api.list_jobs import Tell
from filter_lists.orders import Order, Outcome, Progress
from tests.audit_api.listed import LESS, MORE, URL, ListedSchool, run_here
from tests.audit_api.school import fields_of, problem_of
from tests.change_control.listed import FIRST, LISTS, some
from tests.filter_lists.list_server import ListServer, a_list_server

Fed = tuple[ListedSchool, ListServer]
SEALED_ROW = "  iwf: {sealed: true, category: child-sexual-abuse, format: plain, source: iwf.txt}\n"


def test_an_update_within_what_was_agreed_comes_into_force_by_itself(listed: ListedSchool) -> None:
    listed.put(MORE)
    told = listed.update()

    assert (told["state"], told["came"], told["work"]) == ("done", "in-force", "update")
    assert told["by"]["name"] == "Terry Tyler"
    assert [(row["list_id"], row["shut"]) for row in told["changes"]] == [("bets", 5)]
    assert listed.has("bet104.test")
    assert listed.events()[-1] == "lists:update"
    assert listed.as_("gail").get(URL).json()["generation"] == told["generation"]


def test_going_back_within_what_was_agreed_takes_one_person(listed: ListedSchool) -> None:
    listed.put(MORE)
    listed.update()
    answer = listed.as_("cora").post(f"{URL}/rollback", json={"reason": "blocks a school"})
    told = listed.wait()

    assert answer.headers["location"] == f"{URL}/updates/current"
    assert (told["came"], told["work"]) == ("in-force", "rollback")
    assert not listed.has("bet104.test")
    assert listed.events()[-1] == "lists:rollback"


def test_going_back_further_than_was_agreed_becomes_a_proposal(listed: ListedSchool) -> None:
    before = listed.agreed.generation
    listed.put({"bets": some("bet", *range(400))})
    listed.settle("cora", listed.update()["proposal"], "approve")
    listed.as_("cora").post(f"{URL}/rollback", json={"generation": before[:12], "reason": "blocks schools"})
    told = listed.wait()

    assert told["came"] == "proposed"
    assert listed.has("bet300.test")
    assert listed.settle("terry", told["proposal"], "approve").status_code == 200
    assert not listed.has("bet300.test")


def test_only_lists_that_were_in_force_can_be_gone_back_to(listed: ListedSchool) -> None:
    for named in ("ffffffff", "f", "../..", listed.agreed.generation):
        answer = listed.as_("terry").post(f"{URL}/rollback", json={"generation": named, "reason": "back"})
        assert set(fields_of(problem_of(answer, 422, "bad-input"))) == {"generation"}


def test_each_time_that_lists_came_into_force_is_told(listed: ListedSchool) -> None:
    listed.put(LESS)
    listed.update()  # held, so never in force
    listed.put(MORE)
    listed.update()
    rows = listed.as_("gail").get(f"{URL}/generations").json()["rows"]

    assert [row["what"] for row in rows] == ["update", "proposal", "founding"]
    assert [row["in_force"] for row in rows] == [True, False, False]
    assert rows[0]["by"]["name"] == "the system"
    assert all(row["on_disk"] for row in rows)


def test_a_list_that_there_is_not_is_named_with_those_there_are(listed: ListedSchool) -> None:
    answer = listed.as_("terry").post(f"{URL}/updates", json={"lists": ["bests"]})

    assert "bests" in (told := fields_of(problem_of(answer, 422, "bad-input"))["lists"])
    assert "learn" in told


@pytest.fixture
def fed(listed: ListedSchool, tmp_path: Path) -> Iterator[Fed]:
    """`bets` comes from a server, and a sealed list lies in a file; two people agreed on both."""
    with a_list_server(tmp_path, tls=False) as server:
        url = server.put("/bets", "\n".join(FIRST["bets"]))
        text = LISTS.replace("source: bets.txt", f"source: '{url}', every: 1 day") + SEALED_ROW
        listed.put({"iwf": ["illegal.test"]}, text)
        assert listed.settle("hedy", listed.propose()["proposal"], "approve").status_code == 200
        yield listed, server


def test_a_list_that_has_to_wait_holds_up_no_other(fed: Fed) -> None:
    school, server = fed
    server.put("/bets", "\n".join(LESS["bets"]))
    school.put({"iwf": ["illegal.test", "new-illegal.test"]})

    told = school.update(lists=["bets"])

    assert (told["came"], told["says"].endswith("; the other lists are in force")) == ("held", True)
    assert {row["list_id"]: row["result"] for row in told["lists"]}["bets"] == "fetched"
    assert [row["list_id"] for row in told["changes"]] == ["bets"]
    assert school.has("new-illegal.test")
    assert school.has("bet90.test")
    assert school.events()[-3:] == ["lists:hold", "lists:update", "lists:hold"]

    again = school.update(lists=["bets"])
    assert (again["came"], again["proposal"]) == ("held", told["proposal"])
    assert school.events()[-1] == "lists:hold"

    body = {"reason": "the feed said so", "held": told["proposal"]}
    taken = school.as_("terry").post(f"{URL}/proposals", json=body).json()["id"]
    assert school.settle("hedy", taken, "approve").status_code == 200
    assert school.has("new-illegal.test")
    assert not school.has("bet90.test")


def test_a_list_whose_bytes_are_stored_no_more_is_told_of(fed: Fed) -> None:
    """A file is what it is now: its old bytes are nowhere."""
    school, _ = fed
    school.put({"iwf": ["illegal.test", "new-illegal.test"], "learn": some("learn", *range(5))})

    told = school.update(lists=[])

    assert told["came"] == "held"
    assert "the other lists wait too" in told["says"]
    assert "lists.learn: what is in force of it is not stored any more" in told["says"]


def test_what_fails_the_checks_holds_up_no_sealed_list(fed: Fed) -> None:
    school, server = fed
    text = school.agreed.config_text + "checks: {must_not_have: {gambling: [school.test]}}\n"
    school.put({"iwf": ["illegal.test"]}, text)
    assert school.settle("hedy", school.propose()["proposal"], "approve").status_code == 200
    server.put("/bets", "\n".join([*FIRST["bets"], "school.test"]))
    school.put({"iwf": ["illegal.test", "new-illegal.test"]})

    told = school.update(lists=["bets"])

    assert (told["state"], told["came"]) == ("failed", "failed")
    assert "school.test" in told["says"]
    assert school.has("new-illegal.test")
    assert not school.has("school.test")


class Slow:
    """Begins, tells how far it is, and goes on when it is let."""

    def __init__(self) -> None:
        self.begun, self.go = Event(), Event()

    def __call__(self, order: Order, tell: Tell) -> Outcome:
        tell(Progress("fetching bets", 3, 10))
        self.begun.set()
        assert self.go.wait(30)
        tell(Progress("compiling", 0, 0))
        return run_here(order, tell)


@pytest.fixture
def slow() -> Slow:
    return Slow()


def test_one_task_at_a_time_and_it_goes_on_when_nobody_waits(listed: ListedSchool, slow: Slow) -> None:
    school = ListedSchool(listed.desk, run_lists=slow)
    school.put(MORE)
    first = school.as_("terry").post(f"{URL}/updates", json={}).json()
    assert slow.begun.wait(30)
    told = school.as_("gail").get(f"{URL}/updates/current").json()

    assert (told["id"], told["state"]) == (first["id"], "running")
    assert told["progress"] == {"stage": "fetching bets", "done": 3, "total": 10}
    for path, body in (("updates", {}), ("proposals", {"reason": "more"})):
        problem_of(school.as_("cora").post(f"{URL}/{path}", json=body), 409, "list-task-running")
    slow.go.set()
    assert school.wait()["came"] == "in-force"


def test_nobody_waits_for_a_server_to_go_back(listed: ListedSchool, slow: Slow) -> None:
    """What the update was built from is in force no more: it is built anew, and undoes nothing."""
    listed.put(MORE)
    listed.update()
    school = ListedSchool(listed.desk, run_lists=slow)
    school.as_("terry").post(f"{URL}/updates", json={})
    assert slow.begun.wait(30)
    jobs = school.app.state.window.list_jobs
    update = jobs.thread

    answer = school.as_("cora").post(f"{URL}/rollback", json={"reason": "blocks a school"})
    told = school.wait()

    assert (answer.status_code, told["work"], told["came"]) == (202, "rollback", "in-force")
    assert not school.has("bet104.test")
    assert jobs.is_running
    problem_of(school.as_("cora").post(f"{URL}/updates", json={}), 409, "list-task-running")
    slow.go.set()
    update.join(30)
    assert not jobs.is_running
    assert not school.has("bet104.test")


def test_a_window_that_shuts_gives_up_and_nothing_comes_into_force(listed: ListedSchool, slow: Slow) -> None:
    school = ListedSchool(listed.desk, run_lists=slow)
    school.put(MORE)
    with school.nobody():
        school.as_("terry").post(f"{URL}/updates", json={})
        assert slow.begun.wait(30)
        before = school.agreed.generation
        slow.go.set()
        school.app.state.window.list_jobs.close()

    assert school.agreed.generation == before
    assert school.wait()["says"] == "the API was shut down meanwhile"


def test_what_breaks_is_told_and_the_lists_stay(listed: ListedSchool) -> None:
    def broken(_order: Order, _tell: Tell) -> Outcome:
        raise RuntimeError("secret")

    before = listed.agreed.generation
    told = ListedSchool(listed.desk, run_lists=broken).update()

    assert (told["state"], told["came"]) == ("failed", "failed")
    assert "secret" not in told["says"]
    assert listed.agreed.generation == before

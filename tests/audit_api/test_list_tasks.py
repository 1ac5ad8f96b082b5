"""Lists fetched anew and gone back on, one task at a time, over the API."""

from threading import Event

import pytest

from audit_api.list_jobs import Tell
from filter_lists.orders import Order, Outcome, Progress
from tests.audit_api.listed import LESS, MORE, URL, ListedSchool, run_here
from tests.audit_api.school import fields_of, problem_of
from tests.change_control.listed import some


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

"""A list from a server, agreed on by two: it grows, breaks, shrinks, and is gone back on."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from filter_policy.bundle import current_bundle, read_bundle
from tests.system.browser import a_browser
from tests.system.listed_school import ListedSchool, a_listed_school
from tests.system.school import console_password_of, wait_for

pytestmark = pytest.mark.system
NEWS = "https://news.test/"
HOSTS = ("bets.test", "school-books.test", "news.test")
Asked = tuple[str, int | None]  # what, and the status
SOON = 5.0  # seconds


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListedSchool]:
    with a_listed_school(tmp_path_factory.mktemp("listed")) as made:
        yield made


def shuts(school: ListedSchool) -> None:
    wait_for(lambda: school.answer("ben", NEWS) == 403, "the gate to shut it", SOON)


def opens(school: ListedSchool) -> None:
    wait_for(lambda: school.answer("ben", NEWS) == 200, "the gate to open it", SOON)


def test_what_the_feed_adds_is_shut_within_seconds_and_what_it_takes_back_opens(
    school: ListedSchool,
) -> None:
    assert school.status("ben", NEWS) == 200
    school.feed("news.test")
    told = school.update()

    assert (told["came"], [row["shut"] for row in told["changes"]]) == ("in-force", [1])
    shuts(school)
    with school.api("terry") as terry:
        found = terry.get("/api/v1/explain", params={"user": "ben", "url": NEWS}).json()
    assert (found["decision"]["listing"]["list_id"], found["generation"]) == ("feed", told["generation"])

    school.feed()
    assert school.update()["came"] == "in-force"
    opens(school)
    assert school.events()[-2:] == ["lists:update", "lists:update"]


@pytest.mark.parametrize("how", ["500", "truncated", "a page", "nothing"])
def test_a_feed_that_breaks_leaves_the_lists_in_force(school: ListedSchool, how: str) -> None:
    school.feed("news.test")
    before = school.update()["generation"]
    _break(school, how)
    told = school.update()

    assert [each["result"] for each in told["lists"] if each["list_id"] == "feed"] == ["failed"]
    assert school.desk.lists().generation == before
    assert school.status("ben", NEWS) == 403
    assert school.feed_row()["fault"]
    school.feed()
    assert school.update()["came"] == "in-force"
    assert school.feed_row()["fault"] is None


def test_a_feed_that_stays_broken_is_told_as_overdue(school: ListedSchool) -> None:
    _break(school, "500")
    school.update()
    assert school.feed_row()["overdue"] is False
    school.set_time(school.now() + timedelta(hours=40))

    assert school.feed_row()["overdue"] is True
    assert "schoolgate_lists_overdue 1" in school.metrics()
    assert school.status("ben", "https://bets.test/") == 403
    school.feed()
    school.update()
    assert school.feed_row()["overdue"] is False
    assert "schoolgate_lists_overdue 0" in school.metrics()


def test_a_feed_that_loses_much_waits_for_two_people_and_the_gate_is_unchanged(
    school: ListedSchool,
) -> None:
    school.feed("news.test")
    before = school.update()["generation"]
    shuts(school)
    school.feed(without=60)
    told = school.update()

    assert told["came"] == "held"
    assert school.desk.lists().generation == before
    assert school.status("ben", NEWS) == 403
    assert school.settle("terry", told["proposal"], "approve") == 422
    with school.api("terry") as terry:
        body = {"reason": "the list was cleaned up", "held": told["proposal"]}
        taken = terry.post("/api/v1/lists/proposals", json=body).json()["id"]
    assert school.settle("terry", taken, "approve") == 403
    assert school.status("ben", NEWS) == 403
    assert school.settle("hedy", taken, "approve") == 200
    opens(school)

    assert school.roll_back()["came"] == "in-force"
    shuts(school)
    assert school.events()[-4:] == ["lists:hold", "lists:propose", "lists:approve", "lists:rollback"]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_governor_sees_how_the_lists_stand(school: ListedSchool, tmp_path: Path) -> None:
    console = f"http://127.0.0.1:{school.api_port}"
    with a_browser(tmp_path) as browser:
        page = browser.new_page()
        page.goto(f"{console}/sign-in")
        page.fill("[name=username]", "gail")
        page.fill("[name=password]", console_password_of("gail"))
        page.locator("main form button").first.click()
        page.wait_for_url(f"{console}/")
        page.get_by_role("link", name="Lists", exact=True).click()
        page.screenshot(path=tmp_path / "lists.png", full_page=True)
        seen = page.inner_text("main")
        widest = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert "Up to date" in seen
    assert "no licensed list installed" in seen
    assert "lists:" not in seen
    assert widest == 0


def test_while_lists_are_swapped_no_request_is_lost_or_unfiltered(school: ListedSchool) -> None:
    """Each answer is what the lists of before or after say, and its row says which of them it was.

    What was let by and is under way when new lists shut it is cut off (None), as when an unblock is revoked;
    that has its row too, and happens to no site of which the lists say the same as before.
    """
    school.feed()
    school.update()
    opens(school)
    revisions = {revision(school): False}  # whether the lists of that time shut the news
    begun = school.now()
    with people_browsing(school) as asked:
        for number in range(4):
            news = number % 2 == 0
            school.feed(*(["news.test"] if news else []))
            assert school.update()["came"] == "in-force"
            revisions[revision(school)] = news
            wanted = [403 if news else 200] * 3
            wait_for(lambda wanted=wanted: of_news(asked)[-3:] == wanted, "the news")  # type: ignore[misc]  # mypy infers no type for a lambda's default

    by_host = {host: {status for each, status in asked if each == host} for host in HOSTS}
    by_host["news.test"].discard(None)
    assert by_host == {"news.test": {200, 403}, "bets.test": {403}, "school-books.test": {200}}
    wait_for(lambda: len(rows_since(school, begun)) == len(asked), "a row for each answer")
    rows = rows_since(school, begun)
    told = Counter((row["host"], row["verdict"]) for row in rows)
    assert told == Counter((host, "block" if status == 403 else "allow") for host, status in asked)
    news_rows = [row for row in rows if row["host"] == "news.test"]
    assert all((row["verdict"] == "block") == revisions[row["policy_revision"]] for row in news_rows)
    assert {row["policy_revision"] for row in news_rows} == set(revisions)
    with school.api("gail") as gail:
        assert gail.get("/api/v1/changes/verify").json()["whole"] is True


@contextmanager
def people_browsing(school: ListedSchool) -> Iterator[list[Asked]]:
    """Three pupils without a pause. What they asked and were answered."""
    asked: list[Asked] = []
    stop = threading.Event()

    def browse(username: str) -> None:
        while not stop.is_set():
            for host in HOSTS:
                asked.append((host, school.answer(username, f"http://{host}/")))

    clients = [threading.Thread(target=browse, args=(name,)) for name in ("ben", "amy", "ben")]
    for each in clients:
        each.start()
    try:
        yield asked
    finally:
        stop.set()
        for each in clients:
            each.join(30)


def rows_since(school: ListedSchool, at: datetime) -> list[dict[str, Any]]:
    return [row for row in school.rows(kind="request") if row["at"] >= at]


def of_news(asked: list[Asked]) -> list[int | None]:
    return [status for host, status in asked if host == "news.test"]


def revision(school: ListedSchool) -> str:
    """Of the policy and lists that the gates were told of last."""
    return read_bundle(school.state, current_bundle(school.state) or "").revision


def _break(school: ListedSchool, how: str) -> None:
    if how == "500":
        school.server.answer("/bets", 500)
    elif how == "truncated":
        school.server.say("/bets", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"bets-1.test\n")
    else:
        school.server.put("/bets", "<!doctype html><html>Sorry</html>\n" if how == "a page" else "")

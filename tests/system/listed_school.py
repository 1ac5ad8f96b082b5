"""A whole school with lists.yaml on its disk and a list that is fetched from a server: all real."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from audit_api.app import create_app
from audit_api.list_jobs import Tell
from filter_lists.orders import Order, Outcome
from filter_lists.worker_client import run_worker
from schoolgate.comparing import compare_lists
from tests.change_control.listed import a_listed_desk
from tests.filter_lists.list_server import ListServer, a_list_server
from tests.system.school import SITES, TEN, School, wait_for

LISTS = "/api/v1/lists"
FEED = "feed"
FIRST = [f"bets-{number}.test" for number in range(100)]
Told = dict[str, Any]


class ListedSchool(School):
    """`feed` is what the server has; a school begins with lists that lie on its own disk."""

    def __init__(self, state: Path, start: datetime, server: ListServer) -> None:
        super().__init__(state, start)
        self.server = server
        self.folder = state.parent
        self.own = _write_lists(self.folder)
        (self.folder / "lists.yaml").write_text(self.own)
        self.desk.engine.dispose()
        self.desk = a_listed_desk(self.folder)
        self._stops.append(self.desk.engine.dispose)

    def make_app(self) -> FastAPI:
        """The child process trusts the authority of the server of lists, and no other."""

        def run_lists(order: Order, tell: Tell) -> Outcome:
            return run_worker(replace(order, ca=self.server.ca), tell)

        return create_app(self.desk, clock=self.now, run_lists=run_lists, compare_lists=compare_lists)

    def feed(self, *more: str, without: int = 0) -> None:
        self.server.put("/bets", "\n".join([*FIRST[without:], *more]) + "\n")

    def agree_on_feed(self) -> None:
        """Terry writes it down and proposes it; Hedy looks and agrees."""
        row = f"{{category: gambling, format: plain, source: '{self.server.address}/bets', every: 1 day}}"
        (self.folder / "lists.yaml").write_text(f"{self.own}  {FEED}: {row}\n")
        with self.api("terry") as terry:
            assert (
                terry.post(f"{LISTS}/proposals", json={"reason": "a list that is kept up"}).status_code == 202
            )
            told = self.task()
        assert told["came"] == "proposed", told
        assert self.settle("hedy", told["proposal"], "approve") == 200

    def update(self) -> Told:
        return self.ask("terry", "updates", {"lists": [FEED]})

    def roll_back(self) -> Told:
        return self.ask("cora", "rollback", {"reason": "it shuts a school's news"})

    def ask(self, username: str, what: str, body: Told) -> Told:
        """What came of it. Where the clock has begun a task just now, that one is waited for first."""
        with self.api(username) as client:
            answer = client.post(f"{LISTS}/{what}", json=body)
            if answer.status_code == 409:
                self.task()
                answer = client.post(f"{LISTS}/{what}", json=body)
        assert answer.status_code == 202, answer.text
        return self.task()

    def task(self) -> Told:
        with self.api("gail") as gail:
            told: Told = {}

            def is_over() -> bool:
                told.update(gail.get(f"{LISTS}/updates/current").json())
                return bool(told["state"] != "running")

            wait_for(is_over, "the task", 60)
            return told

    def settle(self, username: str, proposal: str, verb: str) -> int:
        with self.api(username) as client:
            answer = client.post(f"{LISTS}/proposals/{proposal}/{verb}", json={"reason": "looked at it"})
            return int(answer.status_code)

    def answer(self, username: str, url: str) -> int | None:
        """The status; None for what was cut off, since it was shut when it had been let by already."""
        try:
            return self.status(username, url)
        except httpx2.RemoteProtocolError:
            return None

    def feed_row(self) -> Told:
        with self.api("gail") as gail:
            rows = gail.get(LISTS).json()["rows"]
        found: Told = next(row for row in rows if row["list_id"] == FEED)
        return found

    def metrics(self) -> str:
        with self.api("gail") as gail:
            return str(gail.get("/metrics").text)

    def events(self) -> list[str]:
        with self.api("gail") as gail:
            rows = gail.get("/api/v1/changes", params={"limit": 1000, "event": "lists:"}).json()["rows"]
        return [row["event"] for row in reversed(rows)]


@contextmanager
def a_listed_school(folder: Path, start: datetime = TEN - timedelta(hours=1)) -> Iterator[ListedSchool]:
    (folder / "state").mkdir(parents=True)
    with a_list_server(folder) as server:
        school = ListedSchool(folder / "state", start, server)
        school.feed()
        try:
            school.open()
            school.agree_on_feed()
            yield school
        finally:
            school.close()


def _write_lists(folder: Path) -> str:
    text = "lists:\n"
    for host, category in SITES.items():
        if category is not None:
            (folder / f"{category}.txt").write_text(f"{host}\n")
            text += f"  {category}-list: {{category: {category}, format: plain, source: {category}.txt}}\n"
    return text

"""The window on a school with lists on its disk, built by the real thing; tasks are waited for."""

from dataclasses import dataclass
from typing import Any

from audit_api.list_jobs import Tell
from change_control.in_force import AgreedLists
from filter_lists.names import parse_url
from filter_lists.orders import Order, Outcome
from filter_lists.updating import run
from tests.audit_api.school import School
from tests.change_control.listed import FIRST, LISTS, Contents, Listed, some

URL = "/api/v1/lists"
AGREED = LISTS + "# agreed\n"
MORE = {"bets": some("bet", *range(105))}
LESS = {"bets": some("bet", *range(40))}


def run_here(order: Order, tell: Tell) -> Outcome:
    """As the child process does, without the child."""
    return run(order, tell)


@dataclass
class ListedSchool(School):
    run_lists: Any = run_here

    @property
    def agreed(self) -> AgreedLists:
        return Listed(self.desk).agreed

    def has(self, host: str) -> bool:
        """Whether a list in force has it."""
        return bool(list(self.desk.lists().lookup(parse_url(f"https://{host}/"))))

    def put(self, contents: Contents, text: str | None = None) -> None:
        """On the server's disk."""
        Listed(self.desk).put({**FIRST, **contents}, text)

    def wait(self) -> dict[str, Any]:
        """Until the task is over; what the API tells of it then."""
        thread = self.app.state.window.list_jobs.thread
        if thread is not None:
            thread.join(30)
        told: dict[str, Any] = self.as_("gail").get(f"{URL}/updates/current").json()
        return told

    def update(self, username: str = "terry", lists: list[str] | None = None) -> dict[str, Any]:
        answer = self.as_(username).post(f"{URL}/updates", json={"lists": lists})
        assert answer.status_code == 202, answer.text
        return self.wait()

    def propose(self, username: str = "terry") -> dict[str, Any]:
        answer = self.as_(username).post(f"{URL}/proposals", json={"reason": "newer lists"})
        assert answer.status_code == 202, answer.text
        return self.wait()

    def settle(self, username: str, proposal: str, verb: str) -> Any:
        return self.as_(username).post(f"{URL}/proposals/{proposal}/{verb}", json={"reason": "looked at it"})

    def agree(self) -> None:
        """Terry and Hedy agree on what lies on the server's disk."""
        self.put({}, AGREED)
        assert self.settle("hedy", self.propose()["proposal"], "approve").status_code == 200

"""Stories 2 and 3: school time, and one lesson's unblock from asking to its last second."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from audit_log.change_log import verify
from audit_log.db import reading
from tests.system.school import TEN, School, a_school, password_of, wait_for

pytestmark = pytest.mark.system
HOUR = timedelta(hours=1)
SITE = "https://racism-history.test/"
LESSON = {
    "sites": ["racism-history.test"],
    "for": {"classes": ["6B"]},
    "starts_at": "2026-11-24T10:00:00Z",
    "ends_at": "2026-11-24T11:00:00Z",
    "subject": "History",
    "reason": "sources on the Bristol bus boycott",
}


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with a_school(tmp_path / "state") as made:
        yield made


@pytest.fixture(scope="module")
def any_school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """For what changes nothing."""
    with a_school(tmp_path_factory.mktemp("any")) as made:
        yield made


@pytest.mark.parametrize("day", [datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)])
def test_lunch_opens_and_is_shut_at_one_on_both_sides_of_the_clock_change(
    tmp_path: Path, day: datetime
) -> None:
    summer = HOUR if day.month == 10 else timedelta(0)
    one = day + 13 * HOUR - summer
    with a_school(tmp_path / "state", one - 30 * HOUR / 60) as school:
        during = school.status("ben", "https://sums.test/")
        school.set_time(one)
        after = school.status("ben", "https://sums.test/")
        school.set_time(one - HOUR - timedelta(seconds=30))

        assert (during, after) == (200, 403)
        assert school.status("ben", "https://sums.test/") == 403  # the gate's clock never goes back


def test_one_lesson_from_asking_to_its_last_second(school: School) -> None:
    with school.api("tess") as tess, school.api("terry") as terry:
        asked = tess.post("/api/v1/unblocks", json=LESSON)
        assert (asked.status_code, asked.json()["state"]) == (201, "requested")
        approve = f"/api/v1/unblocks/{asked.json()['id']}/approve"

        assert tess.post(approve, json={"reason": "mine"}).status_code == 403
        own = terry.post("/api/v1/unblocks", json=LESSON).json()["id"]
        refused = terry.post(f"/api/v1/unblocks/{own}/approve", json={"reason": "mine"})
        assert refused.status_code in (403, 409)
        assert refused.headers["content-type"].startswith("application/problem+json")

        assert terry.post(approve, json={"reason": "agreed with the plan"}).json()["state"] == "approved"

    assert school.status("ben", SITE) == 403
    school.set_time(TEN)
    wait_for(lambda: school.status("ben", SITE) == 200, "the lesson to open", 3)
    assert school.status("amy", SITE) == 403

    school.set_time(TEN + HOUR)
    assert school.status("ben", SITE) == 403

    wait_for(lambda: school.rows(reason="unblock", kind="request"), "the rows")
    opened = school.rows(reason="unblock", kind="request")
    assert {row["unblock_id"] for row in opened} == {asked.json()["id"]}
    events = [entry["event"] for entry in _changes(school)]
    assert events.count("unblock:propose") == 2
    assert events.count("unblock:approve") == 1
    with reading(school.desk.engine) as conn:
        assert verify(conn, school.desk.key.public_key()).whole


def test_approving_and_revoking_take_effect_within_two_seconds(school: School) -> None:
    school.set_time(TEN)
    with school.api("tess") as tess, school.api("terry") as terry:
        unblock = tess.post("/api/v1/unblocks", json=LESSON).json()["id"]
        terry.post(f"/api/v1/unblocks/{unblock}/approve", json={"reason": "agreed"})
        wait_for(lambda: school.status("ben", SITE) == 200, "approval", 5)
        terry.post(f"/api/v1/unblocks/{unblock}/revoke", json={"reason": "wrong class"})
        wait_for(lambda: status_or_cut(school) == 403, "revocation", 5)


def status_or_cut(school: School) -> int:
    """0: just this request was on its way when the site was shut, and was cut off."""
    try:
        return school.status("ben", SITE)
    except httpx2.RemoteProtocolError:
        return 0


@pytest.mark.parametrize("how", ["end", "revoke"])
def test_open_downloads_and_websockets_are_cut_when_the_lesson_is_over(school: School, how: str) -> None:
    school.set_time(TEN)
    with ExitStack() as stack, school.api("tess") as tess, school.api("terry") as terry:

        def held(connection: _Held) -> _Held:
            stack.callback(connection.close)
            return connection

        unblock = tess.post("/api/v1/unblocks", json=LESSON).json()["id"]
        terry.post(f"/api/v1/unblocks/{unblock}/approve", json={"reason": "agreed"})
        wait_for(lambda: school.status("ben", SITE) == 200, "the lesson to open", 5)
        download = held(_Held(school, "/download?bytes=4000000&slow=120"))
        websocket = held(_Held(school, "/ws", websocket=True))
        idle = held(_Held(school, "/"))
        assert not download.cut.wait(0.5)
        assert not websocket.cut.is_set()

        if how == "end":
            school.set_time(TEN + HOUR - timedelta(seconds=1))
            school.set_time(TEN + HOUR)
        else:
            terry.post(f"/api/v1/unblocks/{unblock}/revoke", json={"reason": "wrong class"})

        assert download.cut.wait(5)
        assert websocket.cut.wait(5)
        assert idle.asks_again() in (b"403", b"")
    assert download.received < 4_000_000
    wait_for(lambda: school.rows(outcome="cut"), "rows that say so")


@pytest.mark.parametrize(("site", "word"), [("adult.test", "locks"), ("illegal-example.test", "illegal")])
def test_a_locked_or_illegal_site_cannot_be_asked_for(any_school: School, site: str, word: str) -> None:
    with any_school.api("tess") as tess:
        answer = tess.post("/api/v1/unblocks", json={**LESSON, "sites": [site]})

    assert answer.status_code in (403, 409, 422)
    assert word in answer.text


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("ends_at", {"ends_at": "2026-11-24T09:30:00Z"}),
        ("reason", {"reason": " "}),
        ("sites", {"sites": ["co.uk"]}),
        ("sites", {"sites": ["10.0.0.0/8"]}),
        ("ends_at", {"ends_at": "2027-11-24T11:00:00Z"}),
    ],
)
def test_a_bad_request_is_refused_with_the_field_named(
    any_school: School, field: str, change: dict[str, object]
) -> None:
    with any_school.api("tess") as tess:
        answer = tess.post("/api/v1/unblocks", json={**LESSON, **change})

    assert answer.status_code == 422
    assert field in answer.text


def _changes(school: School) -> list[dict[str, str]]:
    with school.api("gail") as gail:
        found: list[dict[str, str]] = gail.get("/api/v1/changes", params={"limit": 200}).json()["rows"]
        return found


class _Held:
    """A connection of ben's through the proxy that stays open, and knows when it was cut."""

    def __init__(self, school: School, path: str, *, websocket: bool = False) -> None:
        self.received = 0
        self.cut = threading.Event()
        self._connection = self._tunnel(school)
        more = (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        )
        self._request = f"GET {path} HTTP/1.1\r\nHost: racism-history.test\r\n"
        self._send(more if websocket else "")
        first = self._connection.recv(4096)
        assert first.startswith(b"HTTP/1.1 101" if websocket else b"HTTP/1.1 200"), first[:200]
        self.received = len(first)
        if path != "/":
            threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        self._connection.close()

    def asks_again(self) -> bytes:
        """The status of another request on the same connection; empty when that was cut."""
        self._connection.settimeout(5)
        try:
            self._send("")
            while answer := self._connection.recv(65536):
                if b"HTTP/1.1 " in answer:
                    return answer.partition(b"HTTP/1.1 ")[2][:3]
        except OSError:
            pass
        return b""

    def _send(self, more: str) -> None:
        self._connection.sendall((self._request + more + "\r\n").encode())

    def _tunnel(self, school: School) -> ssl.SSLSocket:
        from base64 import b64encode

        plain = socket.create_connection(("127.0.0.1", school.port), timeout=20)
        credentials = b64encode(f"ben:{password_of('ben')}".encode()).decode()
        head = "CONNECT racism-history.test:443 HTTP/1.1\r\nHost: racism-history.test:443\r\n"
        plain.sendall(f"{head}Proxy-Authorization: Basic {credentials}\r\n\r\n".encode())
        answer = plain.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200"), answer
        context = ssl.create_default_context(cafile=school.ca)
        return context.wrap_socket(plain, server_hostname="racism-history.test")

    def _read(self) -> None:
        self._connection.settimeout(60)
        try:
            while data := self._connection.recv(65536):
                self.received += len(data)
        except OSError:
            pass
        self.cut.set()

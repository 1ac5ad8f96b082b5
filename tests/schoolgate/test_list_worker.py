"""The API has lists built by a child of its own, which never outlives it."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.filter_lists.list_server import ListServer, a_list_server
from tests.running import Demo, child_of, eventually, running_demo

WORKER = "filter_lists.worker"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ListServer]:
    with a_list_server(tmp_path, tls=False) as made:
        yield made


def begin(demo: Demo, address: str) -> None:
    """A lists.yaml with a list from that server is being built."""
    lists = demo.state / "config" / "lists.yaml"
    row = f"  feed: {{category: gambling, format: plain, source: '{address}'}}\n"
    lists.write_text(lists.read_text().replace("lists:\n", "lists:\n" + row, 1))
    answer = demo.ask_api("tess", "POST", "/lists/proposals", {"reason": "a list that is kept up"})
    assert answer.status_code == 202, answer.text


def is_gone(process: int) -> bool:
    status = Path(f"/proc/{process}/status")
    return not status.exists() or "zombie" in status.read_text()


def test_the_child_ends_with_the_api_and_nothing_comes_into_force(server: ListServer, tmp_path: Path) -> None:
    go = Event()
    address = server.say("/slow", b"HTTP/1.1 200 OK\r\n\r\n", b"slow.test\n", wait=lambda: go.wait(60))
    with running_demo(tmp_path / "state") as demo:
        before = demo.ask_api("cora", "GET", "/lists").json()["generation"]
        begin(demo, address)
        eventually(lambda: server.seen, bool)
        worker = child_of(child_of(demo.process.pid, "api"), WORKER)
        told = demo.ask_api("cora", "GET", "/lists/updates/current").json()
        assert told["state"] == "running"
        assert demo.get("https://bets.test/").status == 403
    eventually(lambda: is_gone(worker), bool, 10)
    go.set()

    with running_demo(tmp_path / "state") as demo:
        assert demo.ask_api("cora", "GET", "/lists").json()["generation"] == before

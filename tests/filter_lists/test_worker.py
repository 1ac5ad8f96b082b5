"""An update in a child process: it does as told, tells how far it is, and never outlives who asked."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from filter_lists.orders import Order, Progress
from filter_lists.worker_client import WorkerError, run_worker
from tests.filter_lists.list_server import ListServer, a_list_server

MONDAY = datetime(2027, 3, 1, 6, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ListServer]:
    with a_list_server(tmp_path) as running:
        yield running


@pytest.fixture
def stuck(server: ListServer) -> Iterator[str]:
    """The address of a list that comes half and then no further, until the test ends."""
    ended = threading.Event()
    yield server.say("/stuck", HEAD + b"bet.example\n", wait=lambda: ended.wait(60))
    ended.set()


def an_order(folder: Path, server: ListServer, url: str) -> Order:
    text = f"lists:\n  bets: {{source: '{url}', format: plain, category: gambling}}\n"
    return Order(text, folder, folder / "state", None, None, MONDAY, server.ca)


def children() -> list[psutil.Process]:
    """Workers of ours: the tests have other processes too, and keep some of them."""
    found = psutil.Process().children(recursive=True)
    return [each for each in found if each.is_running() and "filter_lists.worker" in each.cmdline()]


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_update_is_done_by_a_child_that_tells_how_far_it_is(tmp_path: Path, server: ListServer) -> None:
    before = children()
    told: list[str] = []
    outcome = run_worker(
        an_order(tmp_path, server, server.put("/bets", "bet.example\n")), lambda each: told.append(each.stage)
    )
    assert outcome.faults == ()
    assert [each.result for each in outcome.lists] == ["fetched"]
    assert (tmp_path / "state" / "lists" / str(outcome.generation)).is_dir()
    assert {"fetching bets", "reading", "names"} <= set(told)
    assert children() == before


def test_the_child_is_polite_and_gets_no_secret_of_ours(
    tmp_path: Path, server: ListServer, stuck: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, dict[str, str]]] = []

    def look(progress: Progress) -> None:
        if progress.stage == "fetching bets":
            (child,) = children()
            seen.append((child.nice(), child.environ()))
            child.kill()

    monkeypatch.setenv("SCHOOLGATE_DATABASE_URL", "postgresql://me:owls@127.0.0.1/")
    with pytest.raises(WorkerError, match="-9"):
        run_worker(an_order(tmp_path, server, stuck), look)
    ((nice, environ),) = seen
    assert nice >= 10
    assert not [value for value in environ.values() if "owls" in value]


def test_whoever_loses_interest_ends_the_child(tmp_path: Path, server: ListServer, stuck: str) -> None:
    before = children()

    def enough(progress: Progress) -> None:
        if progress.stage == "fetching bets":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_worker(an_order(tmp_path, server, stuck), enough)
    assert children() == before


def test_an_update_that_is_killed_half_way_leaves_what_was_there(
    tmp_path: Path, server: ListServer, stuck: str
) -> None:
    order = an_order(tmp_path, server, server.put("/bets", "bet.example\n"))
    first = run_worker(order)
    server.pages["/bets"] = server.pages["/stuck"]

    def kill(progress: Progress) -> None:
        if progress.stage == "fetching bets":
            children()[0].kill()

    with pytest.raises(WorkerError):
        run_worker(replace(order, fetch=("bets",)), kill)

    again = run_worker(replace(order, fetch=(), base=first.generation))
    assert (again.generation, again.faults) == (first.generation, ())
    left = {path.name for path in (tmp_path / "state" / "list-sources").iterdir()}
    assert left == {".lock", "bets"}
    assert len(list((tmp_path / "state" / "list-sources" / "bets").iterdir())) == 2


def test_one_update_waits_for_another(tmp_path: Path, server: ListServer, stuck: str) -> None:
    order = an_order(tmp_path, server, stuck)
    waiting: list[str] = []

    def second() -> None:
        run_worker(replace(order, fetch=()), lambda each: waiting.append(each.stage))

    def first(progress: Progress) -> None:
        if progress.stage == "fetching bets":
            other.start()
            wait_until(lambda: waiting)
            time.sleep(0.5)
            assert waiting == ["waiting for another update"]
            raise KeyboardInterrupt

    other = threading.Thread(target=second)
    with pytest.raises(KeyboardInterrupt):
        run_worker(order, first)
    other.join()
    assert "taking lists" in waiting


def test_when_whoever_asked_is_killed_the_child_ends_too(
    tmp_path: Path, server: ListServer, stuck: str
) -> None:
    program = (
        "import json, sys\n"
        "from filter_lists.orders import Order\n"
        "from filter_lists.worker_client import run_worker\n"
        "run_worker(Order.from_json(json.loads(sys.argv[1])))\n"
    )
    told = json.dumps(an_order(tmp_path, server, stuck).to_json())
    parent = subprocess.Popen([sys.executable, "-c", program, told], cwd=ROOT)
    wait_until(lambda: server.headers("/stuck"))
    (child,) = psutil.Process(parent.pid).children()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def a_worker(line: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "filter_lists.worker"]
    return subprocess.run(command, input=line, capture_output=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("line", [b"", b"\n", b"[]\n", b"{}\n", b"update\n", b'{"text": ""}\n', b"\xff\n"])
def test_what_is_no_order_is_refused(line: bytes) -> None:
    done = a_worker(line)
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"not an order\n")


def test_an_update_that_breaks_says_where_and_not_what(tmp_path: Path, server: ListServer) -> None:
    """The words of an exception could be an entry of a list that nobody may read."""
    order = an_order(tmp_path, server, server.put("/bets", "bet.example\n"))
    with pytest.raises(WorkerError) as caught:
        run_worker(replace(order, base=5))  # type: ignore[arg-type]  # what makes it break
    assert caught.value.code == 3
    assert caught.value.says.endswith("TypeError")
    assert 'File "' in caught.value.says

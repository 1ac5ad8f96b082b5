"""`schoolgate log`: lists, exports and tails, as a signed-in person and against a real server."""

import json
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from audit_log.db import writing
from audit_log.sessions import end_sessions_of
from tests.audit_api.logged import a_row, seal_up_to, store
from tests.audit_api.school import School, build_school, copy_of
from tests.audit_api.served import served
from tests.builders import NOON
from tests.running import ROOT, Done, clean_environ, cli

BROKEN = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nExport-Event: 7\r\nExport-Rows: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nid\r\n1\r\n"
)
Log = Callable[..., Done]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("log") / "state"
    build_school(state)
    return state


@pytest.fixture
def school(template: Path, tmp_path: Path) -> Iterator[School]:
    desk = copy_of(template, tmp_path / "state")
    made = School(desk)
    anna = made.person("anna")
    rows = [a_row(anna, NOON - timedelta(seconds=i), opened_in=1, host=f"h{i}.bet.test") for i in range(40)]
    store(desk.engine, rows)
    seal_up_to(desk.engine, 1)
    yield made
    desk.engine.dispose()


@pytest.fixture
def environ(school: School, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Cora has signed in."""
    with served(school) as address:
        yield session_of(address, school.token("cora")[0], tmp_path)


def session_of(address: str, token: str, folder: Path) -> dict[str, str]:
    file = folder / "session.json"
    file.write_text(json.dumps({"api": address, "username": "cora", "token": token}))
    return {"SCHOOLGATE_SESSION_FILE": str(file)}


@pytest.fixture
def log(environ: dict[str, str]) -> Log:
    return lambda *words: cli("log", *words, environ=environ)


def test_the_list_takes_the_filters_of_the_api(log: Log) -> None:
    found = log("list", "--host", "h3.bet.test", "--host-alone", "--parts", "--json")

    assert [row["host"] for row in json.loads(found.stdout)["rows"]] == ["h3.bet.test"]
    assert log("search", "--until", "2026-11-24T11:59:30Z", "--limit", "3").stdout.startswith("AT ")
    assert "a pupil of 6B" in log("search", "--to", "2026-11-24T11:59:30Z").stdout
    refused = log("list", "--search-terms", "x")
    assert (refused.returncode, "purpose" in refused.stderr) == (1, True)


def test_an_export_is_a_file_that_is_whole(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    done = log("export", "--format", "csv", "--to", str(file))

    assert done.returncode == 0, done.stderr
    assert "40 rows in" in done.stderr
    assert len(file.read_text().splitlines()) == 41
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*.part")] == []
    again = log("export", "--to", str(file))
    assert (again.returncode, "is there already" in again.stderr) == (1, True)


def test_an_export_goes_to_stdout_too(log: Log) -> None:
    done = log("export", "--format", "jsonl", "--to", "-", "--person", "anna", "--purpose", "a worry")

    assert {json.loads(line)["who"] for line in done.stdout.splitlines()} == {"Anna Akhtar"}
    assert "Entry" in done.stderr


def test_an_export_says_to_programs_what_it_is(log: Log, tmp_path: Path) -> None:
    told = json.loads(log("export", "--to", str(tmp_path / "x.csv"), "--json").stdout)

    file = str(tmp_path / "x.csv")
    assert told == {"event": told["event"], "rows": 40, "announced": 40, "file": file}


def test_wrong_usage_of_an_export_ends_with_two(log: Log) -> None:
    assert log("export", "--format", "xml").returncode == 2


def test_an_export_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    with broken_server() as address:
        environ = session_of(address, "x", tmp_path)
        done = cli("log", "export", "--to", str(tmp_path / "rows.csv"), environ=environ)

    assert done.returncode == 1
    assert "broke off" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


@pytest.mark.parametrize(("names", "told"), [("yes", True), ("no", False)])
def test_an_export_by_name_says_when_fewer_rows_came_than_there_were(
    tmp_path: Path, names: str, *, told: bool
) -> None:
    begun = BROKEN.partition(b"Transfer-Encoding")[0] + f"Export-Names: {names}\r\n".encode()
    with broken_server(begun + b"Content-Length: 8\r\n\r\na\r\n1\r\n2\n") as address:
        environ = session_of(address, "x", tmp_path)
        done = cli("log", "export", "--to", str(tmp_path / "rows.csv"), environ=environ)

    assert done.returncode == 0, done.stderr
    assert "2 rows in" in done.stderr
    assert ("There were 3 when it began" in done.stderr) is told


@contextmanager
def broken_server(answered: bytes = BROKEN) -> Iterator[str]:
    """It begins an export and goes away."""
    with socket.create_server(("127.9.0.3", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65536)
                client.sendall(answered)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.9.0.3:{server.getsockname()[1]}"
        thread.join()


@contextmanager
def tailing(environ: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "schoolgate", "log", "tail", *words],
        cwd=ROOT,
        env=clean_environ({"PYTHONPATH": str(ROOT), **environ}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    assert "Watching" in process.stderr.readline()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def comes(school: School, seal: int) -> None:
    row = a_row(school.person("anna"), NOON + timedelta(seconds=seal), opened_in=seal)
    store(school.desk.engine, [row])
    seal_up_to(school.desk.engine, seal)


def test_a_tail_shows_rows_as_they_come_until_it_is_stopped(school: School, environ: dict[str, str]) -> None:
    with tailing(environ) as process:
        assert process.stdout
        comes(school, 2)
        assert process.stdout.readline().startswith("AT ")
        assert "a pupil of 6B" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_a_tail_that_is_cut_off_says_so(school: School, environ: dict[str, str]) -> None:
    with tailing(environ, "--json") as process:
        assert process.stdout
        comes(school, 2)
        assert json.loads(process.stdout.readline())["who"] == "a pupil of 6B"
        with writing(school.desk.engine) as conn:
            end_sessions_of(conn, school.person("cora").id, NOON)
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "may not read this any more" in errors

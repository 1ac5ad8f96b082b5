"""When things go wrong: nothing recorded is lost, nothing is let by unrecorded, nobody by unfiltered."""

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from audit_log.db import migrate
from tests.system.school import School, a_school, wait_for

pytestmark = pytest.mark.system


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with a_school(tmp_path / "state") as made:
        yield made


def _browse_until_cut(school: School, prefix: str, answered: list[str]) -> None:
    """Keep asking on one connection; remember each URL that was answered, whatever the answer."""
    host = "school-books.test" if prefix.endswith("0") else "bets.test"
    with httpx2.Client(proxy=school.proxy("ben"), trust_env=False, timeout=20) as client:
        for number in range(100_000):
            url = f"http://{host}/{prefix}/{number}"
            try:
                client.get(url)
            except httpx2.HTTPError:
                return
            answered.append(url)


def _killed_under_load(school: School, round_: int) -> list[str]:
    answered: list[str] = []
    crowd = [
        threading.Thread(target=_browse_until_cut, args=(school, f"r{round_}c{i}", answered))
        for i in range(6)
    ]
    for each in crowd:
        each.start()
    wait_for(lambda: len(answered) > 100, "some answers")
    school.stop_gate(signal.SIGKILL)
    for each in crowd:
        each.join(30)
    school.start_gate()
    return answered


def _every_answer_is_recorded(school: School, rounds: int) -> None:
    answered = [url for round_ in range(rounds) for url in _killed_under_load(school, round_)]

    def missing() -> set[str]:
        return set(answered) - {row["url"] for row in school.rows(kind="request")}

    wait_for(lambda: not missing(), "all rows", 30)
    urls = [row["url"] for row in school.rows(kind="request")]
    assert len(urls) == len(set(urls))
    wait_for(lambda: not school.rows(kind="request", outcome=None), "the ends of the cut ones", 30)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_every_answered_request_is_in_the_log_after_kill_9_under_load(
    school: School, torture_rounds: int
) -> None:
    _every_answer_is_recorded(school, torture_rounds)


def test_browsing_goes_on_while_sql_is_away_and_the_rows_arrive_later_once(school: School) -> None:
    """The database file is moved away, as a server that is shut down; a test has no minute to wait."""
    assert school.status("ben", "http://school-books.test/before") == 200
    wait_for(lambda: school.rows(url="http://school-books.test/before"), "the first row")
    school.desk.engine.dispose()
    away = school.state / "away"
    away.mkdir()
    for path in school.state.glob("schoolgate.sqlite*"):
        shutil.move(path, away / path.name)
    (school.state / "schoolgate.sqlite").mkdir()  # nothing can be opened, nothing made in its place

    urls = [f"http://school-books.test/during/{number}" for number in range(20)]
    assert {school.status("ben", url) for url in urls} == {200}

    (school.state / "schoolgate.sqlite").rmdir()
    for path in away.iterdir():
        shutil.move(path, school.state / path.name)
    migrate(school.desk.engine)
    wait_for(lambda: {row["url"] for row in school.rows()} >= set(urls), "the rows", 60)
    kept = [row["url"] for row in school.rows(kind="request") if row["url"] in urls]
    assert sorted(kept) == sorted(urls)


def test_a_damaged_bundle_leaves_the_old_policy_in_force(school: School) -> None:
    """The gate refuses it, if it sees it at all before the publisher has put it right."""
    folder = school.state / "bundle"
    name = (folder / "current").read_text()
    (folder / ("0" * 64)).write_bytes(b"{}")
    (folder / "current").write_text("0" * 64)

    for _ in range(5):
        assert school.status("ben", "http://bets.test/") == 403
    wait_for(lambda: (folder / "current").read_text() == name, "the publisher to put it right")

    assert school.status("ben", "http://school-books.test/") == 200
    assert school.status("ben", "http://bets.test/") == 403


def test_without_a_bundle_nothing_is_let_by(school: School) -> None:
    school.stop_gate()
    shutil.rmtree(school.state / "bundle")
    (school.state / "bundle").write_text("")  # a file in the way: nor can another be published
    school.start_gate()

    assert school.status("ben", "http://school-books.test/") == 503
    assert school.seen("school-books.test") == 0


def test_a_journal_that_cannot_be_written_closes_the_gate(school: School) -> None:
    """The disk is full: a limit on the size of files stands for it, since root writes where others cannot."""
    import resource

    assert school.status("ben", "http://school-books.test/") == 200
    before = school.seen("school-books.test")
    assert school.gate is not None
    resource.prlimit(school.gate.pid, resource.RLIMIT_FSIZE, (0, 0))

    assert school.status("ben", "http://school-books.test/") == 503
    assert school.seen("school-books.test") == before


def test_a_drained_gate_finishes_what_is_open_and_leaves_with_zero(school: School) -> None:
    answers: list[int] = []
    slow = threading.Thread(
        target=lambda: answers.append(
            school.status("ben", "http://school-books.test/download?bytes=30&slow=2")
        )
    )
    slow.start()
    wait_for(lambda: school.seen("school-books.test") == 1, "the request to arrive")

    assert school.stop_gate(signal.SIGTERM) == 0
    slow.join(20)
    assert answers == [200]


def test_a_seal_that_was_edited_is_named(school: School) -> None:
    import pysqlite3

    with school.api("gail") as gail:
        whole = gail.get("/api/v1/changes/verify").json()
        assert (whole["whole"], whole["first_bad"]) == (True, None)
        edited = pysqlite3.connect(str(school.state / "schoolgate.sqlite"), timeout=20)
        names = edited.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            edited.execute(f"DROP TRIGGER {name}")
        edited.execute("UPDATE change_log SET entry = entry || ' ' WHERE seq = 2")
        edited.commit()
        edited.close()

        found = gail.get("/api/v1/changes/verify").json()

    assert (found["whole"], found["first_bad"], found["entries"]) == (False, 2, whole["entries"])
    assert "2" in found["says"]


def test_the_governor_reads_the_log_without_names(school: School) -> None:
    school.browse("ben", "http://school-books.test/shelf/9")
    wait_for(lambda: school.rows(host="school-books.test"), "the row")
    ben = school.actor("ben").person_id

    with school.api("gail") as gail:
        answer = gail.get("/api/v1/filtering-log")

    assert answer.status_code == 200
    assert answer.json()["rows"]
    for secret in ("ben", ben, "127.0.0.1", "/shelf/9"):
        assert secret not in answer.text


def test_the_gate_keeps_no_more_files_open_than_it_needs(school: School) -> None:
    assert school.gate is not None
    for _ in range(30):
        school.status("ben", "http://school-books.test/")

    assert len(os.listdir(f"/proc/{school.gate.pid}/fd")) < 100

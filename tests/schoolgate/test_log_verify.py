"""`schoolgate log verify` and `schoolgate log retention`: for whoever oversees."""

import json

from tests.running import Demo
from tests.schoolgate.conftest import Session


def test_every_row_is_read_again_and_the_verdict_is_told(demo: Demo, session: Session) -> None:
    done = demo.cli("log", "verify", session=session("gordon"))

    assert done.returncode == 0, done.stderr
    assert "reading the rows" in done.stderr
    assert "rows are as they were sealed" in done.stderr
    assert done.stdout == ""


def test_one_day_can_be_verified_for_a_program(demo: Demo, session: Session) -> None:
    done = demo.cli("log", "verify", "--day", "2026-01-01", "--json", session=session("gordon"))

    found = json.loads(done.stdout)
    assert (found["whole"], found["rows"], found["faults"]) == (True, 0, [])


def test_a_day_that_is_none_is_named(demo: Demo, session: Session) -> None:
    done = demo.cli("log", "verify", "--day", "soon", session=session("gordon"))

    assert done.returncode == 1
    assert "day" in done.stderr


def test_what_is_kept_how_long_is_a_table(demo: Demo, session: Session) -> None:
    done = demo.cli("log", "retention", session=session("gordon"))
    found = json.loads(demo.cli("log", "retention", "--json", session=session("gordon")).stdout)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("KEEP")
    assert "legal holds:" in done.stdout
    assert {each["keep"] for each in found["kept"]} >= {"everyone"}


def test_the_change_log_says_that_it_reads_no_rows(demo: Demo, session: Session) -> None:
    done = demo.cli("changes", "verify", session=session("gordon"))

    assert done.returncode == 0
    assert "its rows were not read" in done.stderr

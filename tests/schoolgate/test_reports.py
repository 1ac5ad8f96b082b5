"""`schoolgate reports month`: sentences and tables on the terminal, the same as JSON and CSV."""

import json

from tests.running import Demo
from tests.schoolgate.conftest import Session


def test_a_month_is_told_in_sentences_and_tables(demo: Demo, session: Session) -> None:
    done = demo.cli("reports", "month", session=session("gordon"))

    assert done.returncode == 0, done.stderr
    assert "these are the figures so far" in done.stdout
    assert "\nNAME " in done.stdout
    assert "\nSITE " in done.stdout


def test_programs_get_it_as_json_and_spreadsheets_as_csv(demo: Demo, session: Session) -> None:
    told = json.loads(demo.cli("reports", "month", "--json", session=session("gordon")).stdout)
    csv = demo.cli("reports", "month", "--month", told["before"], "--csv", session=session("gordon")).stdout

    assert {"kinds", "groups", "sites", "silent_hours"} <= told.keys()
    assert csv.startswith('"table","name","figure","value","month_before"')


def test_a_month_that_is_none_is_refused_with_the_reason(demo: Demo, session: Session) -> None:
    done = demo.cli("reports", "month", "--month", "soon", session=session("gordon"))

    assert done.returncode == 1
    assert "month: a month like 2026-11 is needed" in done.stderr

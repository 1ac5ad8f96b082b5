"""Of the doctor: the people without whom nothing can be agreed on."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from audit_log.db import open_engine, writing
from audit_log.people import change_person, person_by_username
from schoolgate.doctor_people import who_there_is
from schoolgate.finding import Finding
from schoolgate.settings import load_settings
from tests.running import ROOT


def found(state: Path) -> dict[str, Finding]:
    settings = replace(load_settings(ROOT / "config", {}), state=state)
    return {each.check: each for each in who_there_is(settings)}


def test_a_new_school_is_told_whom_it_still_needs(founded: Path) -> None:
    told = found(founded)

    assert all(each.fit for each in told.values())
    assert told["two approvers"].says == "2 may agree to changes, 1 of them have enrolled"
    assert {check for check, each in told.items() if each.warns} == {
        *("two approvers", "second factor", "governor"),
    }
    assert not told["safeguarding lead"].warns


def test_one_approver_alone_is_a_finding(founded: Path, tmp_path: Path) -> None:
    shutil.copytree(founded, tmp_path / "state")
    engine = open_engine(f"sqlite:///{tmp_path / 'state' / 'schoolgate.sqlite'}")
    with writing(engine) as conn:
        tess = person_by_username(conn, "tess")
        assert tess is not None
        change_person(conn, tess.id, suspended_from=datetime(2026, 1, 1, tzinfo=UTC))
    engine.dispose()

    assert not found(tmp_path / "state")["two approvers"].fit


def test_before_the_founding_nothing_is_said(tmp_path: Path) -> None:
    assert found(tmp_path) == {}

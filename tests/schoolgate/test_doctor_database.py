"""Of the doctor: a database that lost its guards, and a change log that somebody edited."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from audit_log.db import open_engine
from schoolgate import doctor_database
from schoolgate.settings import Settings, load_settings
from tests.change_control.put_back import cut_back
from tests.running import ROOT
from tests.schoolgate.conftest import At


@pytest.fixture
def settings(founded: Path, tmp_path: Path) -> Settings:
    state = shutil.copytree(founded, tmp_path / "state")
    return load_settings(ROOT / "config", {"SCHOOLGATE_STATE": str(state)})


def said(settings: Settings, *statements: str) -> None:
    engine = open_engine(settings.database)
    with engine.connect() as conn, conn.begin():
        for statement in statements:
            conn.execute(text(statement))
    engine.dispose()


def test_a_founded_school_has_its_guards_and_a_whole_log(settings: Settings) -> None:
    (shape,) = doctor_database.tables_and_guards(settings)
    (log,) = doctor_database.change_log(settings)
    (floor,) = doctor_database.floor(settings)

    assert (shape.word, log.word, floor.word) == ("ok", "ok", "ok")


def test_a_machine_without_a_database_has_neither_and_gets_none(tmp_path: Path) -> None:
    empty = load_settings(ROOT / "config", {"SCHOOLGATE_STATE": str(tmp_path / "none")})

    assert list(doctor_database.tables_and_guards(empty)) == []
    assert list(doctor_database.change_log(empty)) == []
    assert not (tmp_path / "none").exists()


def test_guards_and_tables_that_are_gone_are_named(at: At, settings: Settings) -> None:
    """Though the version of the database is the newest."""
    said(settings, "DROP TRIGGER change_log_no_update", "DROP TABLE second_factor")

    done = at(settings.state, "doctor")

    assert done.returncode == 1
    assert "FAIL  tables and guards: the table second_factor is missing; the guard" in done.stderr
    assert "change_log_no_update is missing" in done.stderr


def test_a_role_that_nobody_agreed_on_breaks_the_log(settings: Settings) -> None:
    said(settings, "UPDATE person SET role = 'governor' WHERE username = 'tess'")

    (log,) = doctor_database.change_log(settings)

    assert not log.fit


def test_an_entry_that_was_edited_is_named(settings: Settings) -> None:
    guard = "change_log_no_update"
    said(settings, f"DROP TRIGGER {guard}", "UPDATE change_log SET entry = '{}' WHERE seq = 1")

    (log,) = doctor_database.change_log(settings)

    assert (log.fit, log.says) == (
        False,
        "Entry 1 is not what was sealed: its contents were changed.",
    )


def test_a_log_too_long_to_be_read_here_is_left_to_another_command(settings: Settings) -> None:
    (log,) = doctor_database.change_log(settings, patience=0.0)

    assert (log.word, "schoolgate changes verify" in log.says) == ("note", True)


def test_a_check_that_cannot_be_made_says_so(settings: Settings) -> None:
    missing = replace(settings, database_url=f"sqlite:///{settings.state}")

    with pytest.raises(Exception, match="unable to open database file"):
        list(doctor_database.change_log(missing))


def test_a_log_that_was_cut_back_is_whole_and_below_what_was_seen(settings: Settings) -> None:
    engine = open_engine(settings.database)
    cut_back(engine, 1)
    engine.dispose()

    (floor,) = doctor_database.floor(settings)

    assert not floor.fit
    assert "which this server has seen" in floor.says


def test_what_is_kept_of_the_log_may_be_missing_or_damaged(settings: Settings) -> None:
    kept = settings.state / "floor" / "seen"
    content = kept.read_bytes()
    kept.unlink()
    (missing,) = doctor_database.floor(settings)
    kept.write_bytes(content[1:])
    (damaged,) = doctor_database.floor(settings)

    assert (missing.word, damaged.word) == ("ok", "FAIL")
    assert "nothing is kept yet" in missing.says

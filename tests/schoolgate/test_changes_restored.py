"""`schoolgate changes restored`: on the server, without anybody who is signed in."""

import json
import shutil
from pathlib import Path

import pytest

from schoolgate import doctor_database
from schoolgate.settings import Settings, load_settings
from schoolgate.wiring import open_desk, utc_now
from tests.change_control.factored import with_factor
from tests.change_control.put_back import older, put_back
from tests.running import ROOT
from tests.schoolgate.conftest import At

WHY = ("--reason", "the disk broke")


@pytest.fixture
def rolled_back(founded: Path, tmp_path: Path) -> Settings:
    """Tess set up a second factor, and then came the backup from before that."""
    state = shutil.copytree(founded, tmp_path / "state")
    settings = load_settings(ROOT / "config", {"SCHOOLGATE_STATE": str(state)})
    desk = open_desk(settings)
    backup = older(desk, tmp_path / "backup")
    with_factor(desk, "tess", utc_now())
    put_back(desk, backup)
    desk.engine.dispose()
    return settings


def test_it_says_what_is_lost_and_changes_nothing_before_somebody_says_yes(
    at: At, rolled_back: Settings
) -> None:
    asked = at(rolled_back.state, "changes", "restored", *WHY)
    refused = at(rolled_back.state, "changes", "restored", *WHY, "--yes")

    (floor,) = doctor_database.floor(rolled_back)
    assert not floor.fit
    assert (asked.returncode, refused.returncode) == (1, 1)
    assert "What came after is lost." in asked.stderr
    assert "tess signs in no more until two others agree on a new code" in asked.stderr
    assert "let in some of: tess" in refused.stderr


def test_it_goes_on_with_the_database_and_lets_in_who_is_named(at: At, rolled_back: Settings) -> None:
    done = at(rolled_back.state, "changes", "restored", *WHY, "--yes", "--let-in", "tess", "--json")
    again = at(rolled_back.state, "changes", "restored", *WHY, "--yes")

    assert done.returncode == 0, done.stderr
    detail = json.loads(done.stdout)
    assert (detail["shut_out"], len(detail["let_in"])) == ([], 1)
    assert "every gate anew" in done.stderr
    (floor,) = doctor_database.floor(rolled_back)
    (log,) = doctor_database.change_log(rolled_back)
    assert (floor.word, log.word) == ("ok", "ok")
    assert again.returncode == 1
    assert "nothing to do" in again.stderr

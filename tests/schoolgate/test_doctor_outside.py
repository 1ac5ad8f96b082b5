"""Doctor on checkpoints: whether the folder that they go to is there, and the last one not old."""

import os
import time
from pathlib import Path

from schoolgate.doctor_outside import checkpoints
from schoolgate.finding import Finding
from schoolgate.settings import load_settings


def examined(tmp_path: Path, folder: Path | None = None) -> Finding:
    environ = {"SCHOOLGATE_STATE": str(tmp_path / "state")}
    if folder is not None:
        environ["SCHOOLGATE_CHECKPOINTS"] = str(folder)
    (found,) = checkpoints(load_settings(tmp_path / "config", environ))
    return found


def delivered(folder: Path, hours_ago: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "checkpoint-2026-11-24-207.txt"
    path.write_text("a note\n")
    when = time.time() - hours_ago * 3600
    os.utime(path, (when, when))


def test_a_school_that_has_not_run_yet_has_no_fault(tmp_path: Path) -> None:
    assert examined(tmp_path).fit
    assert "is not there yet" in examined(tmp_path).says


def test_a_folder_that_the_school_named_must_be_there_and_hold_one(tmp_path: Path) -> None:
    share = tmp_path / "share"
    assert not examined(tmp_path, share).fit
    share.mkdir()
    (share / "notes.txt").write_text("of the office")
    assert not examined(tmp_path, share).fit
    delivered(share, 1)
    assert examined(tmp_path, share).fit


def test_a_last_checkpoint_older_than_26_hours_is_a_finding(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "checkpoints"
    delivered(folder, 25.9)
    assert examined(tmp_path).fit
    delivered(folder, 26.1)
    assert not examined(tmp_path).fit
    assert "checkpoint-2026-11-24-207.txt" in examined(tmp_path).says

"""Signing in and out on the command line."""

from pathlib import Path

from tests.running import Demo
from tests.schoolgate.conftest import Session


def test_without_signing_in_nothing_is_read_or_changed(demo: Demo, tmp_path: Path) -> None:
    done = demo.cli("unblocks", "list", session=tmp_path / "none.json")

    assert done.returncode == 1
    assert "schoolgate login" in done.stderr


def test_a_wrong_password_signs_nobody_in(demo: Demo, tmp_path: Path) -> None:
    words = ("login", "--username", "nora", "--api", demo.api, "--password-stdin")

    done = demo.cli(*words, session=tmp_path / "s.json", given="not-the-password\n")

    assert done.returncode == 1
    assert "Wrong user name or password" in done.stderr
    assert not (tmp_path / "s.json").exists()


def test_signing_out_ends_the_session_everywhere(demo: Demo, session: Session, tmp_path: Path) -> None:
    mine = session("hilda")
    copy = tmp_path / "copy.json"
    copy.write_text(mine.read_text())

    assert demo.cli("logout", session=mine).returncode == 0

    assert not mine.exists()
    assert "Sign in" in demo.cli("unblocks", "list", session=copy).stderr


def test_an_api_that_does_not_answer_is_told_so(demo: Demo, tmp_path: Path) -> None:
    words = ("login", "--username", "nora", "--api", "http://127.0.0.1:1", "--password-stdin")

    done = demo.cli(*words, session=tmp_path / "s.json", given="x\n")

    assert done.returncode == 1
    assert "Is it running? schoolgate run" in done.stderr

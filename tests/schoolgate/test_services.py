"""The command line as a whole: data on stdout, messages on stderr, exit codes as promised; and `init`."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from schoolgate.__main__ import main
from tests.running import ROOT, clean_environ, cli
from tests.schoolgate.conftest import At


def test_help_says_what_there_is_and_what_the_exit_codes_mean() -> None:
    done = cli("--help")

    assert done.returncode == 0
    assert "0 done, 1 failed, 2 wrong usage, 3 blocked" in " ".join(done.stdout.split())
    for noun in ("unblocks", "policy", "people", "lists", "log", "changes", "explain", "doctor", "demo"):
        assert f"  {noun}" in done.stdout


def test_start_up_imports_none_of_the_heavy_rooms() -> None:
    heavy = {"mitmproxy", "sqlalchemy", "fastapi", "httpx2", "cryptography", "structlog"}
    look = f"import sys, schoolgate.cli; sys.stdout.write(repr({heavy!r} & set(sys.modules)))"
    command = [sys.executable, "-c", look]

    done = subprocess.run(command, cwd=ROOT, env=clean_environ(), capture_output=True, text=True, check=True)

    assert done.stdout == "set()"


def test_wrong_usage_is_2_and_failure_is_1(at: At, tmp_path: Path) -> None:
    assert cli("explain").returncode == 2
    assert cli("no-such-noun").returncode == 2
    assert at(tmp_path / "empty", "explain", "--user", "a", "--url", "b.example").returncode == 1


def test_a_setting_that_is_wrong_stops_a_command_with_every_fault() -> None:
    done = cli("run", environ={"SCHOOLGATE_PROXY_PORT": "many", "SCHOOLGATE_GATE": "A B"})

    assert (done.returncode, done.stdout) == (1, "")
    assert "SCHOOLGATE_PROXY_PORT" in done.stderr
    assert "SCHOOLGATE_GATE" in done.stderr
    assert "Traceback" not in done.stderr


def test_init_twice_refuses_and_changes_nothing(at: At, founded: Path) -> None:
    before = {path: path.read_bytes() for path in (founded / "enrolment").iterdir()}

    again = at(founded, "init", "--first", "mallory:Mallory:headteacher")

    assert again.returncode == 1
    assert "founded already" in again.stderr
    assert {path: path.read_bytes() for path in (founded / "enrolment").iterdir()} == before
    assert at(founded, "init", "--if-needed").returncode == 0


def test_init_tells_where_the_codes_are_and_not_what_they_are(at: At, tmp_path: Path) -> None:
    done = at(tmp_path / "state", "init", "--json")
    codes = {name: Path(path) for name, path in json.loads(done.stdout)["codes"].items()}

    assert set(codes) == {"technician", "coordinator"}
    for path in codes.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().strip() not in done.stdout + done.stderr


def test_what_cannot_be_done_is_said_in_this_process_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SCHOOLGATE_STATE", str(tmp_path / "none"))
    monkeypatch.setattr(sys, "argv", ["schoolgate", "lists", "status"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert "schoolgate init" in capsys.readouterr().err

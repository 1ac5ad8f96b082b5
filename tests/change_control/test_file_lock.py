import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from change_control.file_lock import holding
from tests.running import ROOT, clean_environ

HOLDS = """
import sys
from pathlib import Path
from change_control.file_lock import holding
with holding(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def another_holder(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)],
        env=clean_environ({"PYTHONPATH": str(ROOT)}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_another_process_waits_until_it_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with holding(path):
        other = another_holder(path)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1)
    with other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        assert other.stdin
        other.stdin.close()
    assert other.returncode == 0
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_one_that_dies_lets_go(tmp_path: Path) -> None:
    with another_holder(tmp_path / "lock") as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        other.kill()
        with holding(tmp_path / "lock"):
            assert other.wait(60) < 0

"""What continuous integration insists on."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, clean_environ

TESTS = """
import pytest

def test_with_a_tool():
    pytest.skip("needs strace (Debian: strace)")

@pytest.mark.system
def test_a_story_that_is_told():
    pytest.skip("too much for this machine")

def test_with_what_is_not_ours():
    pytest.skip("the corpus is not beside this repository")
"""


def test_what_one_program_compiled_the_next_finds(tmp_path: Path) -> None:
    (tmp_path / "found.py").write_text("")
    command = [sys.executable, "-c", "import found; print(found.__cached__)"]

    told = subprocess.run(
        command, cwd=tmp_path, env=clean_environ(), capture_output=True, text=True, check=True
    )

    assert Path(told.stdout.strip()).is_file()


@pytest.mark.parametrize(
    ("environ", "came_out"), [({}, "3 skipped"), ({"SCHOOLGATE_CI": "1"}, "2 failed, 1 skipped")]
)
def test_nothing_is_left_out_there_for_want_of_a_tool(
    tmp_path: Path, environ: dict[str, str], came_out: str
) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = system: a story\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        str(tmp_path),
    ]
    env = clean_environ({"PYTHONPATH": str(ROOT), **environ})

    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert came_out in done.stdout, done.stdout + done.stderr

"""tools/find-python: finds a Python that is new enough, or says plainly what is missing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FINDER = Path(__file__).parents[2] / "tools" / "find-python"
NEEDED = ("sh", "ls", "sort", "cat")


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A machine with a shell and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(shutil.which(name) or "/nonexistent")
    return folder


def find(bin_folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(bin_folder), "HOME": str(bin_folder), **environ}
    shell = str(bin_folder / "sh")
    return subprocess.run([shell, str(FINDER)], env=env, capture_output=True, text=True, check=False)


def a_python(path: Path, version: str) -> None:
    """Answers as that version does; the real one for one that is new enough."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = version < "3.12"
    path.write_text(f'#!/bin/sh\n{"exit 1" if old else f"exec {sys.executable} "}"$@"\n')
    path.chmod(0o755)


def test_without_any_it_says_what_to_install_and_fails(bin_folder: Path) -> None:
    done = find(bin_folder)

    assert done.returncode == 1
    assert done.stdout == ""
    for word in ("3.12", "apt-get install", "pyenv install", "uv python install"):
        assert word in done.stderr


def test_one_that_is_too_old_is_passed_over_for_one_of_pyenv(bin_folder: Path, tmp_path: Path) -> None:
    a_python(bin_folder / "python3", "3.11")
    a_python(tmp_path / "pyenv" / "versions" / "3.12.1" / "bin" / "python", "3.12")

    done = find(bin_folder, PYENV_ROOT=str(tmp_path / "pyenv"))

    assert (done.returncode, done.stdout.strip()) == (0, sys.executable)


def test_a_shim_for_a_version_that_is_not_there_is_passed_over(bin_folder: Path) -> None:
    (bin_folder / "python3.13").write_text("#!/bin/sh\nexit 127\n")
    (bin_folder / "python3.13").chmod(0o755)
    a_python(bin_folder / "python3.12", "3.12")

    assert find(bin_folder).stdout.strip() == sys.executable


def test_uv_fetches_one_when_there_is_none(bin_folder: Path, tmp_path: Path) -> None:
    fetched = tmp_path / "fetched"
    a_python(fetched, "3.13")
    (bin_folder / "uv").write_text(f'#!/bin/sh\ncase "$2" in find) echo {fetched};; esac\n')
    (bin_folder / "uv").chmod(0o755)

    done = find(bin_folder)

    assert done.stdout.strip() == sys.executable
    assert "uv fetches one" in done.stderr

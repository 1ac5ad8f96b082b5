"""On a disk with little room, what is stored makes room at once: a full disk would shut the gate."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from audit_log.recorder import LOW, Recorder
from tests.audit_log.records import a_segment, a_whole

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@contextlib.contextmanager
def a_disk(folder: Path, size: int) -> Iterator[Path]:
    """Of its own, where this machine lets us have one; it takes memory only for what is written."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no right to mount anything on this machine: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def left_after(engine: Engine, folder: Path, age: timedelta) -> list[str]:
    """The numbers of the segments that are still there; all three were stored, and are so old."""
    for number in (1, 2, 3):
        path = a_segment(folder, [a_whole(number)], ns=number, how="continued")
        written = (NOW - age).timestamp()
        os.utime(path, (written, written))
    assert Recorder(engine, folder, clock=lambda: NOW).run_once() == 3
    return sorted(path.stem[-1] for path in folder.glob("*.journal"))


@pytest.mark.parametrize(
    ("size", "age", "left"),
    [
        (LOW // 10, timedelta(minutes=1), ["3"]),
        (LOW * 2, timedelta(minutes=1), ["1", "2", "3"]),
        (LOW * 2, timedelta(hours=25), ["3"]),
    ],
)
def test_what_is_stored_goes_early_where_there_is_little_room(
    sqlite_engine: Engine, tmp_path: Path, size: int, age: timedelta, left: list[str]
) -> None:
    """But for the newest, from which a gate learns the time."""
    with a_disk(tmp_path / "journal", size) as folder:
        assert left_after(sqlite_engine, folder, age) == left

"""Folders that are there whole or not at all."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BUILDING = ".building-"
LOCK = ".lock"


@contextmanager
def building_in(folder: Path, waits: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold the folder's lock, so that one process at a time builds; sweeps what a killed one left behind.

    `waits` is called where another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(BUILDING + "*"):
            shutil.rmtree(left)
        yield


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside its future place, gone again unless `put` moves it there."""
    building = Path(tempfile.mkdtemp(prefix=BUILDING, dir=folder))
    try:
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)


def put(building: Path, target: Path) -> None:
    """Make all of `building` durable, then give it its name; a folder of that name is replaced."""
    for path in building.iterdir():
        _sync(path)
    _sync(building)
    if target.exists():
        target.rename(building.with_name(building.name + "-old"))
    building.rename(target)
    _sync(target.parent)
    shutil.rmtree(building.with_name(building.name + "-old"), ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

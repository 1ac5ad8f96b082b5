"""A folder is there whole or not at all."""

import threading
import time
from pathlib import Path

import pytest

from filter_lists.storage import building_in, new_folder, put


def test_a_folder_appears_with_all_that_is_in_it(tmp_path: Path) -> None:
    with building_in(tmp_path), new_folder(tmp_path) as building:
        (building / "file").write_text("new")
        assert not (tmp_path / "name").exists()
        put(building, tmp_path / "name")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "name"]
    assert (tmp_path / "name" / "file").read_text() == "new"


def test_a_damaged_folder_gives_way_to_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "name").mkdir()
    (tmp_path / "name" / "old").touch()
    with new_folder(tmp_path) as building:
        (building / "file").touch()
        put(building, tmp_path / "name")
    assert [path.name for path in tmp_path.rglob("*")] == ["name", "file"]


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), new_folder(tmp_path) as building:
        (building / "gone").read_bytes()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_build_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".building-left").mkdir()
    (tmp_path / ".building-left" / "half").touch()
    with building_in(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_whoever_has_to_wait_for_the_lock_is_told_and_nobody_else(tmp_path: Path) -> None:
    told: list[str] = []
    with building_in(tmp_path, lambda: told.append("first")):
        second = threading.Thread(target=wait_for, args=(tmp_path, told))
        second.start()
        while not told:
            time.sleep(0.01)
        assert told == ["second"]
    second.join()
    assert told == ["second", "in"]


def wait_for(folder: Path, told: list[str]) -> None:
    with building_in(folder, lambda: told.append("second")):
        told.append("in")

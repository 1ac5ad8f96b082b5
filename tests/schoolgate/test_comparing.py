"""Two generations of the lists, held against each other by a process of its own."""

import subprocess
from pathlib import Path

import pytest

from audit_api.list_jobs import compare_here
from filter_lists.compiler import compile_index
from filter_lists.sources import ListSource
from schoolgate.comparing import compare_lists


def compiled(folder: Path, *entries: str) -> str:
    path = folder / "bets.txt"
    path.write_text("\n".join(entries))
    return compile_index([ListSource("bets", "gambling", "plain", path)], folder / "lists")


def test_it_is_what_one_process_would_find(tmp_path: Path) -> None:
    old, new = compiled(tmp_path, "a.test", "b.test"), compiled(tmp_path, "b.test", "c.test", "d.test")

    (change,) = compare_lists(tmp_path, old, new)

    assert (change.list_id, change.added, change.removed) == ("bets", 2, 1)
    assert compare_here(tmp_path, old, new) == (change,)


def test_lists_that_are_not_there_are_no_difference_but_a_failure(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        compare_lists(tmp_path, "0" * 64, "1" * 64)

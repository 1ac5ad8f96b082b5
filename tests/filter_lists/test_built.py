"""What is known to be compiled is not compiled again; what is not known, or not whole, is."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from filter_lists.built import MEMORY, REMEMBERED, build, is_generation
from filter_lists.compiler import ListsError
from filter_lists.sources import ListSource


def a_list(folder: Path, text: str = "bet.example\n") -> ListSource:
    (folder / "bets.txt").write_text(text)
    return ListSource("bets", "gambling", "plain", folder / "bets.txt")


def stages(source: ListSource, state: Path) -> list[str]:
    """What was done to build it; nothing where it was only opened."""
    told: list[str] = []
    build([source], state, lambda stage, _done, _total: told.append(stage))
    return told


def test_a_generation_is_compiled_once(tmp_path: Path) -> None:
    source = a_list(tmp_path)
    assert stages(source, tmp_path)
    assert not stages(source, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda each: replace(each, category="games"),
        lambda each: replace(each, licence="MIT"),
        lambda each: replace(each, source="https://lists.example/"),
        lambda each: replace(each, wide=frozenset({"xxx"})),
        lambda each: replace(each, exceptions="category"),
        lambda each: replace(each, as_exceptions=True),
        lambda each: replace(each, category="", categories={"": ("gambling",)}),
    ],
)
def test_whatever_changes_the_reading_is_compiled_anew(
    tmp_path: Path, change: Callable[[ListSource], ListSource]
) -> None:
    source = a_list(tmp_path)
    index = build([source], tmp_path)
    changed = change(source)
    assert not is_generation([changed], tmp_path, index.generation)
    assert stages(changed, tmp_path)


def test_other_readers_read_everything_anew_into_the_same_generation(tmp_path: Path) -> None:
    source = a_list(tmp_path)
    before = build([source], tmp_path).generation
    memory = tmp_path / "lists" / MEMORY
    known = {
        made_of: [generation, "older"] for made_of, (generation, _) in json.loads(memory.read_text()).items()
    }
    memory.write_text(json.dumps(known))

    assert is_generation([source], tmp_path, before)
    assert stages(source, tmp_path)
    assert build([source], tmp_path).generation == before
    assert not stages(source, tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": ["b"]}', None])
def test_without_its_memory_everything_is_compiled_anew(tmp_path: Path, content: str | None) -> None:
    source = a_list(tmp_path)
    before = build([source], tmp_path).generation
    memory = tmp_path / "lists" / MEMORY
    memory.unlink() if content is None else memory.write_text(content)
    assert not is_generation([source], tmp_path, before)
    assert build([source], tmp_path).generation == before
    assert is_generation([source], tmp_path, before)


def test_a_memory_that_names_something_else_opens_nothing_else(tmp_path: Path) -> None:
    source = a_list(tmp_path)
    before = build([source], tmp_path).generation
    memory = tmp_path / "lists" / MEMORY
    memory.write_text(memory.read_text().replace(before, "0" * 64))
    assert build([source], tmp_path).generation == before


def test_a_list_without_an_entry_is_refused_and_not_remembered(tmp_path: Path) -> None:
    with pytest.raises(ListsError):
        build([a_list(tmp_path, "# nothing\n")], tmp_path)
    assert not (tmp_path / "lists" / MEMORY).exists()


def test_the_memory_does_not_grow_for_ever(tmp_path: Path) -> None:
    for number in range(REMEMBERED + 5):
        last = build([a_list(tmp_path, f"bet{number}.example\n")], tmp_path)
    assert len(json.loads((tmp_path / "lists" / MEMORY).read_text())) == REMEMBERED
    assert is_generation([a_list(tmp_path, f"bet{number}.example\n")], tmp_path, last.generation)

"""config/lists.yaml is taken whole or refused whole, with every fault and its line."""

from pathlib import Path

import pytest

from filter_lists.compiler import ListsError, ListSource
from filter_lists.lists_config import STARTER, load_lists


def load(folder: Path, text: str | bytes) -> tuple[ListSource, ...]:
    path = folder / "lists.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_lists(path)


def faults(folder: Path, text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(ListsError) as caught:
        load(folder, text)
    return caught.value.faults


def test_a_path_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "bets.txt").touch()
    text = f"""
lists:
  bets: {{category: gambling, format: plain, path: bets.txt}}
  more: {{category: gambling, format: hosts, path: {tmp_path}/bets.txt}}
  ours: {{category: games, format: plain, path: "starter:games.txt"}}
"""
    assert load(tmp_path, text) == (
        ListSource("bets", "gambling", "plain", tmp_path / "bets.txt"),
        ListSource("more", "gambling", "hosts", tmp_path / "bets.txt"),
        ListSource("ours", "games", "plain", STARTER / "games.txt"),
    )


def test_every_fault_is_named_with_its_line_its_value_and_what_is_allowed(tmp_path: Path) -> None:
    text = """
lists:
  bets: {category: Gambling!, format: palin, path: gone.txt}
  Bad Name: {category: games, format: plain, path: "starter:games.txt"}
  worse: {category: games, format: plain, path: "starter:../names.py", colour: red}
  short: {category: games}
  none: games
  twice: {category: games, category: games, format: plain, path: "starter:games.txt"}
  shape: {category: [games], format: plain, path: "starter:games.txt"}
  bets: {category: games, format: plain, path: "starter:games.txt"}
extra: 1
"""
    found = faults(tmp_path, text)
    assert sorted(int(fault.split(":")[1]) for fault in found) == [3, 3, 3, 4, 5, 5, 6, 6, 7, 8, 9, 10, 11]
    assert "lists.yaml:3: lists.bets.format: 'palin'; allowed: plain or hosts" in found
    assert "lists.yaml:6: lists.short.path: is missing; allowed: a value" in found
    assert all(fault.startswith("lists.yaml:") and "; allowed: " in fault for fault in found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lists:",
        "lists: {}",
        "lists: []",
        "[]",
        "other: 1",
        "lists: {a: {",
        b"\xff\xfe",
        "\t",
        "[" * 5000,
        "a\0b",
        "--- 1\n--- 2",
        "lists: *nowhere",
        'lists: {a: {category: b, format: plain, path: "x\\0y"}}',
        "lists: {a: {category: b, format: plain, path: " + "x" * 5000 + "}}",
        "lists: {[a]: 1}",
        "lists: {a: }",
    ],
)
def test_what_is_no_set_of_lists_is_refused(tmp_path: Path, text: str | bytes) -> None:
    assert faults(tmp_path, text)


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ListsError, match="cannot be read"):
        load_lists(tmp_path / "lists.yaml")

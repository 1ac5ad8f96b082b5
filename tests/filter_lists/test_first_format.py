"""Lists that were agreed on under the first version stay in force under this one, addresses and all."""

import hashlib
import json
import sys
from array import array
from pathlib import Path

import marisa_trie
import pytest

from filter_lists.compiler import ListSource, compile_index
from filter_lists.diffing import diff
from filter_lists.index import Index
from filter_lists.names import parse_url

LINES = ["192.0.2.1", "2001:db8::1", "bet.example", "odds.example/today", "192.0.2.7/odds"]
KEYS = {  # as the first version wrote them; 1: something is said of parts of the host
    "=192.0.2.1=": 0,
    "=2001:db8::1=": 0,
    "example.bet.": 0,
    "example.odds.": 1,
    "/example.odds./today/": 0,
    "=192.0.2.7=": 1,
    "/=192.0.2.7=/odds/": 0,
}


def first_version(folder: Path, file: Path) -> Index:
    trie = marisa_trie.Trie(KEYS)
    classes = array("H", bytes(2 * len(KEYS)))
    for key, number in KEYS.items():
        classes[trie[key]] = number
    building = folder / "building"
    building.mkdir(parents=True)
    trie.save(str(building / "names.marisa"))
    (building / "classes.bin").write_bytes(classes)
    sha256 = {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in building.iterdir()}
    summary: dict[str, object] = {
        "list_id": "bets",
        "category": "gambling",
        "format": "plain",
        "entries": 5,
        "lines": 5,
    }
    summary |= {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "understood": 5, "skipped": []}
    manifest: dict[str, object] = {
        "format": 1,
        "byteorder": sys.byteorder,
        "names": len(KEYS),
        "width": "H",
        "files": sha256,
    }
    manifest |= {"lists": [summary], "pairs": [["gambling", "bets"]], "sets": [[0], [-1]]}
    content = json.dumps(manifest, sort_keys=True).encode()
    (building / "manifest.json").write_bytes(content)
    return Index.open(building.rename(folder / hashlib.sha256(content).hexdigest()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bets.txt"
    path.write_text("\n".join(LINES))
    return path


def test_every_entry_of_the_first_version_is_still_found(tmp_path: Path, file: Path) -> None:
    index = first_version(tmp_path / "old", file)
    for line in LINES:
        url = f"http://[{line}]/" if line.count(":") > 1 else f"http://{line}"
        assert [(each.category, each.entry) for each in index.lookup(parse_url(url))] == [("gambling", line)]
    for other in ("http://192.0.2.11/", "http://192.0.2.7/", "http://odds.example/"):
        assert index.lookup(parse_url(other)) == ()


def test_the_same_lists_compiled_anew_differ_in_nothing(tmp_path: Path, file: Path) -> None:
    old = first_version(tmp_path / "old", file)
    source = ListSource("bets", "gambling", "plain", file)
    new = Index.open(tmp_path / "new" / compile_index([source], tmp_path / "new"))
    assert diff(old, new) == ()
    assert diff(new, old) == ()

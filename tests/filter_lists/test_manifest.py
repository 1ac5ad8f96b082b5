"""The manifest says what an index holds, and its sha256 is the index's name."""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from filter_lists.manifest import IndexFault, Manifest, check_files, read_manifest, sha256_of
from filter_lists.summary import CategoryCount, ListSummary, PartSummary

PART = PartSummary("odds/domains", 3, 2, (("a range of addresses", 1, 7),), (("a port was dropped", 1, 2),))
SUMMARY = ListSummary(
    "bets",
    "squidguard",
    "0" * 64,
    "CC-BY-SA-4.0",
    "https://lists.example/bets.tar.gz",
    (CategoryCount("gambling", 2, 1, 1),),
    (PART, PART),
    left_out=("press",),
)
SETS = ((("", "", "/"), ("gambling", "bets", "")), (("gambling", "bets", "-"),))
PATTERNS = (("bet[0-9]+", "host", (("gambling", "bets", ""),)),)
MANIFEST = Manifest(2, "H", {}, SETS, (SUMMARY,), PATTERNS)
FORMAT_1: dict[str, object] = {
    "format": 1,
    "byteorder": sys.byteorder,
    "names": 2,
    "width": "H",
    "files": {},
    "lists": [
        {
            "list_id": "bets",
            "category": "gambling",
            "format": "plain",
            "sha256": "0" * 64,
            "entries": 2,
            "lines": 3,
            "understood": 2,
            "skipped": [["a range of addresses", 1, 7]],
        }
    ],
    "pairs": [["gambling", "bets"]],
    "sets": [[0, -1]],
}


def written(folder: Path, content: bytes) -> Path:
    place = folder / hashlib.sha256(content).hexdigest()
    place.mkdir()
    (place / "manifest.json").write_bytes(content)
    return place


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_manifest(written(tmp_path, MANIFEST.to_bytes())) == MANIFEST


def test_a_manifest_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, MANIFEST.to_bytes().replace(b'"format": 2', b'"format": 99'))
    with pytest.raises(IndexFault, match="another version"):
        read_manifest(folder)


def test_a_manifest_of_the_first_format_is_still_read(tmp_path: Path) -> None:
    manifest = read_manifest(written(tmp_path, json.dumps(FORMAT_1).encode()))
    assert manifest.sets == ((("gambling", "bets", ""), ("", "", "/")),)
    (summary,) = manifest.lists
    assert (summary.categories, summary.entries, summary.lines, summary.understood) == (
        ("gambling",),
        2,
        3,
        2,
    )
    assert summary.skipped == (("a range of addresses", 1, 7),)


def test_the_parts_of_a_list_are_summed_up() -> None:
    assert (SUMMARY.lines, SUMMARY.understood, SUMMARY.entries) == (6, 4, 4)
    assert SUMMARY.skipped == (("a range of addresses", 2, 7),)
    assert SUMMARY.noted == (("a port was dropped", 2, 2),)


def test_a_folder_has_a_sha256_of_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "adult").mkdir()
    (tmp_path / "adult" / "domains").write_text("one.example\n")
    before = sha256_of(tmp_path)
    (tmp_path / "adult" / "urls").write_text("")
    assert sha256_of(tmp_path) != before
    (tmp_path / "adult" / "urls").unlink()
    assert sha256_of(tmp_path) == before
    (tmp_path / "adult" / "domains").write_text("two.example\n")
    assert sha256_of(tmp_path) != before


def test_a_file_that_is_named_but_not_there_is_a_fault(tmp_path: Path) -> None:
    manifest = Manifest(0, "H", {"names.marisa": "0" * 64}, (), ())
    with pytest.raises(IndexFault) as caught:
        check_files(tmp_path, manifest)
    assert caught.value.folder == tmp_path
    assert "names.marisa" in caught.value.why

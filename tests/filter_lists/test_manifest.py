"""The manifest says what an index holds, and its sha256 is the index's name."""

import hashlib
from pathlib import Path

import pytest

from filter_lists.manifest import IndexFault, ListingSet, ListSummary, Manifest, check_files, read_manifest

SUMMARY = ListSummary("bets", "gambling", "plain", "0" * 64, 2, 3, 2, (("a range of addresses", 1, 7),))
MANIFEST = Manifest(2, "H", {}, (ListingSet((("gambling", "bets"),), has_paths=True),), (SUMMARY,))


def written(folder: Path, content: bytes) -> Path:
    place = folder / hashlib.sha256(content).hexdigest()
    place.mkdir()
    (place / "manifest.json").write_bytes(content)
    return place


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_manifest(written(tmp_path, MANIFEST.to_bytes())) == MANIFEST


def test_a_manifest_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, MANIFEST.to_bytes().replace(b'"format": 1', b'"format": 99'))
    with pytest.raises(IndexFault, match="another version"):
        read_manifest(folder)


def test_a_file_that_is_named_but_not_there_is_a_fault(tmp_path: Path) -> None:
    manifest = Manifest(0, "H", {"names.marisa": "0" * 64}, (), ())
    with pytest.raises(IndexFault) as caught:
        check_files(tmp_path, manifest)
    assert caught.value.folder == tmp_path
    assert "names.marisa" in caught.value.why

"""What an index says of itself. Its generation is the sha256 of these bytes; they hold that of each file."""

import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1  # counts up when the readers or the files change their meaning, so that old ones are compiled anew
NAMES, CLASSES, MANIFEST = "names.marisa", "classes.bin", "manifest.json"


class IndexFault(Exception):
    """An index that must not be used. `folder` is where it is, `why` is a sentence."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder}: {why}")
        self.folder = folder
        self.why = why


@dataclass(frozen=True, slots=True, order=True)
class ListingSet:
    """Which (category, list_id) name a key. `has_paths`: a list names parts of this host."""

    pairs: tuple[tuple[str, str], ...] = ()
    has_paths: bool = False


@dataclass(frozen=True, slots=True)
class ListSummary:
    """One list as it was compiled. `skipped` is (reason, how many lines, the first of them)."""

    list_id: str
    category: str
    format: str
    sha256: str
    entries: int
    lines: int
    understood: int
    skipped: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """`names` is how many keys there are; `width` is the array type of their numbers into `sets`."""

    names: int
    width: str
    files: dict[str, str]
    sets: tuple[ListingSet, ...]
    lists: tuple[ListSummary, ...]

    def to_bytes(self) -> bytes:
        """There may be many sets: they are written as places in `pairs`, and a closing -1 for `has_paths`."""
        pairs = sorted({pair for each in self.sets for pair in each.pairs})
        number = {pair: place for place, pair in enumerate(pairs)}
        content = {
            "format": FORMAT,
            "byteorder": sys.byteorder,
            "names": self.names,
            "width": self.width,
            "files": self.files,
            "lists": [asdict(each) for each in self.lists],
            "pairs": pairs,
            "sets": [[number[pair] for pair in each.pairs] + [-1] * each.has_paths for each in self.sets],
        }
        return json.dumps(content, sort_keys=True).encode()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Raises IndexFault unless the folder's name is the sha256 of the manifest in it."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise IndexFault(folder, f"no readable manifest ({error.strerror})") from None
    if hashlib.sha256(content).hexdigest() != folder.name:
        raise IndexFault(folder, "the manifest is not the one that was written")
    raw = json.loads(content)
    if (raw.get("format"), raw.get("byteorder")) != (FORMAT, sys.byteorder):
        raise IndexFault(folder, "written by another version, or on another kind of machine: compile it anew")
    pairs = [(category, list_id) for category, list_id in raw["pairs"]]
    return Manifest(
        names=raw["names"],
        width=raw["width"],
        files=raw["files"],
        sets=tuple(ListingSet(tuple(pairs[n] for n in each if n >= 0), -1 in each) for each in raw["sets"]),
        lists=tuple(
            ListSummary(**each | {"skipped": tuple(map(tuple, each["skipped"]))}) for each in raw["lists"]
        ),
    )


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raises IndexFault unless every file is byte for byte what was written."""
    for name, sha256 in manifest.files.items():
        try:
            found = sha256_of(folder / name)
        except OSError as error:
            raise IndexFault(folder, f"{name} cannot be read ({error.strerror})") from None
        if found != sha256:
            raise IndexFault(folder, f"{name} is damaged")

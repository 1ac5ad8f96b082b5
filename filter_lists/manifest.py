"""What an index says of itself. Its generation is the sha256 of these bytes; they hold that of each file.

Nothing in it tells the time: the same lists give the same generation. A manifest of format 1, with a list
to a file and a category to a list, can still be read.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filter_lists.summary import CategoryCount, ListSummary, PartSummary
from filter_lists.summary import IndexFault as IndexFault

FORMAT = 2  # counts up when the files change their meaning; `read_manifest` reads all up to this
NAMES, CLASSES, MANIFEST = "names.marisa", "classes.bin", "manifest.json"

# What a key may carry besides its listings: (category, list_id, kind).
BLOCK, IMPORTANT, OWN_EXCEPTION, CATEGORY_EXCEPTION = "", "!", "-", "*"
PATHS, QUERIES = ("", "", "/"), ("", "", "?")  # parts of this host, or this path with a query, are keys too

type Pair = tuple[str, str, str]
type Pairs = tuple[Pair, ...]
type Pattern = tuple[str, str, Pairs]  # pattern, scope, and what a hit says


@dataclass(frozen=True, slots=True)
class Manifest:
    """`names` is how many keys there are; `width` is the array type of their numbers into `sets`."""

    names: int
    width: str
    files: Mapping[str, str]
    sets: tuple[Pairs, ...]
    lists: tuple[ListSummary, ...]
    patterns: tuple[Pattern, ...] = ()
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        """There may be many sets: they are written as places in `pairs`."""
        every = [*self.sets, *(pairs for _, _, pairs in self.patterns)]
        pairs = sorted({pair for each in every for pair in each})
        number = {pair: place for place, pair in enumerate(pairs)}
        content = {
            "format": FORMAT,
            "byteorder": sys.byteorder,
            "names": self.names,
            "width": self.width,
            "files": dict(self.files),
            "lists": [asdict(each) for each in self.lists],
            "pairs": pairs,
            "sets": [[number[pair] for pair in each] for each in self.sets],
            "patterns": [[p, scope, [number[pair] for pair in said]] for p, scope, said in self.patterns],
        }
        return json.dumps(content, sort_keys=True).encode()


def sha256_of(path: Path) -> str:
    """Of a file; of a folder: of the names and sha256s of all files in it. Raises OSError."""
    if path.is_dir():
        lines = "".join(f"{sha256_of(each)} {each.relative_to(path)}\n" for each in _files_in(path))
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files_in(folder: Path) -> Iterator[Path]:
    for place, folders, names in folder.walk():
        folders.sort()
        yield from (place / name for name in sorted(names) if (place / name).is_file())


def read_manifest(folder: Path) -> Manifest:
    """Raises IndexFault unless the folder's name is the sha256 of the manifest in it."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise IndexFault(folder, f"no readable manifest ({error.strerror})") from None
    if hashlib.sha256(content).hexdigest() != folder.name:
        raise IndexFault(folder, "the manifest is not the one that was written")
    raw = json.loads(content)
    if raw.get("byteorder") != sys.byteorder or raw.get("format") not in _READERS:
        raise IndexFault(folder, "written by another version, or on another kind of machine: compile it anew")
    return _READERS[raw["format"]](raw)


def _read_1(raw: Mapping[str, Any]) -> Manifest:
    pairs: list[Pair] = [(category, list_id, BLOCK) for category, list_id in raw["pairs"]]
    return Manifest(
        names=raw["names"],
        width=raw["width"],
        files=raw["files"],
        sets=tuple(tuple(pairs[n] if n >= 0 else PATHS for n in each) for each in raw["sets"]),
        lists=tuple(_summary_1(each) for each in raw["lists"]),
        format=1,
    )


def _summary_1(raw: Mapping[str, Any]) -> ListSummary:
    part = PartSummary("", raw["lines"], raw["understood"], tuple(map(tuple, raw["skipped"])))
    counts = (CategoryCount(raw["category"], raw["entries"]),)
    return ListSummary(raw["list_id"], raw["format"], raw["sha256"], counts=counts, parts=(part,))


def _read_2(raw: Mapping[str, Any]) -> Manifest:
    pairs: list[Pair] = [tuple(each) for each in raw["pairs"]]
    return Manifest(
        names=raw["names"],
        width=raw["width"],
        files=raw["files"],
        sets=tuple(tuple(pairs[n] for n in each) for each in raw["sets"]),
        lists=tuple(ListSummary.from_json(each) for each in raw["lists"]),
        patterns=tuple((p, scope, tuple(pairs[n] for n in said)) for p, scope, said in raw["patterns"]),
    )


_READERS = {1: _read_1, 2: _read_2}


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raises IndexFault unless every file is byte for byte what was written."""
    for name, sha256 in manifest.files.items():
        try:
            found = sha256_of(folder / name)
        except OSError as error:
            raise IndexFault(folder, f"{name} cannot be read ({error.strerror})") from None
        if found != sha256:
            raise IndexFault(folder, f"{name} is damaged")

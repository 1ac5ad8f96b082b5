"""From list files to one index on disk, named by its content (S88)."""

import hashlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import marisa_trie

from filter_lists.keys import keys_of
from filter_lists.manifest import (
    CLASSES,
    MANIFEST,
    NAMES,
    IndexFault,
    ListingSet,
    ListSummary,
    Manifest,
    check_files,
    read_manifest,
    sha256_of,
)
from filter_lists.names import Site
from filter_lists.readers import READERS, ReadReport, lines_of
from filter_lists.storage import building_in, new_folder, put


class ListsError(Exception):
    """Lists that cannot be used as they are; nothing of them is. Every fault is in `faults`."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list file: what its entries are (`category`) and how it is written (`format`: a key of READERS)."""

    list_id: str
    category: str
    format: str
    path: Path


class Gatherer:
    """Which listings each key has. Keys share their sets, so that millions of names fit in memory."""

    def __init__(self) -> None:
        self._sets: dict[ListingSet, int] = {ListingSet(): 0}
        self._by_number: list[ListingSet] = [ListingSet()]
        self._next: dict[tuple[int, str, str], int] = {}
        self._keys: dict[str, int] = {}

    def add(self, site: Site, category: str, list_id: str) -> None:
        host, path = keys_of(site)
        if path is not None:
            self._join(host, "", "")
        self._join(path or host, category, list_id)

    def _join(self, key: str, category: str, list_id: str) -> None:
        step = (self._keys.get(key, 0), category, list_id)
        number = self._next.get(step)
        if number is None:
            number = self._next[step] = self._number(_with(self._by_number[step[0]], category, list_id))
        self._keys[key] = number

    def _number(self, listings: ListingSet) -> int:
        if listings not in self._sets:
            self._sets[listings] = len(self._by_number)
            self._by_number.append(listings)
        return self._sets[listings]

    def save(self, folder: Path, lists: tuple[ListSummary, ...]) -> str:
        """Write the files of an index; the answer is its generation."""
        used = sorted(self._by_number[number] for number in set(self._keys.values()))
        places = {self._sets[listings]: place for place, listings in enumerate(used)}
        width = "H" if len(used) <= 1 << 16 else "I"
        trie = marisa_trie.Trie(self._keys)
        classes = array(width, bytes(len(self._keys) * array(width).itemsize))
        for key, number in self._keys.items():
            classes[trie[key]] = places[number]
        trie.save(str(folder / NAMES))
        (folder / CLASSES).write_bytes(classes)
        files = {name: sha256_of(folder / name) for name in (NAMES, CLASSES)}
        content = Manifest(len(self._keys), width, files, tuple(used), lists).to_bytes()
        (folder / MANIFEST).write_bytes(content)
        return hashlib.sha256(content).hexdigest()


def _with(listings: ListingSet, category: str, list_id: str) -> ListingSet:
    """No category: the host of a path."""
    if not category:
        return ListingSet(listings.pairs, has_paths=True)
    return ListingSet(tuple(sorted({*listings.pairs, (category, list_id)})), listings.has_paths)


def compile_index(sources: Iterable[ListSource], out_dir: Path) -> str:
    """Build `out_dir/<generation>/` and answer the generation. Raises ListsError; then nothing is built.

    A list without one entry is a fault: its category would be open without anybody having decided so.
    """
    with building_in(out_dir):
        return compile_while_locked(sources, out_dir)


def compile_while_locked(sources: Iterable[ListSource], out_dir: Path) -> str:
    gathered = Gatherer()
    lists: list[ListSummary] = []
    faults: list[str] = []
    for source in sorted(sources, key=lambda each: each.list_id):
        if lists and lists[-1].list_id == source.list_id:
            faults.append(f"{source.list_id}: two lists have this name")
        try:
            lists.append(summary := _read(source, gathered))
        except OSError as error:
            faults.append(f"{source.list_id}: {source.path}: {error.strerror}")
            continue
        if not summary.entries:
            faults.append(f"{source.list_id}: {source.path}: not one line is understood as an entry")
    if faults or not lists:
        raise ListsError(faults or ["no lists: a filter without lists would let everything by"])
    return write_generation(gathered, tuple(lists), out_dir)


def write_generation(gathered: Gatherer, lists: tuple[ListSummary, ...], out_dir: Path) -> str:
    with new_folder(out_dir) as building:
        generation = gathered.save(building, lists)
        if not _is_whole(out_dir / generation):  # a whole one may be in use at this moment
            put(building, out_dir / generation)
    return generation


def _is_whole(folder: Path) -> bool:
    try:
        check_files(folder, read_manifest(folder))
    except IndexFault:
        return False
    return True


def _read(source: ListSource, gathered: Gatherer) -> ListSummary:
    report = ReadReport()
    entries = 0
    with source.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        for site in READERS[source.format](lines_of(file), report):
            gathered.add(site, source.category, source.list_id)
            entries += 1
    skipped = tuple((why.value, each.count, each.line) for why, each in sorted(report.skipped.items()))
    return ListSummary(
        source.list_id,
        source.category,
        source.format,
        sha256,
        entries,
        report.lines,
        report.understood,
        skipped,
    )

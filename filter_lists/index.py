"""What a site is, in microseconds: the compiled lists, mapped into memory and shared by all processes."""

import mmap
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import marisa_trie

from filter_lists.keys import entry_of, host_key, path_key
from filter_lists.listing import Listing
from filter_lists.manifest import (
    CLASSES,
    NAMES,
    IndexFault,
    ListingSet,
    ListSummary,
    Manifest,
    check_files,
    read_manifest,
)
from filter_lists.names import Url, parse_site, path_spellings

__all__ = ["Index", "IndexFault"]


class Index:
    """One generation of the lists. Immutable; a newer one is opened beside it and swapped in."""

    def __init__(
        self, generation: str, manifest: Manifest, names: marisa_trie.Trie, classes: memoryview
    ) -> None:
        self.generation = generation
        self.lists: tuple[ListSummary, ...] = manifest.lists
        self._sets = manifest.sets
        self._names = names
        self._classes = classes

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Raises IndexFault unless every byte in the folder is what the compiler wrote."""
        manifest = read_manifest(folder)
        check_files(folder, manifest)
        try:
            names = marisa_trie.Trie().mmap(str(folder / NAMES))
            classes = _mapped(folder / CLASSES).cast("H" if manifest.width == "H" else "I")
        except (OSError, RuntimeError) as error:
            raise IndexFault(folder, f"cannot be mapped ({error})") from None
        if not len(names) == len(classes) == manifest.names:
            raise IndexFault(folder, "its files do not belong together")
        return cls(folder.name, manifest, names, classes)

    @classmethod
    def in_memory(cls, entries: Mapping[str, Iterable[tuple[str, str]]]) -> Self:
        """For tests: site -> (category, list_id) of each list that names it, through the real compiler."""
        from filter_lists.compiler import Gatherer, write_generation

        gathered = Gatherer()
        for site, pairs in entries.items():
            for category, list_id in pairs:
                gathered.add(parse_site(site), category, list_id)
        with TemporaryDirectory(prefix="index-") as folder:
            return cls.open(Path(folder) / write_generation(gathered, (), Path(folder)))

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(category for each in self._sets for category, _ in each.pairs)

    def __len__(self) -> int:
        """How many keys there are; a host of which only parts are listed is one too."""
        return len(self._classes)

    def lookup(self, url: Url) -> tuple[Listing, ...]:
        """All listings of the host, of the hosts above it and the paths above this one; most exact first."""
        found: list[Listing] = []
        for key, number in reversed(list(self._names.iter_prefixes_with_ids(host_key(url.host)))):
            listings = self._sets[self._classes[number]]
            if listings.has_paths:
                self._find_paths(key, url.path, found)
            _add(found, key, listings)
        return tuple(found)

    def _find_paths(self, host: str, path: str, found: list[Listing]) -> None:
        hits: set[tuple[str, int]] = set()
        for spelling in path_spellings(path):
            hits.update(self._names.iter_prefixes_with_ids(path_key(host, spelling)))
        for key, number in sorted(hits, key=lambda hit: (-len(hit[0]), hit[0])):
            _add(found, key, self._sets[self._classes[number]])


def _add(found: list[Listing], key: str, listings: ListingSet) -> None:
    entry = entry_of(key)
    found += [Listing(category, list_id, entry) for category, list_id in listings.pairs]


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        if not path.stat().st_size:  # an empty file cannot be mapped
            return memoryview(array("B"))
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

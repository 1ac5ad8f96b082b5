"""What a site is, in microseconds: the compiled lists, mapped into memory and shared by all processes."""

import mmap
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

import marisa_trie

from filter_lists.expressions import Expressions
from filter_lists.keys import ALONE, entry_of, host_key, parameters_of, path_key, query_key
from filter_lists.listing import NOT_SHOWN, Listing
from filter_lists.manifest import (
    CATEGORY_EXCEPTION,
    CLASSES,
    IMPORTANT,
    NAMES,
    OWN_EXCEPTION,
    PATHS,
    QUERIES,
    IndexFault,
    Manifest,
    Pairs,
    check_files,
    read_manifest,
)
from filter_lists.names import Url, parse_site, path_spellings
from filter_lists.sealed import SealedIndex
from filter_lists.summary import ListSummary

__all__ = ["Evidence", "Index", "IndexFault"]

MOST_QUERIES = (
    256  # entries with parameters that one request can meet; more than that no list has at one path
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A hit, and where it comes from: the list as it was configured, its licence, the generation asked."""

    listing: Listing
    source: str
    licence: str
    sha256: str
    generation: str


class _Says(NamedTuple):
    """What is said of a key. `blocks`: (category, list_id, whether no exception takes it back)."""

    blocks: tuple[tuple[str, str, bool], ...]
    exceptions: tuple[tuple[str, str], ...]  # list_id "" for every list of the category
    has_paths: bool
    has_queries: bool


class Index:
    """One generation of the lists. Immutable; a newer one is opened beside it and swapped in."""

    def __init__(
        self,
        generation: str,
        manifest: Manifest,
        names: marisa_trie.Trie,
        classes: memoryview,
        sealed: SealedIndex | None = None,
    ) -> None:
        self.generation = generation
        self.lists: tuple[ListSummary, ...] = manifest.lists
        self._by_id = {each.list_id: each for each in manifest.lists}
        self.sets = manifest.sets
        self.patterns = manifest.patterns
        self._sets = tuple(_says(pairs) for pairs in manifest.sets)
        self._names = names
        self._classes = classes
        self._expressions = Expressions(manifest.patterns)
        self._sealed = sealed

    @classmethod
    def open(cls, folder: Path, key: bytes | None = None) -> Self:
        """Raises IndexFault unless every byte in the folder is what the compiler wrote.

        `key` is that of the sealed lists; a generation that has such lists does not open without it.
        """
        manifest = read_manifest(folder)
        check_files(folder, manifest)
        try:
            names = marisa_trie.Trie().mmap(str(folder / NAMES))
            classes = _mapped(folder / CLASSES).cast("H" if manifest.width == "H" else "I")
        except (OSError, RuntimeError) as error:
            raise IndexFault(folder, f"cannot be mapped ({error})") from None
        if not len(names) == len(classes) == manifest.names:
            raise IndexFault(folder, "its files do not belong together")
        try:
            return cls(folder.name, manifest, names, classes, _sealed(folder, manifest, key))
        except ValueError as error:
            raise IndexFault(folder, str(error)) from None

    @classmethod
    def in_memory(cls, entries: Mapping[str, Iterable[tuple[str, str]]]) -> Self:
        """For tests: site -> (category, list_id) of each list that names it, through the real compiler."""
        from filter_lists.gathering import Gatherer
        from filter_lists.writing import write_generation

        gathered = Gatherer()
        for site, pairs in entries.items():
            for category, list_id in pairs:
                gathered.add(parse_site(site), category, list_id)
        with TemporaryDirectory(prefix="index-") as folder:
            return cls.open(Path(folder) / write_generation(gathered, (), Path(folder)))

    @property
    def categories(self) -> frozenset[str]:
        """All that something is listed under; a category of nothing but exceptions is none."""
        said = {category for each in self._sets for category, _, _ in each.blocks}
        sealed = {category for each in self.lists if each.sealed for category in each.categories}
        return frozenset(said | sealed | self._expressions.categories)

    def __len__(self) -> int:
        """How many keys there are; a host of which only parts are listed is one too."""
        return len(self._classes)

    def numbered(self) -> Iterator[tuple[str, int]]:
        """Every key, and the number of what is said of it; takes a while where there are millions."""
        for key, place in self._names.iteritems():
            yield key, self._classes[place]

    def number_of(self, key: str) -> int:
        """Of what is said of the key; -1 where nothing is."""
        place = self._names.get(key)
        return -1 if place is None else self._classes[place]

    def said(self, number: int) -> Pairs:
        return self.sets[number] if number >= 0 else ()

    def lookup(self, url: Url) -> tuple[Listing, ...]:
        """All listings of the host, of the hosts above it and the paths above this one; most exact first.

        An exception takes back what its list, or every list of its category, says at the same place or a
        less exact one. Sealed lists come first and nothing takes them back; expressions come last, since they
        name no place at all.
        """
        found: list[Listing] = []
        if self._sealed is not None:
            found += [Listing(category, list_id, NOT_SHOWN) for category, list_id in self._sealed.lookup(url)]
        taken: set[tuple[str, str]] = set()
        for key, number in reversed(list(self._names.iter_prefixes_with_ids(host_key(url.host) + ALONE))):
            says = self._sets[self._classes[number]]
            if says.has_paths:
                self._find_parts(key, url, found, taken)
            _add(found, taken, key, says)
        if self._expressions:
            for listing in self._expressions.find(url):
                if not _is_taken(listing.category, listing.list_id, taken):
                    found.append(listing)
        return tuple(found)

    def sealed_gone(self, new: "Index") -> Counter[tuple[str, str]]:
        """How many entries of each sealed list (category, list_id) are not in the newer generation."""
        return Counter() if self._sealed is None else self._sealed.gone(new._sealed)

    def evidence(self, url: Url) -> tuple[Evidence, ...]:
        """The same, and for each listing where it comes from."""
        return tuple(self._evidence(listing) for listing in self.lookup(url))

    def _evidence(self, listing: Listing) -> Evidence:
        told = self._by_id.get(listing.list_id)
        if told is None:
            return Evidence(listing, "", "", "", self.generation)
        return Evidence(listing, told.source, told.licence, told.sha256, self.generation)

    def _find_parts(self, host: str, url: Url, found: list[Listing], taken: set[tuple[str, str]]) -> None:
        hits: set[tuple[str, int]] = set()
        for spelling in path_spellings(url.path):
            path = path_key(host, spelling)
            for key, number in self._names.iter_prefixes_with_ids(path):
                hits.add((key, number))
                if key == path and url.query and self._sets[self._classes[number]].has_queries:
                    self._find_queries(path, parameters_of(url.query), hits)
        for key, number in sorted(hits, key=_by_exactness):
            _add(found, taken, key, self._sets[self._classes[number]])

    def _find_queries(self, path: str, parameters: tuple[str, ...], hits: set[tuple[str, int]]) -> None:
        """Every entry at this path of which all parameters are among these.

        An entry has its parameters in the same order as the request, so a walk along both meets each once; it
        goes only where some entry goes on.
        """
        begun: list[tuple[tuple[str, ...], int]] = [((), 0)]
        while begun and len(hits) < MOST_QUERIES:
            taken, start = begun.pop()
            for place in range(start, len(parameters)):
                key = query_key(path, (*taken, parameters[place]))
                if next(self._names.iterkeys(key), None) is None:
                    continue
                if key in self._names:
                    hits.add((key, self._names[key]))
                begun.append(((*taken, parameters[place]), place + 1))


def _by_exactness(hit: tuple[str, int]) -> tuple[int, bool, int, str]:
    """Longer paths first; at one path those with a query, and of these the longer first."""
    key = hit[0]
    path, question, _ = key.partition("/?")
    return -len(path if question else key[:-1]), not question, -len(key), key


def _add(found: list[Listing], taken: set[tuple[str, str]], key: str, says: _Says) -> None:
    if says.exceptions:
        taken.update(says.exceptions)
    if says.blocks:
        entry = entry_of(key)
        if not taken:
            found += [Listing(category, list_id, entry) for category, list_id, _ in says.blocks]
            return
        for category, list_id, important in says.blocks:
            if important or not _is_taken(category, list_id, taken):
                found.append(Listing(category, list_id, entry))


def _is_taken(category: str, list_id: str, taken: set[tuple[str, str]]) -> bool:
    return (category, list_id) in taken or (category, "") in taken


def _says(pairs: Pairs) -> _Says:
    blocks: dict[tuple[str, str], bool] = {}
    exceptions = []
    for pair in pairs:
        category, list_id, kind = pair
        if kind == OWN_EXCEPTION:
            exceptions.append((category, list_id))
        elif kind == CATEGORY_EXCEPTION:
            exceptions.append((category, ""))
        elif pair not in (PATHS, QUERIES):
            blocks[category, list_id] = blocks.get((category, list_id), False) or kind == IMPORTANT
    said = tuple((*pair, important) for pair, important in blocks.items())
    return _Says(said, tuple(exceptions), PATHS in pairs, QUERIES in pairs)


def _sealed(folder: Path, manifest: Manifest, key: bytes | None) -> SealedIndex | None:
    if not any(each.sealed for each in manifest.lists):
        return None
    if key is None:
        raise IndexFault(folder, "it has sealed lists, and opens only with their key")
    return SealedIndex.open(folder, key)


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        if not path.stat().st_size:  # an empty file cannot be mapped
            return memoryview(array("B"))
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

"""What a site is, in microseconds: the compiled lists, mapped into memory and shared by all processes."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

import marisa_trie

from filter_lists.asked import Asked
from filter_lists.expressions import Expressions
from filter_lists.first_format import FirstNames, Names
from filter_lists.keys import ALONE, entry_of, host_key, path_key, query_key
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
from filter_lists.names import Url, parse_site
from filter_lists.sealed import SealedIndex
from filter_lists.summary import ListSummary

__all__ = ["Evidence", "Index", "IndexFault"]

MOST_HOSTS = 4096  # remembered; some hundred bytes each
MOST_TOLD = 64  # listings of one host that is remembered; what has more is looked up each time


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


type _Place = tuple[tuple[str, _Says], ...]  # a host's key and what is said of it; of it alone comes first
type _Taken = tuple[str, str]  # category, and list_id or "" for every list of it


class _Host(NamedTuple):
    """What is said of one host. Where no part of it is listed, `found` and `taken` are the answer.

    `matched` is by expressions, and still to be held against what a part takes back.
    """

    has_parts: bool = False
    places: tuple[_Place, ...] = ()
    matched: tuple[Listing, ...] = ()
    found: tuple[Listing, ...] = ()
    taken: Collection[_Taken] = ()


UNKNOWN = _Host()


class Index:
    """One generation of the lists. Immutable; a newer one is opened beside it and swapped in."""

    def __init__(
        self,
        generation: str,
        manifest: Manifest,
        names: Names,
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
        self._is_plain = sealed is None and not self._expressions.about_pages
        self._hosts: dict[str, _Host] = {}

    @classmethod
    def open(cls, folder: Path, key: bytes | None = None) -> Self:
        """Raises IndexFault unless every byte in the folder is what the compiler wrote.

        `key` is that of the sealed lists; a generation that has such lists does not open without it.
        """
        manifest = read_manifest(folder)
        check_files(folder, manifest)
        try:
            trie = marisa_trie.Trie().mmap(str(folder / NAMES))
            classes = _read(folder, manifest)
        except (OSError, RuntimeError) as error:
            raise IndexFault(folder, f"cannot be mapped ({error})") from None
        if not len(trie) == len(classes) == manifest.names:
            raise IndexFault(folder, "its files do not belong together")
        names = FirstNames(trie) if manifest.format == 1 else trie
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

    @cached_property
    def category_sets(self) -> frozenset[frozenset[str]]:
        """The kinds that sites are listed under together, in the words of the lists about one name.

        What else comes together, since a host, a path of it and an expression all say something, is made of
        these; it is at most as open as each of them.
        """
        said = {frozenset(category for category, _, _ in each.blocks) for each in self._sets}
        said |= {frozenset(category for category, _, _ in pairs) for _, _, pairs in self.patterns}
        said |= {frozenset((category,)) for category in self.categories}
        return frozenset(said - {frozenset()})

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
        name no place at all. Raises TooMuchToCompareError for a request that was made to keep us busy.
        """
        host = self._hosts.get(url.host) or self._meet(url.host)
        if self._is_plain and not host.has_parts:
            return host.found
        found: list[Listing] = []
        if self._sealed is not None:
            found += [Listing(category, list_id, NOT_SHOWN) for category, list_id in self._sealed.lookup(url)]
        taken = host.taken
        if host.has_parts:
            taken = self._add_places(host.places, Asked(url), found)
            found += _left(host.matched, taken)
        else:
            found += host.found
        if self._expressions.about_pages:
            found += _left(self._expressions.find_in_page(url), taken)
        return tuple(found)

    def has_parts(self, host: str) -> bool:
        """Whether an address of this host can be listed otherwise than the host; silent on sealed lists."""
        known = self._hosts.get(host) or self._meet(host)
        return known.has_parts or self._expressions.about_pages

    def within(self, host: str) -> Iterator[Listing]:
        """What is said of pages of this host, of hosts below it, and of those above as far as they cover it;
        the same is said once. Sealed lists tell of the hosts as well. Silent on expressions."""
        if self._sealed is not None:
            yield from (Listing(*pair, NOT_SHOWN) for pair in sorted(self._sealed.within(host)))
        *above, _ = accumulate(f"{label}." for label in reversed(host.split(".")))
        told: set[int] = set()
        for start in (f"/{host_key(host)}", *(f"/{each}/" for each in above)):
            for key in self._names.iterkeys(start):
                number = self._classes[self._names[key]]
                if number not in told:
                    told.add(number)
                    yield from (Listing(*block[:2], entry_of(key)) for block in self._sets[number].blocks)

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

    def _meet(self, host: str) -> _Host:
        """What is said of a host is found once, and remembered: many requests are for the same few."""
        if len(self._hosts) >= MOST_HOSTS:
            self._hosts.clear()
        whole = host_key(host)
        hits = list(self._names.iter_prefixes_with_ids(whole + ALONE))
        matched = self._expressions.find_in_host(host)
        known = self._host(whole, hits, matched) if hits or matched else UNKNOWN
        if len(hits) + len(known.found) + len(matched) <= MOST_TOLD:
            self._hosts[host] = known
        return known

    def _host(self, whole: str, hits: list[tuple[str, int]], matched: list[Listing]) -> _Host:
        keys = [(key, self._sets[self._classes[number]]) for key, number in reversed(hits)]
        places: list[_Place] = [(key,) for key in keys]
        if len(keys) > 1 and keys[1][0] == whole:
            places[:2] = [(keys[0], keys[1])]
        if any(says.has_paths for _, says in keys):
            return _Host(True, tuple(places), tuple(matched))
        found: list[Listing] = []
        taken = self._add_places(places, None, found)
        found += _left(matched, taken)
        return _Host(found=tuple(found), taken=frozenset(taken))

    def _add_places(self, places: Iterable[_Place], asked: Asked | None, found: list[Listing]) -> set[_Taken]:
        """Answers what is taken back. Without a request, the hosts only."""
        taken: set[_Taken] = set()
        for place in places:
            if asked is not None and any(says.has_paths for _, says in place):
                self._add_parts(place, asked, found, taken)
            for key, says in place:
                taken.update(says.exceptions)
                _add_blocks(found, taken, key, says)
        return taken

    def _add_parts(self, place: _Place, asked: Asked, found: list[Listing], taken: set[_Taken]) -> None:
        hits: set[tuple[str, int]] = set()
        for host, says in place:
            if says.has_paths:
                self._find_parts(host, asked, hits)
        for _, equals in groupby(sorted(hits, key=_exactness), _exactness):
            parts = [(key, self._sets[self._classes[number]]) for key, number in sorted(equals)]
            for key, says in parts:
                if says.exceptions and _is_clear(key, asked):
                    taken.update(says.exceptions)
            for key, says in parts:
                _add_blocks(found, taken, key, says)

    def _find_parts(self, host: str, asked: Asked, hits: set[tuple[str, int]]) -> None:
        for spelling in asked.spellings:
            path = path_key(host, spelling)
            for key, number in self._names.iter_prefixes_with_ids(path):
                hits.add((key, number))
                if key == path and asked.url.query and self._sets[self._classes[number]].has_queries:
                    self._find_queries(path, asked, hits)

    def _find_queries(self, path: str, asked: Asked, hits: set[tuple[str, int]]) -> None:
        """Every entry at this path of which all parameters are among those of the request.

        An entry has its parameters in the same order as the request, so a walk along both meets each once; it
        goes only where some entry goes on. Raises TooMuchToCompareError where that is at every turn.
        """
        parameters = asked.parameters
        begun: list[tuple[tuple[str, ...], int]] = [((), 0)]
        while begun:
            taken, start = begun.pop()
            for place in range(start, len(parameters)):
                asked.step()
                key = query_key(path, (*taken, parameters[place]))
                first_two = set(islice(self._names.iterkeys(key), 2))
                if key in first_two:
                    hits.add((key, self._names[key]))
                if first_two - {key}:  # some entry goes on
                    begun.append(((*taken, parameters[place]), place + 1))


def _exactness(hit: tuple[str, int]) -> tuple[int, int, bool]:
    """Longer paths first; at one path those with a query, the longer first; then those of the host alone."""
    host, _, part = hit[0][1:].partition("/")
    path, _, query = part.partition("?")
    return -len(path), -len(query), not host.endswith(ALONE)


def _is_clear(key: str, asked: Asked) -> bool:
    path, question, query = key[1:].partition("/")[2].partition("?")
    return asked.is_clearly(f"/{path}".removesuffix("/"), query, at=bool(question))


def _add_blocks(found: list[Listing], taken: set[_Taken], key: str, says: _Says) -> None:
    if not says.blocks:
        return
    entry = entry_of(key)
    for category, list_id, important in says.blocks:
        if important or not taken or not _is_taken(category, list_id, taken):
            found.append(Listing(category, list_id, entry))


def _left(listings: Iterable[Listing], taken: Collection[_Taken]) -> Iterable[Listing]:
    if not taken:
        return listings
    return [each for each in listings if not _is_taken(each.category, each.list_id, taken)]


def _is_taken(category: str, list_id: str, taken: Collection[_Taken]) -> bool:
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


def _read(folder: Path, manifest: Manifest) -> memoryview:
    """The numbers that say of what kind each name is: kept, so that nobody who writes into the file later
    makes the names others. Raises IndexFault, OSError."""
    raw = (folder / CLASSES).read_bytes()
    if hashlib.sha256(raw).hexdigest() != manifest.files.get(CLASSES):
        raise IndexFault(folder, f"{CLASSES} is damaged")
    numbers = array("H" if manifest.width == "H" else "I")
    numbers.frombytes(raw)
    return memoryview(numbers).toreadonly()

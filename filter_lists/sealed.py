"""Lists of illegal content in an index (D9, I7): is an address on them? Nothing else can be asked.

    sealed.bin    where each bucket of hashes begins; then hash + number of its (category, list_id, kind)
    sealed.json   those, and which key made the hashes

Both files are mapped or tiny, whatever the lists' size. Most requests go to hosts of which no list holds
anything: that costs a few hashes once, and is then remembered by host.
"""

import json
import mmap
import struct
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from filter_lists.asked import Asked
from filter_lists.keys import host_key, path_key, query_key
from filter_lists.names import Url, path_spellings
from filter_lists.sealed_key import DIGEST, GIVE_BACK, digest_of, key_id
from filter_lists.sealed_source import BELOW, HIT, MORE, SealedList, host_steps
from filter_lists.summary import IndexFault, ListSummary

TABLE, HEAD = "sealed.bin", "sealed.json"
FILES = (TABLE, HEAD)
RECORD = struct.Struct(f"{DIGEST}sH")
REMEMBERED = 4096  # hosts
MOST_BITS = 22

Pair = tuple[str, str]  # category, list_id
Kind = tuple[str, str, int]  # and HIT, MORE, BELOW


class _Found(NamedTuple):
    """What is known of a key: which lists have it as an entry, and whether any has parts of it."""

    pairs: tuple[Pair, ...] = ()
    parts: bool = False


NOTHING = _Found()


class _Head(NamedTuple):
    """`deepest`: the most segments in a path of an entry. `kinds`: what a record says of its hash."""

    key_id: str
    bits: int
    records: int
    deepest: int
    kinds: tuple[Kind, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        raw = json.loads(path.read_bytes())
        kinds = tuple((str(category), str(list_id), int(kind)) for category, list_id, kind in raw["kinds"])
        return cls(str(raw["key_id"]), int(raw["bits"]), int(raw["records"]), int(raw["deepest"]), kinds)

    @property
    def size_of_starts(self) -> int:
        return ((1 << self.bits) + 1) * 4


class HasLists(Protocol):
    @property
    def lists(self) -> tuple[ListSummary, ...]: ...


def sealed_lists(index: HasLists) -> frozenset[str]:
    """The ids of the sealed lists in a generation: none of them may be missing from a later one."""
    return frozenset(each.list_id for each in index.lists if each.sealed)


def build(parts: Iterable[tuple[str, str, Path]], folder: Path) -> tuple[str, ...]:
    """Write the files of these sealed lists (list_id, category, what `seal` made); their names.

    Raises IndexFault for what is no sealed list, and for lists that were sealed with different keys.
    """
    read = [(list_id, category, SealedList.read(path)) for list_id, category, path in parts]
    if not read:
        return ()  # and no files
    if len({each.key_id for _, _, each in read}) > 1:
        names = ", ".join(sorted(list_id for list_id, _, _ in read))
        raise IndexFault(folder, f"sealed with different keys: {names}; fetch them anew")
    kinds = sorted({(category, list_id, kind) for list_id, category, each in read for _, kind in each})
    number = {kind: place for place, kind in enumerate(kinds)}
    records = sorted(
        (hashed, number[category, list_id, kind]) for list_id, category, each in read for hashed, kind in each
    )
    bits = min(len(records).bit_length() + 1, MOST_BITS)
    _write(folder / TABLE, records, bits)
    deepest = max(each.deepest for _, _, each in read)
    head = _Head(read[0][2].key_id, bits, len(records), deepest, tuple(kinds))
    (folder / HEAD).write_text(json.dumps(head._asdict(), sort_keys=True))
    return FILES


def _write(path: Path, records: list[tuple[bytes, int]], bits: int) -> None:
    starts = array("I", bytes(((1 << bits) + 1) * 4))
    for hashed, _ in records:
        starts[_bucket(hashed, bits) + 1] += 1
    for place in range(1, len(starts)):
        starts[place] += starts[place - 1]
    path.write_bytes(starts.tobytes() + b"".join(RECORD.pack(*each) for each in records))


def _bucket(hashed: bytes, bits: int) -> int:
    return int.from_bytes(hashed[:4]) >> (32 - bits)


class SealedIndex:
    """The sealed lists of one generation. Of an address it tells which lists have it."""

    def __init__(self, key: bytes, head: _Head, table: memoryview) -> None:
        self._digest = digest_of(key)
        self._head = head
        self._shift = 32 - head.bits
        self._starts = table[: head.size_of_starts].cast("I")
        self._records = table[head.size_of_starts :]
        self._hosts: dict[str, tuple[tuple[str, _Found], ...]] = {}

    @classmethod
    def open(cls, folder: Path, key: bytes) -> Self:
        """`folder` holds what `build` wrote. Raises IndexFault, also where another key made it."""
        try:
            head = _Head.read(folder / HEAD)
            with (folder / TABLE).open("rb") as file:
                table = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexFault(folder, f"its sealed lists cannot be read ({type(error).__name__})") from None
        if head.key_id != key_id(key):
            raise IndexFault(folder, f"its sealed lists were made with another key: {GIVE_BACK}")
        if len(table) != head.size_of_starts + head.records * RECORD.size:
            raise IndexFault(folder, "its sealed lists are damaged")
        return cls(key, head, table)

    def __repr__(self) -> str:
        return "SealedIndex(not shown)"

    def lookup(self, url: Url) -> list[Pair]:
        """The (category, list_id) of every list that has this address, each once."""
        listed = self._hosts.get(url.host)
        if listed is None:
            listed = self._remember(url.host)
        if not listed:
            return []
        found: dict[Pair, None] = {}
        for key, at_host in listed:
            if at_host.parts:
                found |= dict.fromkeys(self._find_parts(key, url))
            found |= dict.fromkeys(at_host.pairs)
        return list(found)

    def within(self, host: str) -> set[Pair]:
        """What has this host as an entry, or pages of it, or anything below; and pages of those above it."""
        whole, found = host_key(host), set[Pair]()
        for key in host_steps(host):
            kinds = self._kinds(key)
            wanted = MORE | BELOW if key == whole else MORE
            found |= {(category, list_id) for category, list_id, kind in kinds if kind & wanted}
        return found

    def gone(self, new: "SealedIndex | None") -> Counter[Pair]:
        """How many entries of each list are not in it any more. Which, nobody can tell."""
        kept = set() if new is None else set(new._entries())
        return Counter(pair for hashed, pair in self._entries() if (hashed, pair) not in kept)

    def _entries(self) -> Iterator[tuple[bytes, Pair]]:
        for hashed, number in RECORD.iter_unpack(self._records):
            category, list_id, kind = self._head.kinds[number]
            if kind & HIT:
                yield hashed, (category, list_id)

    def _remember(self, host: str) -> tuple[tuple[str, _Found], ...]:
        """The keys of this host and of those above it that a list has, or has parts of; most exact first."""
        if len(self._hosts) >= REMEMBERED:
            self._hosts.clear()
        listed: list[tuple[str, _Found]] = []
        for key in host_steps(host):
            found = self._find(key)
            if found is None:  # nor is anything from here on
                break
            if found.pairs or found.parts:
                listed.insert(0, (key, found))
        self._hosts[host] = answer = tuple(listed)
        return answer

    def _find_parts(self, host: str, url: Url) -> Iterator[Pair]:
        for spelling in path_spellings(url.path):
            whole = path_key(host, spelling)
            for key in _prefixes(whole, len(host) + 1, self._head.deepest):
                found = self._find(key) or NOTHING
                yield from found.pairs
                if found.parts and key == whole and url.query:
                    asked = Asked(url)
                    yield from self._find_queries(key, (), asked.parameters, asked)

    def _find_queries(
        self, path: str, taken: tuple[str, ...], left: tuple[str, ...], asked: Asked
    ) -> Iterator[Pair]:
        """Parameters stand in one order in a key, so one walk meets every key made of some of them."""
        for place, parameter in enumerate(left):
            asked.step()
            found = self._find(query_key(path, (*taken, parameter))) or NOTHING
            yield from found.pairs
            if found.parts:
                yield from self._find_queries(path, (*taken, parameter), left[place + 1 :], asked)

    def _kinds(self, key: str) -> list[Kind]:
        hashed = self._digest(key)
        bucket = int.from_bytes(hashed[:4]) >> self._shift
        first, end = self._starts[bucket], self._starts[bucket + 1]
        return [self._kind_at(place) for place in range(first, end) if self._hash_at(place) == hashed]

    def _find(self, key: str) -> _Found | None:
        kinds = self._kinds(key)
        if not kinds:
            return None
        pairs = tuple((category, list_id) for category, list_id, kind in kinds if kind & HIT)
        return _Found(pairs, any(kind & MORE for _, _, kind in kinds))

    def _hash_at(self, place: int) -> bytes:
        start = place * RECORD.size
        return bytes(self._records[start : start + DIGEST])

    def _kind_at(self, place: int) -> Kind:
        _, number = RECORD.unpack_from(self._records, place * RECORD.size)
        return self._head.kinds[number]


def _prefixes(key: str, start: int, deepest: int) -> Iterator[str]:
    """The path keys that cover this one, itself included; none of more segments than any entry has."""
    end = key.find("/", start)
    for _ in range(deepest + 1):
        if end < 0:
            return
        yield key[: end + 1]
        end = key.find("/", end + 1)

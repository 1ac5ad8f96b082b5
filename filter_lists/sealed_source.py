"""A list of illegal content as it lies on our disk: keyed hashes of its keys, in the order of the hashes.

What a provider sends is sealed in memory and then forgotten. A sealed list holds no exceptions: nothing can
take its entries back.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

from filter_lists.entry import Entry
from filter_lists.keys import ALONE, host_key, keys_of, parameters_of, query_key
from filter_lists.names import is_ip
from filter_lists.sealed_key import DIGEST, digest_of, key_id
from filter_lists.summary import IndexFault

MAGIC = b"schoolgate sealed list 1\n"
SUFFIX = ".sealed"
HIT, MORE, BELOW = 1, 2, 4  # this key is an entry; parts of it are; hosts below it are, or it alone
RECORD = DIGEST + 1  # the hash, then what the key is


@dataclass(frozen=True, slots=True)
class SealedList:
    """One list. `deepest`: the most segments in a path of its entries. `records`: see RECORD."""

    key_id: str
    entries: int
    deepest: int
    records: bytes

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises IndexFault for what is no whole sealed list."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise IndexFault(path, f"cannot be read ({error.strerror})") from None
        head, _, records = content.removeprefix(MAGIC).partition(b"\n")
        try:
            told = json.loads(head)
            found = cls(str(told["key_id"]), int(told["entries"]), int(told["deepest"]), records)
        except (ValueError, KeyError, TypeError):
            raise IndexFault(path, "is no sealed list") from None
        if not content.startswith(MAGIC) or told.get("bytes") != len(records):
            raise IndexFault(path, "is no whole sealed list")
        return found

    def to_bytes(self) -> bytes:
        told = {
            "key_id": self.key_id,
            "entries": self.entries,
            "deepest": self.deepest,
            "bytes": len(self.records),
        }
        return MAGIC + json.dumps(told, sort_keys=True).encode() + b"\n" + self.records

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        records = self.records
        for start in range(0, len(records), RECORD):
            yield records[start : start + DIGEST], records[start + DIGEST]


def seal(entries: Iterable[Entry], key: bytes) -> bytes:
    """What may be written to disk of a list. The same entries, in any order, give the same bytes.

    Raises ValueError for an exception: there are none in such a list.
    """
    digest = digest_of(key)
    kinds: dict[bytes, int] = {}
    seen: set[bytes] = set()
    deepest = 0
    for entry in entries:
        if entry.exception:
            raise ValueError("a list of illegal content has no exceptions")
        for step in host_steps(entry.host)[:-1]:
            _mark(kinds, digest(step), BELOW)
        *before, last = steps_of(entry)
        for step in before:
            _mark(kinds, digest(step), MORE)
        hashed = digest(last)
        _mark(kinds, hashed, HIT)
        seen.add(hashed)
        deepest = max(deepest, depth_of(before[1] if len(before) > 1 else last))
    records = b"".join(hashed + bytes([kind]) for hashed, kind in sorted(kinds.items()))
    return SealedList(key_id(key), len(seen), deepest, records).to_bytes()


def _mark(kinds: dict[bytes, int], hashed: bytes, kind: int) -> None:
    kinds[hashed] = kinds.get(hashed, 0) | kind


def steps_of(entry: Entry) -> tuple[str, ...]:
    """The keys that lead to an entry: host, path, then one parameter more each time; the last is it."""
    host, path, query = keys_of(entry)
    if path is None:
        return (host,)
    if query is None:
        return host, path
    parameters = parameters_of(entry.query)
    return host, path, *(query_key(path, parameters[:n]) for n in range(1, len(parameters) + 1))


def host_steps(host: str) -> tuple[str, ...]:
    """The keys under which a host may be listed: `test.`, `test.bad.`, `test.bad.$`. An address has one."""
    if is_ip(host):
        return (host_key(host),)
    keys = tuple(accumulate(label + "." for label in reversed(host.split("."))))
    return *keys, keys[-1] + ALONE


def depth_of(key: str) -> int:
    """Segments of the path in a path's key (`/example.bet./odds/live/`: 2); of a host's, none."""
    return key.count("/") - 2 if key.startswith("/") else 0

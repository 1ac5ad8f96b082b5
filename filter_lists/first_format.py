"""The names of an index of format 1, with its keys in today's spelling.

It wrote an address as `=192.0.2.1=`. Lists that a school agreed on then stay in force under a newer program.
"""

from collections.abc import Iterator
from typing import Protocol

from filter_lists.keys import ADDRESS

SIGN = "="


class Names(Protocol):
    """Of a trie, what a lookup needs."""

    def iter_prefixes_with_ids(self, key: str) -> Iterator[tuple[str, int]]: ...
    def iterkeys(self, prefix: str = "") -> Iterator[str]: ...
    def iteritems(self) -> Iterator[tuple[str, int]]: ...
    def get(self, key: str) -> int | None: ...
    def __contains__(self, key: str) -> bool: ...
    def __getitem__(self, key: str) -> int: ...


class FirstNames:
    def __init__(self, names: Names) -> None:
        self._names = names

    def iter_prefixes_with_ids(self, key: str) -> Iterator[tuple[str, int]]:
        return ((_now(found), place) for found, place in self._names.iter_prefixes_with_ids(_then(key)))

    def iterkeys(self, prefix: str = "") -> Iterator[str]:
        return map(_now, self._names.iterkeys(_then(prefix)))

    def iteritems(self) -> Iterator[tuple[str, int]]:
        return ((_now(key), place) for key, place in self._names.iteritems())

    def get(self, key: str) -> int | None:
        return self._names.get(_then(key))

    def __contains__(self, key: str) -> bool:
        return _then(key) in self._names

    def __getitem__(self, key: str) -> int:
        return self._names[_then(key)]


def _then(key: str) -> str:
    return _with(SIGN, ADDRESS, key)


def _now(key: str) -> str:
    return _with(ADDRESS, SIGN, key)


def _with(sign: str, instead: str, key: str) -> str:
    """Only where it stands around an address: at the beginning of a key, or of the host in one of a path."""
    for begin in ("", "/"):
        if key.startswith(begin + instead):
            return begin + key[len(begin) :].replace(instead, sign, 2)
    return key

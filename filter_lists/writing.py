"""The files of an index, from the keys of all its lists: first every name, then what is said of each.

No key is ever kept as an object of its own, so that millions of them fit into memory.
"""

import errno
import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import marisa_trie

from filter_lists.gathering import Batch, Gatherer
from filter_lists.manifest import (
    BLOCK,
    CLASSES,
    IMPORTANT,
    MANIFEST,
    NAMES,
    IndexFault,
    Manifest,
    Pair,
    Pairs,
    Pattern,
    check_files,
    read_manifest,
    sha256_of,
)
from filter_lists.sealed import build as build_sealed
from filter_lists.storage import new_folder, put
from filter_lists.summary import CategoryCount, ListSummary

type Tell = Callable[[str, int, int], None]  # stage, how much of it is done, and of how much


@dataclass(frozen=True, slots=True)
class Content:
    """All that goes into an index. `sealed`: list_id, category and file of what is known by hashes alone."""

    batches: Sequence[Batch]
    lists: tuple[ListSummary, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    sealed: Sequence[tuple[str, str, Path]] = ()


def silent(_stage: str, _done: int, _total: int) -> None:
    """Told of progress, says nothing."""


def write_generation(gathered: Gatherer, lists: tuple[ListSummary, ...], out_dir: Path) -> str:
    """An index of what was gathered in memory; for tests and for what is small."""
    return write_index(Content(gathered.batches(), lists, gathered.patterns), out_dir)


def write_index(content: Content, out_dir: Path, tell: Tell = silent) -> str:
    """Write `out_dir/<generation>/`, whole or not at all; the answer is its generation."""
    with new_folder(out_dir) as building:
        manifest = _write_files(content, building, tell).to_bytes()
        (building / MANIFEST).write_bytes(manifest)
        generation = hashlib.sha256(manifest).hexdigest()
        if not _is_whole(out_dir / generation):  # a whole one may be in use at this moment
            put(building, out_dir / generation)
    return generation


def _write_files(content: Content, folder: Path, tell: Tell) -> Manifest:
    sealed = build_sealed(content.sealed, folder)
    tell("names", 0, 1)
    trie = marisa_trie.Trie(chain.from_iterable(batch.keys() for batch in content.batches))
    try:
        trie.save(str(folder / NAMES))
    except RuntimeError as error:  # what the library says of a full disk
        raise OSError(errno.EIO, f"the names could not be written ({error})") from None
    tell("names", 1, 1)
    sets = _Sets(len(trie))
    for done, batch in enumerate(sorted(content.batches, key=lambda each: each.pair), 1):
        sets.add(batch.pair, map(trie.__getitem__, batch.keys()))
        tell("listings", done, len(content.batches))
    used, width, classes = sets.packed()
    (folder / CLASSES).write_bytes(classes)
    files = {name: sha256_of(folder / name) for name in (NAMES, CLASSES, *sealed)}
    lists = tuple(_with_counts(each, sets.counts, content.patterns) for each in content.lists)
    return Manifest(len(trie), width, files, used, lists, content.patterns)


class _Sets:
    """What is said of each key, as a number: keys of which the same is said share it."""

    def __init__(self, keys: int) -> None:
        self._numbers: dict[Pairs, int] = {(): 0}
        self._sets: list[Pairs] = [()]
        self._classes = array("I", bytes(4 * keys))
        self.counts: Counter[Pair] = Counter()

    def add(self, pair: Pair, keys: Iterable[int]) -> None:
        steps: dict[int, int] = {}
        classes = self._classes
        met: Counter[int] = Counter()  # by what was said before
        for key in keys:
            before = classes[key]
            after = steps.get(before)
            if after is None:
                after = steps[before] = self._number(tuple(sorted({*self._sets[before], pair})))
            if after != before:
                classes[key] = after
                met[before] += 1
        self.counts[pair] += sum(count for before, count in met.items() if self._is_new(before, pair))

    def _is_new(self, before: int, pair: Pair) -> bool:
        """An entry that is important besides is not two entries."""
        category, list_id, kind = pair
        return kind != IMPORTANT or (category, list_id, BLOCK) not in self._sets[before]

    def _number(self, pairs: Pairs) -> int:
        if pairs not in self._numbers:
            self._numbers[pairs] = len(self._sets)
            self._sets.append(pairs)
        return self._numbers[pairs]

    def packed(self) -> tuple[tuple[Pairs, ...], str, bytes]:
        """The sets in use, in an order of their own; the array type of their numbers; those of all keys."""
        used = sorted({self._sets[number] for number in set(self._classes)})
        places = array("I", bytes(4 * len(self._sets)))
        for place, pairs in enumerate(used):
            places[self._numbers[pairs]] = place
        width = "H" if len(used) <= 1 << 16 else "I"
        return tuple(used), width, array(width, map(places.__getitem__, self._classes)).tobytes()


def _with_counts(summary: ListSummary, counts: Counter[Pair], patterns: Iterable[Pattern]) -> ListSummary:
    found: dict[str, list[int]] = {}
    for (category, list_id, kind), count in counts.items():
        if list_id == summary.list_id:
            found.setdefault(category, [0, 0, 0])[0 if kind in (BLOCK, IMPORTANT) else 1] += count
    for _, _, pairs in patterns:
        for category, list_id, _ in pairs:
            if list_id == summary.list_id:
                found.setdefault(category, [0, 0, 0])[2] += 1
    if summary.sealed:
        return summary
    rows = tuple(CategoryCount(category, *numbers) for category, numbers in sorted(found.items()))
    return replace(summary, counts=rows)


def _is_whole(folder: Path) -> bool:
    try:
        check_files(folder, read_manifest(folder))
    except IndexFault:
        return False
    return True

"""The keys of lists on their way into an index, by what they say: on disk while there are millions."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from filter_lists.entry import Entry, Expression
from filter_lists.expression_size import MOST_OF_LIST, Places, at_once, places_of
from filter_lists.keys import keys_of
from filter_lists.manifest import (
    BLOCK,
    CATEGORY_EXCEPTION,
    IMPORTANT,
    OWN_EXCEPTION,
    PATHS,
    QUERIES,
    Pair,
    Pairs,
    Pattern,
)
from filter_lists.names import Site
from filter_lists.report import ReadReport, Why
from filter_lists.sources import ListSource

type Write = Callable[[str], object]
NEWLINE = "\n"
MOST_WORDS = 10_000  # of a table's own for categories that are kept: a wrong column has a million


@dataclass(frozen=True, slots=True)
class Batch:
    """Keys that all say the same. `keys` can be gone through more than once."""

    pair: Pair
    keys: Callable[[], Iterable[str]]


class Gatherer:
    """A few entries, in memory; for tests and for what is small."""

    def __init__(self) -> None:
        self._keys: dict[Pair, list[str]] = {}
        self.patterns: tuple[Pattern, ...] = ()

    def add(self, what: Site | Entry, category: str, list_id: str, kind: str = BLOCK) -> None:
        entry = Entry(what.host, what.path) if isinstance(what, Site) else what
        for pair, key in keyed(entry, (category, list_id, kind)):
            self._keys.setdefault(pair, []).append(key)

    def batches(self) -> list[Batch]:
        return [Batch(pair, lambda keys=keys: keys) for pair, keys in self._keys.items()]  # type: ignore[misc]  # mypy cannot infer a default of a lambda


def keyed(entry: Entry, pair: Pair) -> Iterator[tuple[Pair, str]]:
    """Every key that the entry needs, with what it says."""
    host, path, query = keys_of(entry)
    if path is None:
        yield pair, host
        return
    yield PATHS, host
    if query is None:
        yield pair, path
        return
    yield QUERIES, path
    yield pair, query


@dataclass(slots=True)
class Spooled:
    """One list, read: files with a key to a line, and what was not a key."""

    list_id: str
    files: dict[Pair, Path] = field(default_factory=dict)
    patterns: dict[tuple[str, str], set[Pair]] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)  # the list's own words for categories, up to MOST_WORDS
    places: Places = field(default_factory=Counter)  # of all patterns

    def batches(self) -> list[Batch]:
        return [Batch(pair, lambda path=path: _lines(path)) for pair, path in self.files.items()]  # type: ignore[misc]  # as above


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline=NEWLINE) as file:
        for line in file:
            yield line[:-1]


class Spool:
    """Writes the keys of one list to files of their own; use it in a `with`."""

    def __init__(self, source: ListSource, folder: Path) -> None:
        self._source = source
        self._folder = folder
        self._open = ExitStack()
        self._files: dict[Pair, IO[str]] = {}
        self._writes: dict[tuple[str, str], tuple[Write, ...]] = {}
        self.spooled = Spooled(source.list_id)

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, entry: Entry | Expression, theirs: str, report: ReadReport) -> None:
        """`theirs` is the list's own word for the part that is being read; an entry may say it itself."""
        kind = self._kind(entry)
        if entry.category and len(self.spooled.met) < MOST_WORDS:
            self.spooled.met.add(entry.category)
        if kind is None:
            report.take_back(Why.EXCEPTION)
        elif not self._source.ours(entry.category or theirs):
            report.take_back(Why.CATEGORY)
        elif isinstance(entry, Expression):
            self._add_expression(entry, self._pairs(entry.category or theirs, kind), report)
        else:
            self._write(entry, entry.category or theirs, kind)

    def _add_expression(self, entry: Expression, pairs: Pairs, report: ReadReport) -> None:
        said = self.spooled.patterns.get((entry.pattern, entry.scope))
        if said is None:
            together = self.spooled.places + places_of(entry.pattern)
            if at_once(together) > MOST_OF_LIST:
                report.take_back(Why.TOO_MANY_EXPRESSIONS)
                return
            self.spooled.places = together
            said = self.spooled.patterns[entry.pattern, entry.scope] = set()
        said.update(pairs)

    def _kind(self, entry: Entry | Expression) -> str | None:
        """None: an exception that this list may not make."""
        exception = isinstance(entry, Entry) and entry.exception
        if self._source.as_exceptions:
            return None if exception or isinstance(entry, Expression) else CATEGORY_EXCEPTION
        if exception:
            return {"own": OWN_EXCEPTION, "category": CATEGORY_EXCEPTION}.get(self._source.exceptions)
        return IMPORTANT if isinstance(entry, Entry) and entry.important else BLOCK

    def _write(self, entry: Entry, theirs: str, kind: str) -> None:
        host, path, query = keys_of(entry)
        key = host
        if path is not None:
            self._file(PATHS).write(host + NEWLINE)
            key = path
            if query is not None:
                self._file(QUERIES).write(path + NEWLINE)
                key = query
        writes = self._writes.get((theirs, kind))
        if writes is None:
            writes = tuple(self._file(pair).write for pair in self._pairs(theirs, kind))
            self._writes[theirs, kind] = writes
        for write in writes:
            write(key + NEWLINE)

    def _pairs(self, theirs: str, kind: str) -> Pairs:
        return tuple((ours, self._source.list_id, kind) for ours in self._source.ours(theirs))

    def _file(self, pair: Pair) -> IO[str]:
        if pair not in self._files:
            path = self._folder / f"{self._source.list_id}-{len(self._files)}.keys"
            self.spooled.files[pair] = path
            file = path.open("w", encoding="utf-8", newline=NEWLINE, buffering=1 << 16)
            self._files[pair] = self._open.enter_context(file)
        return self._files[pair]

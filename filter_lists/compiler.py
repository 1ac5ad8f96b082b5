"""From list files to one index on disk, named by its content (S88)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from filter_lists.expression_size import MOST_OF_ALL, Places, at_once, places_of
from filter_lists.gathering import MOST_WORDS, Spool, Spooled
from filter_lists.manifest import Pair, Pattern, sha256_of
from filter_lists.readers import READERS
from filter_lists.readers.lines import lines_of
from filter_lists.report import Note, ReadOptions, ReadReport, Skipped, Why
from filter_lists.sealed_source import SealedList
from filter_lists.sources import ListSource as ListSource
from filter_lists.sources import SourceFault, left_out, parts_of, shown
from filter_lists.storage import building_in, new_folder
from filter_lists.summary import CategoryCount, Counted, IndexFault, ListSummary, PartSummary
from filter_lists.writing import Content, Tell, silent, write_index

CSV = "csv"  # the format that names categories in its lines
MOST_SHOWN = 50  # of a table's own words
LONGEST_WORD = 60  # characters of one
MOST_LINES = 20_000_000  # of one file; the longest that we know has four million
WORTH_A_PROCESS = 8 << 20  # bytes of lists; below that, reading them is quicker than starting another process


class ListsError(Exception):
    """Lists that cannot be used as they are; nothing of them is. Every fault is in `faults`."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True)
class _Read:
    """A list that was read: its keys, and what there is to tell; or why not."""

    spooled: Spooled
    summary: ListSummary
    fault: str = ""


def compile_index(sources: Iterable[ListSource], out_dir: Path, tell: Tell = silent) -> str:
    """Build `out_dir/<generation>/` and answer the generation. Raises ListsError; then nothing is built.

    A list without one entry is a fault: its category would be open without anybody having decided so.
    """
    with building_in(out_dir):
        return compile_while_locked(sources, out_dir, tell)


def compile_while_locked(sources: Iterable[ListSource], out_dir: Path, tell: Tell = silent) -> str:
    ordered = sorted(sources, key=lambda each: each.list_id)
    with new_folder(out_dir) as spools:
        read = _read_all(ordered, spools, tell)
        faults = [each.fault for each in read if each.fault] + _twice(ordered) + _too_much(read)
        if faults or not read:
            raise ListsError(faults or ["no lists: a filter without lists would let everything by"])
        summaries = tuple(each.summary for each in read)
        sealed = [(each.list_id, each.category, each.path) for each in ordered if each.sealed]
        batches = [batch for each in read for batch in each.spooled.batches()]
        return write_index(Content(batches, summaries, _patterns(read), sealed), out_dir, tell)


def _twice(ordered: Sequence[ListSource]) -> list[str]:
    times = Counter(each.list_id for each in ordered)
    return [f"{list_id}: two lists have this name" for list_id, count in times.items() if count > 1]


def _too_much(read: Sequence[_Read]) -> list[str]:
    """The list that adds most is named: an update of it is refused by itself then, and no other list's."""
    different = {what for each in read for what in each.spooled.patterns}
    together: Places = sum((places_of(pattern) for pattern, _ in different), Counter())
    if at_once(together) <= MOST_OF_ALL:
        return []
    most = max(read, key=lambda each: at_once(each.spooled.places)).spooled
    return [
        f"{most.list_id}: its {len(most.patterns)} expressions, with those of other lists, would take too "
        f"long for each request ({at_once(together)} places, at most {MOST_OF_ALL}): leave one list out"
    ]


def _read_all(ordered: Sequence[ListSource], spools: Path, tell: Tell) -> list[_Read]:
    """In this process, or in two where there is much to read."""
    tell("reading", 0, len(ordered))
    places = [spools / str(number) for number in range(len(ordered))]
    if sum(map(_size, ordered)) < WORTH_A_PROCESS:
        read = map(_read, ordered, places)
        return [_told(each, number, ordered, tell) for number, each in enumerate(read, 1)]
    try:
        return _read_in_two(ordered, places, tell)
    except BrokenProcessPool:
        raise ListsError(
            ["a process that was reading the lists was ended from outside: is there enough memory?"]
        ) from None


def _read_in_two(ordered: Sequence[ListSource], places: Sequence[Path], tell: Tell) -> list[_Read]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        largest_first = sorted(range(len(ordered)), key=lambda number: -_size(ordered[number]))
        begun = {number: pool.submit(_read, ordered[number], places[number]) for number in largest_first}
        return [_told(begun[n].result(), n + 1, ordered, tell) for n in range(len(ordered))]


def _told(read: _Read, done: int, ordered: Sequence[ListSource], tell: Tell) -> _Read:
    tell("reading", done, len(ordered))
    return read


def _size(source: ListSource) -> int:
    try:
        if source.path.is_dir():
            return sum(each.stat().st_size for each in source.path.rglob("*") if each.is_file())
        return source.path.stat().st_size
    except OSError:
        return 0  # whoever reads it will say why


def _read(source: ListSource, folder: Path) -> _Read:
    """One list, all its parts. What is wrong with it is a fault, and never an exception."""
    if source.sealed:
        return _read_sealed(source)
    folder.mkdir()
    spool = Spool(source, folder)
    parts: list[PartSummary] = []
    sha256, fault = "", ""
    try:
        sha256 = sha256_of(source.path)
        with spool:
            parts += _read_parts(source, spool)
        if sha256_of(source.path) != sha256:
            fault = f"{source.list_id}: {source.path}: was changed while it was being read"
        outside = left_out(source) or _words_left_out(source, spool.spooled.met)
    except (OSError, EOFError, SourceFault) as error:
        why = getattr(error, "strerror", None) or str(error)
        fault, outside = f"{source.list_id}: {source.path}: {why}", ()
    if not fault and (never := _never_met(source, spool.spooled.met)):
        fault = f"{source.list_id}: {source.path}: has no category {', '.join(never)}{_it_has(outside)}"
    if not (fault or spool.spooled.files or spool.spooled.patterns):
        fault = f"{source.list_id}: {source.path}: not one line is understood as an entry"
    summary = ListSummary(
        source.list_id,
        source.format,
        sha256,
        source.licence,
        source.source,
        parts=tuple(parts),
        sealed=source.sealed,
        left_out=tuple(outside),
    )
    return _Read(spool.spooled, summary, fault)


def _never_met(source: ListSource, met: Set[str]) -> list[str]:
    """Words that lists.yaml has for a table, and the table has not."""
    if source.format != CSV or len(met) >= MOST_WORDS:
        return []
    return sorted(source.categories.keys() - met)


def _words_left_out(source: ListSource, met: Set[str]) -> tuple[str, ...]:
    """A table's own words that lists.yaml does not name; the first of them, where there are very many."""
    if not source.categories:
        return ()
    words = sorted(shown(word)[:LONGEST_WORD] for word in met if not source.ours(word))
    more = len(words) - MOST_SHOWN
    return (*words[:MOST_SHOWN], f"and {more} more") if more > 0 else tuple(words)


def _it_has(words: Sequence[str]) -> str:
    return f"; it has, besides those that are named: {', '.join(words)}" if words else ""


def _read_sealed(source: ListSource) -> _Read:
    spooled = Spooled(source.list_id)
    entries, sha256, fault = 0, "", ""
    try:
        entries, sha256 = SealedList.read(source.path).entries, sha256_of(source.path)
    except (OSError, IndexFault) as error:
        fault = f"{source.list_id}: {error}"
    else:
        fault = "" if entries else f"{source.list_id}: {source.path}: a sealed list without one entry"
    counts = (CategoryCount(source.category, entries),)
    licence, origin = source.licence, source.source
    told = ListSummary(
        source.list_id, source.format, sha256, licence, origin, counts, _whole(entries), sealed=True
    )
    return _Read(spooled, told, fault)


def _whole(entries: int) -> tuple[PartSummary, ...]:
    return (PartSummary("", entries, entries),)


def _read_parts(source: ListSource, spool: Spool) -> Iterator[PartSummary]:
    options = ReadOptions(source.wide, strict=source.as_exceptions)
    for part in parts_of(source):
        report = ReadReport()
        with part.open() as file:
            for entry in READERS[part.format](_not_endless(lines_of(file)), report, options):
                spool.add(entry, part.category, report)
        skipped, noted = _counted(report.skipped), _counted(report.noted)
        yield PartSummary(part.name, report.lines, report.understood, skipped, noted)


def _not_endless(lines: Iterable[bytes]) -> Iterator[bytes]:
    """A small download can unpack to lines for hours of work, and other lists wait behind it."""
    for number, line in enumerate(lines, 1):
        if number > MOST_LINES:
            raise SourceFault(f"more than {MOST_LINES:,} lines: no list is that long")
        yield line


def _counted(found: Mapping[Why, Skipped] | Mapping[Note, Skipped]) -> Counted:
    return tuple(sorted((str(what), each.count, each.line) for what, each in found.items()))


def _patterns(read: Sequence[_Read]) -> tuple[Pattern, ...]:
    said: dict[tuple[str, str], set[Pair]] = {}
    for each in read:
        for pattern, pairs in each.spooled.patterns.items():
            said.setdefault(pattern, set()).update(pairs)
    return tuple((*pattern, tuple(sorted(pairs))) for pattern, pairs in sorted(said.items()))

"""A share of every list: one line of so many, and every expression, so that only the sites are fewer."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from filter_lists.entry import Expression
from filter_lists.readers import READERS
from filter_lists.readers.lines import lines_of
from filter_lists.report import ReadOptions, ReadReport
from filter_lists.sources import ListSource, Part, parts_of

TABLE = "lists.tsv"
MIXED = ("adblock", "adblock-dns", "v2fly")  # formats with sites and expressions in one file
HEAD = 20  # lines of a zone that say what zone it is


def write_share(sources: Iterable[ListSource], step: int, folder: Path) -> Path:
    """Files of one category each, and a table of them for `sources_in`."""
    folder.mkdir()
    rows = []
    for source in sources:
        for part in parts_of(source):
            path = folder / f"{source.list_id}-{part.name}".replace("/", "-").strip("-")
            path.write_bytes(b"".join(_kept(part, step)))
            if _has_entries(part.format, path):
                (category,) = source.ours(part.category)
                rows.append(f"{category}\t{part.format}\t{path}\n")
    (folder / TABLE).write_text("".join(rows))
    return folder


def sources_in(folder: Path) -> list[ListSource]:
    rows = (line.split("\t") for line in (folder / TABLE).read_text().splitlines())
    return [ListSource(Path(path).name, category, format_, Path(path)) for category, format_, path in rows]


def _kept(part: Part, step: int) -> Iterator[bytes]:
    head = HEAD if part.format == "rpz" else 0
    with part.open() as file:
        for number, line in enumerate(file):
            if number % step == 0 or number < head or _is_expression(part.format, line):
                yield line


def _is_expression(format_: str, line: bytes) -> bool:
    if format_ not in MIXED or (line.startswith(b"||") and b"*" not in line):
        return format_ == "expressions"
    return any(isinstance(entry, Expression) for entry in _read(format_, [line]))


def _has_entries(format_: str, path: Path) -> bool:
    with path.open("rb") as file:
        return next(_read(format_, lines_of(file)), None) is not None


def _read(format_: str, lines: Iterable[bytes]) -> Iterator[object]:
    return iter(READERS[format_](lines, ReadReport(), ReadOptions()))

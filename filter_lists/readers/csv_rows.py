"""Tables with the site in one column and, perhaps, its category in another."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from filter_lists.entry import Entry
from filter_lists.readers.lines import BLANK, Noting, RefusedError, entry_of_text, numbered
from filter_lists.report import ReadOptions, ReadReport, Why

SITES = (
    "url",
    "site",
    "host",
    "hostname",
    "domain",
    "fqdn",
)  # the most exact first: a table may have several
CATEGORIES = ("category", "categories")
DELIMITERS = ",;\t"


class _Columns(NamedTuple):
    delimiter: str
    width: int
    site: int
    category: int | None

    def read(self, text: str, options: ReadOptions, note: Noting) -> Entry:
        cells = _cells(text, self.delimiter)
        if len(cells) != self.width:
            raise RefusedError(Why.COLUMNS)
        entry = entry_of_text(cells[self.site], options, note)
        return entry if self.category is None else entry._replace(category=cells[self.category])


def read_csv(lines: Iterable[bytes], report: ReadReport, options: ReadOptions) -> Iterator[Entry]:
    """The first line names the columns; each other line is a row. `# comment` stands on a line of its own.

    Where the first line names no column of sites, nothing is read: which one it is would be a guess.
    """
    rows = numbered(lines, report, _without_comment, BLANK.replace("\t", ""))
    columns = _columns(next(rows, (0, ""))[1])
    if columns is not None:
        report.understood += 1
    elif report.lines:
        report.skip(Why.HEADER, report.at)
    for number, text in rows:
        try:
            if columns is None:
                raise RefusedError(Why.HEADER)
            entry = columns.read(text, options, partial(report.note, line=number))
        except RefusedError as refused:
            report.skip(refused.why, number)
            continue
        report.understood += 1
        yield entry


def _columns(text: str) -> _Columns | None:
    """The delimiter is the one that tells a column of sites from the others."""
    for delimiter in DELIMITERS:
        try:
            names = [name.lower() for name in _cells(text, delimiter)]
        except RefusedError:
            continue
        site = _first(SITES, names)
        if site is not None:
            return _Columns(delimiter, len(names), site, _first(CATEGORIES, names))
    return None


def _first(known: Sequence[str], names: Sequence[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:  # a quote that is not closed on this line, and the like
        raise RefusedError(Why.COLUMNS) from None
    return [cell.strip(BLANK) for cell in row]


def _without_comment(text: str) -> str:
    return "" if text.startswith("#") or text.isspace() else text

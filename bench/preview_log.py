"""A term of the filtering log as a school keeps it: of pupils the path, of adults the host alone.

Of ten million rows about half a million differ in what was asked for, by whom, and in which part of the day.
"""

from collections.abc import Iterator

from bench.log_rows import COLUMNS, Row, School

ROWS = 10_000_000
PAGES = 2  # of one host, that pupils open
URL, HOST, KIND, KEEP = (COLUMNS.index(name) for name in ("url", "host", "kind", "keep"))


class Kept(School):
    """The same school, its rows cut as the gate cuts them."""

    def day(self, rows: int, tail: str) -> Iterator[Row]:
        for number, row in enumerate(super().day(rows, tail)):
            yield (*row[:URL], _url(number, row), *row[URL + 1 :])


def _url(number: int, row: Row) -> str:
    if row[KIND] == "connect":
        return f"{row[HOST]}:443"
    if row[KEEP] == "adults":
        return f"https://{row[HOST]}/"
    return f"https://{row[HOST]}/page-{number % PAGES}"

"""Zone files of name servers (RFC 1035, section 5): records, with names as they stand inside the zone."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from filter_lists.readers.lines import RefusedError, numbered
from filter_lists.report import ReadReport, Why

UNCOMMENTED = re.compile(r'(?:[^;"\\]|"[^"]*"|\\.|["\\])*', re.DOTALL)
TTL = re.compile(r"[0-9]+[0-9smhdw]*", re.IGNORECASE)
CLASSES = frozenset({"IN", "CH", "HS", "CS"})
UNKNOWN = "@"  # the name of a zone that does not say it


class Record(NamedTuple):
    """`name` is relative to the zone; "" is the zone itself."""

    line: int
    name: str
    kind: str
    data: tuple[str, ...]


def records_of(lines: Iterable[bytes], report: ReadReport) -> Iterator[Record]:
    """Each record on a line of its own. Directives, and lines of records that go on, are counted."""
    zone = _Zone()
    for number, text in numbered(zone.watched(lines), report, _without_comment):
        try:
            yield zone.record(number, text)
        except RefusedError as refused:
            report.skip(refused.why, number)


def _without_comment(text: str) -> str:
    if ";" not in text:
        return text
    if '"' not in text and "\\" not in text:
        return text.partition(";")[0].rstrip()
    return UNCOMMENTED.match(text)[0].rstrip()  # type: ignore[index]  # it matches any text


class _Zone:
    def __init__(self) -> None:
        self._apex = self._origin = UNKNOWN
        self._owner = UNKNOWN
        self._indented = False
        self._open: Why | None = None

    def watched(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """A record without a name belongs to the one before; only the line as it was shows that."""
        for line in lines:
            self._indented = line[:1] in (b" ", b"\t")
            yield line

    def record(self, number: int, text: str) -> Record:
        if self._open is not None:
            raise RefusedError(self._go_on(text))
        if text[0] == "$":
            raise RefusedError(self._directive(text.split()))
        words = text.split() or [text]
        if not self._indented:
            self._owner = self._full(words.pop(0).lower())
        while words and (words[0].upper() in CLASSES or TTL.fullmatch(words[0])):
            del words[0]
        kind = words[0].upper() if words else ""
        if kind == "SOA":
            self._apex = self._owner
        if "(" in text and ")" not in text:
            self._open = Why.SETTING if kind == "SOA" else Why.SEVERAL
            raise RefusedError(self._open)
        return Record(number, self._inside(self._owner), kind, tuple(words[1:]))

    def _go_on(self, text: str) -> Why:
        why = self._open or Why.SEVERAL
        if ")" in text:
            self._open = None
        return why

    def _directive(self, words: list[str]) -> Why:
        name = words[0].upper()
        if name == "$INCLUDE":
            return Why.INCLUDE
        if name == "$GENERATE":
            return Why.PATTERN
        if name == "$ORIGIN" and len(words) > 1:
            self._origin = self._full(words[1].lower())
            if self._apex == UNKNOWN and self._origin:
                self._apex = self._origin
        return Why.SETTING

    def _full(self, name: str) -> str:
        """Without its closing dot; the root is ""."""
        if name == "@":
            return self._origin
        if name.endswith("."):
            return name[:-1]
        return f"{name}.{self._origin}" if self._origin else name

    def _inside(self, full: str) -> str:
        if full == self._apex:
            return ""
        if not full.endswith("." + self._apex):
            raise RefusedError(Why.OUTSIDE)
        return full[: -len(self._apex) - 1]

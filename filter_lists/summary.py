"""What an index tells of each list in it: counts, never an entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

Counted = tuple[tuple[str, int, int], ...]  # what, how many lines, the first of them


class IndexFault(Exception):
    """An index that must not be used. `folder` is where it is, `why` is a sentence."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder}: {why}")
        self.folder = folder
        self.why = why


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How much of one category a list has, each entry counted once."""

    category: str
    entries: int
    exceptions: int = 0
    expressions: int = 0


@dataclass(frozen=True, slots=True)
class PartSummary:
    """One file of a list (`adult/domains`), or all of it. Each line is understood, or skipped, once."""

    name: str
    lines: int
    understood: int
    skipped: Counted = ()
    noted: Counted = ()


@dataclass(frozen=True, slots=True)
class ListSummary:
    """One list as it was compiled. `sha256` is of the file or folder it was read from."""

    list_id: str
    format: str
    sha256: str
    licence: str = ""
    source: str = ""
    counts: tuple[CategoryCount, ...] = ()
    parts: tuple[PartSummary, ...] = ()
    sealed: bool = False
    left_out: tuple[str, ...] = ()  # categories of the list's own that lists.yaml does not name

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(each.category for each in self.counts)

    @property
    def entries(self) -> int:
        return sum(each.entries + each.exceptions + each.expressions for each in self.counts)

    @property
    def lines(self) -> int:
        return sum(part.lines for part in self.parts)

    @property
    def understood(self) -> int:
        return sum(part.understood for part in self.parts)

    @property
    def skipped(self) -> Counted:
        """Over all parts; the line is that of the first part that has such a one."""
        return _summed(part.skipped for part in self.parts)

    @property
    def noted(self) -> Counted:
        return _summed(part.noted for part in self.parts)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            **{
                **raw,
                "counts": tuple(CategoryCount(**each) for each in raw["counts"]),
                "parts": tuple(_part(each) for each in raw["parts"]),
                "left_out": tuple(raw["left_out"]),
            }
        )


def _part(raw: Mapping[str, Any]) -> PartSummary:
    counted = {name: tuple(map(tuple, raw[name])) for name in ("skipped", "noted")}
    return PartSummary(**{**raw, **counted})


def _summed(counted: Any) -> Counted:
    total: dict[str, tuple[int, int]] = {}
    for each in counted:
        for what, count, line in each:
            before, first = total.get(what, (0, line))
            total[what] = (before + count, first)
    return tuple((what, count, line) for what, (count, line) in sorted(total.items()))

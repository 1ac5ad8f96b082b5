"""Where a list lies on this disk, and the parts it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Exceptions = Literal["own", "category", "none"]


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list as the compiler takes it. `format` is a key of READERS, or names a layout of several files.

    `category` is ours, for a list of one kind; `categories` maps the list's own words to ours, and what it
    does not name is left out. `exceptions`: for whose entries the list's own exceptions hold.
    `as_exceptions`: every entry of the list is one, for its whole category. `source` is as it was configured.
    """

    list_id: str
    category: str
    format: str
    path: Path
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    licence: str = ""
    source: str = ""
    wide: frozenset[str] = frozenset()
    exceptions: Exceptions = "own"
    as_exceptions: bool = False
    sealed: bool = False

    def ours(self, theirs: str) -> tuple[str, ...]:
        """Our categories for a word of the list's; none where it is left out."""
        if not self.categories:
            return (self.category,)
        return self.categories.get(theirs, ())

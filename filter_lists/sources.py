"""Where a list lies on this disk, and the parts it is made of.

A list in squidGuard's layout (UT1) is a folder or tar archive of folders, one for each category:
`adult/domains`, `adult/urls`, `adult/expressions`, each of which may be missing, and `adult/usage`.
A category may have a second name by a link (`porn -> adult`): its sites count for what both are mapped to.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

from filter_lists.archives import names_in, read_in
from filter_lists.readers.v2fly_folder import Folder
from filter_lists.report import LONGEST
from filter_lists.unpacking import LIMIT, open_one
from filter_lists.unpacking import SourceFault as SourceFault

Exceptions = Literal["own", "category", "none"]
Usage = Literal["block", "allow"]

SQUIDGUARD = "squidguard"  # the one format that is a layout of files, not a way to write one
V2FLY = "v2fly"  # both: one file, or a folder of lists where categories are named
KINDS = {"domains": "plain", "urls": "plain", "expressions": "expressions"}  # and the reader for each
PACKED = re.compile(r"\.(gz|bz2|xz|zst)\Z")
USAGES: dict[bytes, Usage] = {b"black": "block", b"white": "allow"}


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


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a list. `category` is the list's own word for it, `format` a key of READERS.

    It is opened, if at all, before the next part is asked for: archives are read as they stream by.
    """

    name: str
    category: str
    format: str
    open: Callable[[], IO[bytes]]


def parts_of(source: ListSource, limit: int = LIMIT) -> Iterator[Part]:
    """What is to be read of a list, unpacked where it is packed. Raises OSError and SourceFault.

    `limit` is for all parts together, in bytes when unpacked.
    """
    if source.format == V2FLY and source.categories:
        yield from _v2fly_parts(source, limit)
        return
    if source.format != SQUIDGUARD:
        yield Part("", "", source.format, partial(open_one, source.path, limit))
        return
    layout = _layout(source, limit)
    if missing := sorted(source.categories.keys() - layout):
        known = ", ".join(map(shown, sorted(layout))) or "none"
        raise SourceFault(f"has no category {', '.join(missing)}; it has {known}")
    parts = {
        name: (category, kind)
        for category, files in layout.items()
        for kind, name in files.items()
        if kind in KINDS and source.ours(category)
    }
    for name, open_ in read_in(source.path, parts, limit):
        category, kind = parts[name]
        yield Part(f"{category}/{kind}".lstrip("/"), category, KINDS[kind], open_)


def left_out(source: ListSource) -> tuple[str, ...]:
    """Categories of the list's own that it has, and lists.yaml does not name. Raises as `parts_of` does."""
    if source.format == V2FLY and source.categories:
        return tuple(sorted(Folder.at(source.path, LIMIT).names - source.categories.keys()))
    if source.format != SQUIDGUARD:
        return ()
    return tuple(sorted(shown(category) for category in _layout(source) if not source.ours(category)))


def usage_of(source: ListSource) -> Mapping[str, tuple[Usage, ...]]:
    """What the list says its categories are for, where it says so. Raises as `parts_of` does.

    Some are for both. An allow list that is mapped to what a school blocks would block the very best sites.
    """
    if source.format != SQUIDGUARD:
        return {}
    names = {files["usage"]: category for category, files in _layout(source).items() if "usage" in files}
    usage: dict[str, tuple[Usage, ...]] = {}
    for name, open_ in read_in(source.path, names):
        with open_() as file:
            lines = file.read(LONGEST).splitlines()
        usage[names[name]] = tuple(dict.fromkeys(USAGES[line] for line in lines if line in USAGES))
    return usage


def shown(category: str) -> str:
    """A name from somebody else's archive, safe for a terminal."""
    return "".join(c if c.isprintable() else "?" for c in category)


def _v2fly_parts(source: ListSource, limit: int) -> Iterator[Part]:
    folder = Folder.at(source.path, limit)
    if missing := sorted(source.categories.keys() - folder.names):
        raise SourceFault(f"has no category {', '.join(missing)}, among {len(folder.names)} that it has")
    for category in source.categories:
        yield Part(category, category, V2FLY, lambda name=category: BytesIO(folder.resolved(name)))  # type: ignore[misc]  # mypy cannot infer a default of a lambda


def _layout(source: ListSource, limit: int = LIMIT) -> Mapping[str, Mapping[str, str]]:
    """The names of each category's files by their kind. A folder around all categories is no part of them."""
    layout: dict[str, dict[str, str]] = {}
    for name in names_in(source.path, limit):
        category, _, file = name.rpartition("/")
        kind = PACKED.sub("", file)
        if kind in KINDS or kind == "usage":
            files = layout.setdefault(category, {})
            if kind in files:
                raise SourceFault(f"has two files for {category}/{kind}: {files[kind]!r} and {name!r}")
            files[kind] = name
    around = {category.partition("/")[0] for category in layout}
    if len(around) == 1 and all("/" in category for category in layout):
        return {category.partition("/")[2]: files for category, files in layout.items()}
    return layout

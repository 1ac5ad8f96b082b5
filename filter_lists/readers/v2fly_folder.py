"""v2fly's folder of lists, which draw in others: `include:other @ads @-cn`, or `&other` after an entry."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Self

from filter_lists.archives import names_in, read_in
from filter_lists.unpacking import SourceFault

DEEPEST = 40  # lists that draw in each other
LARGEST = 64 << 20  # bytes of all files: they are in memory while one is read
MOST = 2_000_000  # lines that all lists come to, with what they draw in

INCLUDE = b"include:"
NAME = re.compile(r"[a-z0-9!._-]+")  # of a list; what else lies about is none


class _Line(NamedTuple):
    text: bytes
    attributes: frozenset[bytes]


class _Include(NamedTuple):
    """Lines of another list that have all of some attributes and none of others."""

    name: str
    wanted: frozenset[bytes]
    unwanted: frozenset[bytes]

    def takes(self, line: _Line) -> bool:
        """An `include:` that cannot be followed goes along, so that it is counted."""
        fits = self.wanted <= line.attributes and not self.unwanted & line.attributes
        return fits or line.text.lower().startswith(INCLUDE)


class Folder:
    """`files` are all lists there are, by name. Upper and lower case in names are the same."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {name.lower(): content for name, content in files.items()}
        self._affiliated: dict[str, dict[bytes, _Line]] = {}
        self._whole: dict[str, Mapping[bytes, _Line]] = {}
        self._lines = 0
        for content in self._files.values():
            if b"&" in content:
                self._affiliate(content)

    @classmethod
    def at(cls, path: Path, limit: int) -> Self:
        """The files in a folder `data`, or all where there is none. Raises SourceFault."""
        limit = min(limit, LARGEST)
        names = names_in(path, limit)
        in_data = [name for name in names if PurePosixPath(name).parent.name == "data"]
        files: dict[str, bytes] = {}
        for name, open_ in read_in(path, in_data or names, limit):
            with open_() as file:
                list_ = PurePosixPath(name).name.lower()
                if list_ in files:
                    raise SourceFault(f"has two lists that are called {list_!r}")
                if NAME.fullmatch(list_):
                    files[list_] = file.read()
        return cls(files)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._files) | frozenset(self._affiliated)

    def resolved(self, name: str) -> bytes:
        """The list as it stands, so that the numbers of its lines hold, and behind it what it draws in.

        An `include:` that is followed becomes a comment; one that cannot be stays. Raises SourceFault.
        """
        own = self._files.get(name.lower(), b"").split(b"\n")
        drawn_in = self._all_of(name.lower(), ()).keys() - {_bare(line) for line in own}
        kept = [b"# " + line if self._found(_include(line)) else line for line in own]
        return b"".join(line + b"\n" for line in [*kept, *sorted(drawn_in)])

    def _affiliate(self, content: bytes) -> None:
        for text in map(_bare, content.split(b"\n")):
            for mark in text.split()[1:]:
                if mark[:1] == b"&" and NAME.fullmatch(_name(mark[1:])):
                    self._affiliated.setdefault(_name(mark[1:]), {})[text] = _line(text)

    def _found(self, include: _Include | None) -> _Include | None:
        return (
            include if include and (include.name in self._files or include.name in self._affiliated) else None
        )

    def _all_of(self, name: str, above: tuple[str, ...]) -> Mapping[bytes, _Line]:
        """The lines of a list and of all that it draws in. `above`: the lists that it is drawn into."""
        if name in above:
            raise SourceFault(f"has lists that draw in each other: {' > '.join((*above, name))}")
        if len(above) > DEEPEST:
            raise SourceFault(f"has more than {DEEPEST} lists that draw in each other: {above[0]} > …")
        if name not in self._whole:
            lines = dict(self._lines_of(name, (*above, name)))
            self._lines += len(lines)
            if self._lines > MOST:
                raise SourceFault(f"comes to more than {MOST} lines with what its lists draw in")
            self._whole[name] = lines
        return self._whole[name]

    def _lines_of(self, name: str, above: tuple[str, ...]) -> Iterator[tuple[bytes, _Line]]:
        yield from self._affiliated.get(name, {}).items()
        for text in map(_bare, self._files.get(name, b"").split(b"\n")):
            if include := self._found(_include(text)):
                lines = self._all_of(include.name, above).values()
                yield from ((line.text, line) for line in lines if include.takes(line))
            elif text:
                yield text, _line(text)


def _bare(line: bytes) -> bytes:
    """Without comment and what stands around it; with one blank between words."""
    return b" ".join(line.removeprefix(b"\xef\xbb\xbf").partition(b"#")[0].split())


def _line(text: bytes) -> _Line:
    marks = text.split()[1:]
    return _Line(text, frozenset(mark[1:].lower() for mark in marks if mark[:1] == b"@"))


def _include(line: bytes) -> _Include | None:
    """None for what is no `include:`, or not plainly one."""
    words = _bare(line).split()
    if not words or not words[0].lower().startswith(INCLUDE):
        return None
    marks = [mark.lower() for mark in words[1:]]
    if any(mark[:1] != b"@" or mark in (b"@", b"@-") for mark in marks):
        return None
    unwanted = frozenset(mark[2:] for mark in marks if mark[1:2] == b"-")
    wanted = frozenset(mark[1:] for mark in marks if mark[1:2] != b"-")
    return _Include(_name(words[0][len(INCLUDE) :]), wanted, unwanted)


def _name(text: bytes) -> str:
    return text.decode("utf-8", "replace").lower()

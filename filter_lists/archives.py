"""The files of a folder or of a tar archive. Nothing is put on the disk, and nothing outside is looked at."""

import io
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from filter_lists.tar import Content, members
from filter_lists.unpacking import LIMIT, Allowance, SourceFault, unpacked

NAMES = 20_000  # of files, in one list

type Open = Callable[[], io.BufferedReader]


class _Found(NamedTuple):
    """A file, or a link with what it says."""

    name: str
    target: str | None
    open: Open


def names_in(path: Path, limit: int = LIMIT) -> Mapping[str, str]:
    """Each file by its names in the folder or archive, and with the name that it really has there.

    Links inside are followed, once. Raises OSError, and SourceFault for a link or name that leads out, for
    devices and the like, and for an archive that is damaged or comes to more than `limit` bytes.
    """
    files: set[str] = set()
    links: dict[str, str] = {}
    for found in _each(path, Allowance(limit)):
        name = _inside(found.name)
        if name in files or name in links:
            raise SourceFault(f"holds {name!r} twice")
        if found.target is None:
            files.add(name)
        else:
            links[name] = _led_to(found.target, name)
        _check_count(len(files) + len(links))
    return _with_links(sorted(files), links)


def read_in(path: Path, names: Iterable[str], limit: int = LIMIT) -> Iterator[tuple[str, Open]]:
    """Files, by names that `names_in` gave. A file is opened, if at all, before the next one is asked for."""
    allowance = Allowance(limit)
    real = names_in(path, limit)
    rounds: list[dict[str, str]] = [{}]  # a second one where a file is wanted under two names
    for name in names:
        free = next((wanted for wanted in rounds if real[name] not in wanted), None)
        if free is None:
            rounds.append(free := {})
        free[real[name]] = name
    for wanted in rounds:
        for found in _each(path, allowance):
            if name := wanted.pop(_inside(found.name), ""):
                yield name, partial(_unpacked, found.open, allowance)
        if wanted:
            raise SourceFault("was changed while it was being read")


def _content(content: Content) -> io.BufferedReader:
    return io.BufferedReader(content)


def _file(path: Path) -> io.BufferedReader:
    return path.open("rb")


def _unpacked(open_: Open, allowance: Allowance) -> io.BufferedReader:
    return unpacked(open_(), allowance)


def _each(path: Path, allowance: Allowance) -> Iterator[_Found]:
    return _in_folder(path) if path.is_dir() else _in_archive(path, allowance)


def _in_archive(path: Path, allowance: Allowance) -> Iterator[_Found]:
    with unpacked(path.open("rb"), allowance) as file:
        for member in members(file):
            if member.kind != "folder":
                target = member.target if member.kind == "link" else None
                yield _Found(member.name, target, partial(_content, member.content))


def _in_folder(root: Path) -> Iterator[_Found]:
    for folder, folders, files in os.walk(root, onerror=_raise):
        folders.sort()
        for name in sorted(folders + files):
            path = Path(folder, name)
            if path.is_symlink():
                yield _Found(str(path.relative_to(root)), os.readlink(path), partial(_file, path))
            elif path.is_file():
                yield _Found(str(path.relative_to(root)), None, partial(_file, path))
            elif not path.is_dir():
                raise SourceFault(f"holds a device or a pipe, which no list needs: {name!r}")


def _raise(error: OSError) -> None:
    raise error


def _inside(name: str) -> str:
    """The plain form of a name."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise SourceFault(f"holds a name that leads out of it: {name!r}")
    return str(path)


def _led_to(target: str, link: str) -> str:
    """The name that a link leads to, and `` for all there is. Nothing on the disk is asked."""
    parts = list(PurePosixPath(link).parts[:-1])
    for part in PurePosixPath(target).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            parts = ["/"]
            break
    if parts[:1] == ["/"] or PurePosixPath(target).is_absolute():
        raise SourceFault(f"holds a link that leads out of it: {link!r}")
    return "/".join(parts)


def _with_links(files: Sequence[str], links: Mapping[str, str]) -> Mapping[str, str]:
    named = {name: name for name in files}
    for link, target in sorted(links.items()):
        if any(each in links for each in _with_folders(target)):
            raise SourceFault(f"holds a link to a link: {link!r}")
        if (target or ".") in _with_folders(link):
            raise SourceFault(f"holds a link to a folder that it stands in: {link!r}")
        for name in _at_or_below(target, files):
            alias = link + name.removeprefix(target)
            if alias in named:
                raise SourceFault(f"holds {alias!r} twice")
            named[alias] = name
            _check_count(len(named))
    return named


def _with_folders(name: str) -> Sequence[str]:
    return name, *map(str, PurePosixPath(name).parents)


def _at_or_below(target: str, files: Sequence[str]) -> Iterator[str]:
    """`files` are in order."""
    if target in files[bisect_left(files, target) :][:1]:
        yield target
    for place in range(bisect_left(files, target + "/"), len(files)):
        if not files[place].startswith(target + "/"):
            break
        yield files[place]


def _check_count(count: int) -> None:
    if count > NAMES:
        raise SourceFault(f"holds more than {NAMES} files")

"""A tar archive as it streams by: strict, since one that ends early is a shorter list."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from filter_lists.unpacking import SourceFault

BLOCK = tarfile.BLOCKSIZE
LONGEST = 1 << 16  # bytes of a name, or of what else may stand in front of a file
CHUNK = 1 << 16

KINDS: dict[bytes, Literal["file", "folder", "link"]] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link",
}
NAMES = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
IGNORED = (tarfile.XGLTYPE, b"V")  # defaults for all files, and the name of the volume
ODD = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a file with holes",
}


class Content(io.RawIOBase):
    """What a file holds, until the next one is asked for."""

    def __init__(self, file: io.BufferedReader, size: int) -> None:
        self._file = file
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower than io's Buffer
        if self.closed:
            raise ValueError("a file of an archive is read in its turn, and once")
        count = self._file.readinto(memoryview(buffer)[: self.left])
        if not count and self.left and len(buffer):
            raise SourceFault("is no whole archive: its end is missing")
        self.left -= count
        return count


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    kind: Literal["file", "folder", "link"]
    target: str  # of a link, as it stands there
    content: Content


def members(file: io.BufferedReader) -> Iterator[Member]:
    """Raises SourceFault for what is no archive, no whole one, or holds what no list needs."""
    told: dict[str, str] = {}  # what stands in front of a file and is about it
    while (header := _header(file)) is not None:
        size = _size(header, told)
        content = Content(file, size)
        if header.type in KINDS:
            name, target = told.get("path", header.name), told.get("linkpath", header.linkname)
            yield Member(name, KINDS[header.type], target, content)
            told = {}
        elif header.type not in IGNORED:
            told |= _in_front(header, content)
        _skip(file, content.left + -size % BLOCK)
        content.close()
    while file.read(CHUNK):  # a packed one is checked to its end
        pass


def _size(header: tarfile.TarInfo, told: Mapping[str, str]) -> int:
    if header.type in (tarfile.DIRTYPE, tarfile.SYMTYPE):
        return 0  # whatever is written there
    written = str(header.size)
    return _number(told.get("size", written) if header.type in KINDS else written)


def _header(file: io.BufferedReader) -> tarfile.TarInfo | None:
    """None at the end of the archive."""
    block = file.read(BLOCK)
    if block == bytes(BLOCK):
        return None
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.TarError as error:
        raise SourceFault(f"is no tar archive, or no whole one: {error}") from None


def _in_front(header: tarfile.TarInfo, content: Content) -> dict[str, str]:
    if header.type in ODD:
        raise SourceFault(f"holds {ODD[header.type]}, which no list needs: {header.name!r}")
    if header.type not in NAMES and header.type != tarfile.XHDTYPE:
        raise SourceFault(f"holds what no list needs (type {header.type!r}): {header.name!r}")
    if content.left > LONGEST:
        raise SourceFault(f"holds a name of more than {LONGEST} bytes")
    text = content.readall()
    if header.type in NAMES:
        return {NAMES[header.type]: text.partition(b"\0")[0].decode("utf-8", "replace")}
    return dict(_records(text))


def _records(text: bytes) -> Iterator[tuple[str, str]]:
    """Each is `length key=value` and a line end, where the length is that of all of it."""
    while text.strip(b"\0"):
        record = text[: _number(text.partition(b" ")[0].decode("latin-1"))]
        key, equals, value = record.partition(b" ")[2].partition(b"=")
        if not equals:
            raise SourceFault("is no tar archive, or no whole one: a record without a value")
        if key.startswith(b"GNU.sparse."):
            raise SourceFault("holds a file with holes, which no list needs")
        yield key.decode("utf-8", "replace"), value.removesuffix(b"\n").decode("utf-8", "replace")
        text = text[len(record) :]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise SourceFault(f"is no tar archive, or no whole one: {text[:20]!r} is no number of bytes")
    return int(text)


def _skip(file: io.BufferedReader, count: int) -> None:
    while count:
        passed = len(file.read(min(count, CHUNK)))
        if not passed:
            raise SourceFault("is no whole archive: its end is missing")
        count -= passed

"""Compressed files, unpacked as they are read. What they are, their first bytes say, not names."""

import bz2
import io
import lzma
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import zstandard

LIMIT = 2 << 30  # bytes of a list when unpacked
MEMORY = 128 << 20  # bytes that one decompressor may use
PACKED = 1 << 10  # bytes handed to a decompressor at a time: zstd may make 32,000 times as much of them
UNPACKED = 1 << 16  # bytes asked back at a time
TAR = (257, b"ustar")  # where a tar archive says that it is one

DAMAGED = (EOFError, OSError, lzma.LZMAError, zlib.error, zstandard.ZstdError)


class SourceFault(Exception):
    """A list that cannot be read as what lists.yaml says it is; the message is a sentence."""


class Allowance:
    """How many bytes a list may still come to when unpacked, all its files together."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = self._left = limit

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise SourceFault(f"is more than {self._limit} bytes when unpacked")


class Stream(Protocol):
    """A decompressor in the manner of bz2 and lzma, for one packed stream."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max_length)


class _Zstd:
    """It gives back all there is at once, which PACKED keeps small."""

    needs_input = True

    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor(max_window_size=MEMORY).decompressobj()

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(data)


STREAMS: dict[re.Pattern[bytes], Callable[[], Stream]] = {
    re.compile(rb"\x1f\x8b\x08"): _Gzip,
    re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"): bz2.BZ2Decompressor,  # no host that begins with BZh
    re.compile(rb"\xfd7zXZ\0"): lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY),
    re.compile(rb"\x28\xb5\x2f\xfd"): _Zstd,
}


class _Unpacked(io.RawIOBase):
    """Streams that follow each other count as one, as the tools that pack have it."""

    def __init__(self, packed: io.BufferedReader, new: Callable[[], Stream], allowance: Allowance) -> None:
        self._packed = packed
        self._new = new
        self._stream = new()
        self._allowance = allowance
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower than io's Buffer
        try:
            while not self._rest and self._more():
                pass
        except DAMAGED as error:
            raise SourceFault(f"is damaged: {error}") from None
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._packed.close()
        super().close()

    def _more(self) -> bool:
        """Unpack a little more into `_rest`; False where nothing is left."""
        data = b""
        if self._stream.eof:
            data = self._following()
            if not data:
                return False
            self._stream = self._new()
        elif self._stream.needs_input:
            data = self._packed.read(PACKED)
            if not data:
                raise EOFError("its end is missing")
        self._rest = memoryview(self._stream.decompress(data, UNPACKED))
        self._allowance.take(len(self._rest))
        return True

    def _following(self) -> bytes:
        """The start of the stream after this one, without the zeros that may lie between."""
        data = self._stream.unused_data.lstrip(b"\0")
        while not data and (data := self._packed.read(PACKED)):
            data = data.lstrip(b"\0")
        return data


def unpacked(file: io.BufferedReader, allowance: Allowance) -> io.BufferedReader:
    """The same file, unpacked if it is packed. Raises SourceFault, now or when it is read."""
    start = file.peek(10)
    for magic, new in STREAMS.items():
        if magic.match(start):
            return io.BufferedReader(_Unpacked(file, new, allowance), UNPACKED)
    return file


def open_one(path: Path, limit: int = LIMIT) -> io.BufferedReader:
    """A file that is a list by itself. Raises OSError and SourceFault."""
    file = unpacked(path.open("rb"), Allowance(limit))
    place, magic = TAR
    if file.peek(place + len(magic))[place:].startswith(magic):
        file.close()
        raise SourceFault("is an archive of several files, and this format is one file")
    return file

"""For formats where a line may bear on lines before it: the list is gone through more than once."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader, BufferedWriter
from tempfile import TemporaryFile

import zstandard

LENGTH = 4  # bytes that tell how long the next line is
CHUNK = 1 << 16

type Again = Callable[[], Iterator[bytes]]


@contextmanager
def kept(lines: Iterable[bytes], mark: bytes) -> Iterator[tuple[Again, bool]]:
    """The lines, to be gone through as often as needed, and whether one has `mark` in it.

    They lie packed in a file without a name: a list of millions costs no memory, and little room where
    temporary files are kept in memory.
    """
    with TemporaryFile(prefix="list-") as file:
        marked = False
        packed = zstandard.ZstdCompressor(level=1).stream_writer(file, closefd=False)
        with BufferedWriter(packed, CHUNK) as writer:  # type: ignore[type-var]  # a raw writer in all but its type
            for line in lines:
                writer.write(len(line).to_bytes(LENGTH) + line)
                marked = marked or mark in line

        def again() -> Iterator[bytes]:
            file.seek(0)
            unpacked = zstandard.ZstdDecompressor().stream_reader(file, closefd=False)
            with BufferedReader(unpacked, CHUNK) as reader:
                while length := reader.read(LENGTH):
                    yield reader.read(int.from_bytes(length))

        yield again, marked

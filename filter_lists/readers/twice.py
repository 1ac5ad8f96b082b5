"""For formats where a line may bear on lines before it: the list is gone through more than once."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile

LENGTH = 4  # bytes that tell how long the next line is

type Again = Callable[[], Iterator[bytes]]


@contextmanager
def kept(lines: Iterable[bytes], mark: bytes) -> Iterator[tuple[Again, bool]]:
    """The lines, to be gone through as often as needed, and whether one has `mark` in it.

    They lie in a file without a name, so a list of millions costs no memory.
    """
    with TemporaryFile(prefix="list-") as file:
        marked = False
        for line in lines:
            file.write(len(line).to_bytes(LENGTH) + line)
            marked = marked or mark in line

        def again() -> Iterator[bytes]:
            file.seek(0)
            while length := file.read(LENGTH):
                yield file.read(int.from_bytes(length))

        yield again, marked

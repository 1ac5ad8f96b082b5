"""Packed files are read whole, within their allowance, or not at all."""

import bz2
import gzip
import lzma
import tarfile
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filter_lists.unpacking import SourceFault, open_one

type Pack = Callable[[bytes], bytes]

PACKS: dict[str, Pack] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
}
pack = pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
TEXT = b"".join(b"bet-%d.example\n" % number for number in range(5000))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "list.txt"


def read(path: Path, limit: int = 1 << 24) -> bytes:
    with open_one(path, limit) as file:
        return file.read()


@pack
@pytest.mark.parametrize("text", [b"", b"bet.example", TEXT])
def test_a_packed_file_is_read_as_what_was_packed_whatever_its_name(
    file: Path, pack: Pack, text: bytes
) -> None:
    file.write_bytes(pack(text))
    assert read(file) == text


@pytest.mark.parametrize("text", [b"", b"bet.example\n", b"BZhosting.example\n", b"\x1f\x8bet.example", TEXT])
def test_what_is_not_packed_is_read_as_it_is(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    assert read(file) == text


@pack
def test_packed_files_in_a_row_are_one(file: Path, pack: Pack) -> None:
    file.write_bytes(pack(b"bet.example\n") + bytes(2048) + pack(TEXT) + bytes(4))
    assert read(file) == b"bet.example\n" + TEXT


@pack
@pytest.mark.parametrize("missing", [1, 4, 9, 500])
def test_a_file_whose_end_is_missing_is_a_fault_and_not_a_shorter_list(
    file: Path, pack: Pack, missing: int
) -> None:
    file.write_bytes(pack(TEXT)[:-missing])
    with pytest.raises(SourceFault, match="damaged"):
        read(file)


@pack
def test_what_follows_a_packed_file_and_is_none_is_a_fault(file: Path, pack: Pack) -> None:
    file.write_bytes(pack(TEXT) + b"<html>")
    with pytest.raises(SourceFault, match="damaged"):
        read(file)


@pack
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(data=st.data())
def test_a_changed_byte_is_a_fault_or_changes_nothing(file: Path, pack: Pack, data: st.DataObject) -> None:
    packed = bytearray(pack(TEXT))
    packed[data.draw(st.integers(12, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(packed)
    try:
        text = read(file)
    except SourceFault:
        return
    assert text == TEXT


@pack
def test_a_small_file_that_would_fill_the_memory_is_stopped_long_before(file: Path, pack: Pack) -> None:
    file.write_bytes(pack(bytes(1 << 26)))
    tracemalloc.start()
    try:
        with pytest.raises(SourceFault, match="is more than 1000000 bytes when unpacked"):
            read(file, limit=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pack
def test_just_the_allowance_is_allowed(file: Path, pack: Pack) -> None:
    file.write_bytes(pack(TEXT))
    assert read(file, limit=len(TEXT)) == TEXT
    with pytest.raises(SourceFault):
        read(file, limit=len(TEXT) - 1)


@pytest.mark.parametrize("pack", [bytes, *PACKS.values()])
def test_an_archive_is_not_read_as_if_it_were_one_list(file: Path, pack: Pack) -> None:
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("domains"))
    file.write_bytes(pack(archive.getvalue()))
    with pytest.raises(SourceFault, match="archive of several files"):
        open_one(file)


def test_a_file_that_is_not_there_is_an_error_of_the_system(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_one(file)

"""A tar archive is read whole, or not at all."""

import tarfile
from io import BufferedReader, BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.tar import LONGEST, members
from filter_lists.unpacking import SourceFault

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def archive(*infos: tarfile.TarInfo, text: bytes = b"bet.example\n", form: int = tarfile.PAX_FORMAT) -> bytes:
    """With this text in each file."""
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as tar:
        for info in infos:
            info.size = len(text) if info.isreg() else 0
            tar.addfile(info, BytesIO(text))
    return made.getvalue()


def info(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def read(content: bytes) -> list[tuple[str, str, str, bytes]]:
    return [
        (each.name, each.kind, each.target, each.content.readall())
        for each in members(BufferedReader(BytesIO(content)))
    ]


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("text", [b"", b"bet.example\n", b"x" * 512, b"y" * 70_000])
def test_files_folders_and_links_are_read_in_every_format(form: int, text: bytes) -> None:
    made = archive(
        info("adult", tarfile.DIRTYPE), info("adult/domains"), info("porn", tarfile.SYMTYPE, "adult"),
        info("adult/urls"), text=text, form=form,
    )  # fmt: skip
    assert read(made) == [
        ("adult", "folder", "", b""),
        ("adult/domains", "file", "", text),
        ("porn", "link", "adult", b""),
        ("adult/urls", "file", "", text),
    ]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["a/" * 90 + "ü", "a/" * 60 + "b" * 300, "é/domains"])
def test_long_names_and_names_of_other_scripts_are_read(form: int, name: str) -> None:
    made = archive(info(name), info("link", tarfile.SYMTYPE, name), info("after"), form=form)
    assert [(each[0], each[2]) for each in read(made)] == [(name, ""), ("link", name), ("after", "")]


def test_a_file_that_is_not_read_is_passed_over() -> None:
    made = archive(info("a"), info("b"), text=b"z" * 5000)
    stream = members(BufferedReader(BytesIO(made)))
    first = next(stream)
    assert first.content.read(3) == b"zzz"
    second = next(stream)
    assert second.content.readall() == b"z" * 5000
    with pytest.raises(ValueError, match="its turn"):
        first.content.read(1)


@settings(deadline=None)
@given(st.integers(0, 3 * 1024 - 1))
def test_an_archive_that_is_cut_off_anywhere_is_a_fault(length: int) -> None:
    made = archive(info("a"), info("b"), text=b"x" * 600)
    assert len(read(made)) == 2
    with pytest.raises(SourceFault, match="whole"):
        read(made[:length])


@settings(deadline=None)
@given(st.integers(0, 1535), st.integers(1, 255))
def test_a_changed_byte_of_a_header_is_a_fault_or_the_list_is_as_long(place: int, change: int) -> None:
    changed = bytearray(archive(info("a"), info("b"), info("c"), text=b""))
    changed[place] ^= change
    try:
        found = read(bytes(changed))
    except SourceFault:
        return
    assert len(found) == 3


@given(st.binary(max_size=2000))
def test_what_is_no_archive_is_a_fault(content: bytes) -> None:
    with pytest.raises(SourceFault, match="no tar archive"):
        read(b"x" + content)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.GNUTYPE_SPARSE, "a file with holes"),
        (tarfile.CONTTYPE, "what no list needs"),
        (b"Z", "what no list needs"),
    ],
)
def test_what_no_list_needs_is_a_fault(kind: bytes, what: str) -> None:
    with pytest.raises(SourceFault, match=what):
        read(archive(info("adult/domains"), info("odd", kind, "adult/domains")))


def test_a_file_with_holes_is_a_fault_in_the_newer_way_too() -> None:
    odd = info("odd")
    odd.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": "99999999999"}
    with pytest.raises(SourceFault, match="holes"):
        read(archive(odd))


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_name_that_would_fill_the_memory_is_a_fault(form: int) -> None:
    with pytest.raises(SourceFault, match="name of more than"):
        read(archive(info("n" * (LONGEST + 1)), form=form))


@pytest.mark.parametrize("size", ["-1", "x", "", "9" * 30, "1_0"])
def test_a_size_that_is_no_size_is_a_fault(size: str) -> None:
    odd = info("odd")
    odd.pax_headers = {"size": size}
    with pytest.raises(SourceFault):
        read(archive(odd))

"""The files of a folder and of an archive are the same files, and never others."""

import gzip
import os
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from filter_lists.archives import NAMES, names_in, read_in
from filter_lists.unpacking import SourceFault

type Lay = Callable[[Path, dict[str, bytes], dict[str, str]], Path]


def folder(place: Path, files: dict[str, bytes], links: dict[str, str]) -> Path:
    root = place / "list"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text)
    for name, target in links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    return root


def archive(place: Path, files: dict[str, bytes], links: dict[str, str]) -> Path:
    path = place / "list.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, target in links.items():
            link = tarfile.TarInfo("./" + name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for name, text in files.items():
            file = tarfile.TarInfo("./" + name)
            file.size = len(text)
            tar.addfile(file, BytesIO(text))
    return path


lay = pytest.mark.parametrize("lay", [folder, archive])
FILES = {"adult/domains": b"a.example\n", "adult/urls": b"", "ads/domains": b"b.example\n"}


def contents(path: Path, *names: str, limit: int = 1 << 20) -> dict[str, bytes]:
    found = {}
    for name, open_ in read_in(path, names, limit):
        with open_() as file:
            found[name] = file.read()
    return found


@lay
def test_files_are_found_and_read_by_their_names(tmp_path: Path, lay: Lay) -> None:
    path = lay(tmp_path, FILES, {})
    assert dict(names_in(path)) == {name: name for name in FILES}
    assert contents(path, *FILES) == FILES
    assert contents(path, "ads/domains") == {"ads/domains": b"b.example\n"}


@lay
def test_packed_files_inside_are_unpacked(tmp_path: Path, lay: Lay) -> None:
    path = lay(tmp_path, {"a.gz": gzip.compress(b"a.example"), "b": b"b.example"}, {})
    assert contents(path, "a.gz", "b") == {"a.gz": b"a.example", "b": b"b.example"}


@lay
def test_a_link_inside_gives_files_a_second_name(tmp_path: Path, lay: Lay) -> None:
    path = lay(tmp_path, FILES, {"porn": "adult", "x/y": "../ads/domains", "z": "./nowhere"})
    assert dict(names_in(path)) == {name: name for name in FILES} | {
        "porn/domains": "adult/domains",
        "porn/urls": "adult/urls",
        "x/y": "ads/domains",
    }
    wanted = ("porn/domains", "adult/domains", "x/y", "adult/urls")
    assert contents(path, *wanted) == {
        "porn/domains": b"a.example\n",
        "adult/domains": b"a.example\n",
        "x/y": b"b.example\n",
        "adult/urls": b"",
    }


@lay
@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("x", "/etc/passwd"),
        ("x", "../outside"),
        ("x", "adult/../../outside"),
        ("a/b/x", "../../../outside"),
        ("x", ".."),
        ("x", "../list/adult"),
    ],
)
def test_a_link_that_leads_out_is_a_fault(tmp_path: Path, lay: Lay, link: str, target: str) -> None:
    (tmp_path / "outside").write_text("not for a list\n")
    with pytest.raises(SourceFault, match="leads out"):
        names_in(lay(tmp_path, FILES, {link: target}))


@lay
@pytest.mark.parametrize(
    ("links", "why"),
    [
        ({"x": "y", "y": "adult"}, "link to a link"),
        ({"x": "x"}, "link to a link"),
        ({"x": "y/domains", "y": "adult"}, "link to a link"),
        ({"x": "."}, "stands in"),
        ({"adult/x": ".."}, "stands in"),
        ({"adult/x": "."}, "stands in"),
    ],
)
def test_links_are_followed_once_and_never_in_a_ring(
    tmp_path: Path, lay: Lay, links: dict[str, str], why: str
) -> None:
    with pytest.raises(SourceFault, match=why):
        names_in(lay(tmp_path, FILES, links))


@pytest.mark.parametrize("name", ["/etc/domains", "../domains", "adult/../../domains", "//x"])
def test_a_name_of_an_archive_that_leads_out_is_a_fault(tmp_path: Path, name: str) -> None:
    path = tmp_path / "list.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(SourceFault, match="leads out"):
        names_in(path)


@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a//b", "a/b")])
def test_two_files_of_one_name_are_a_fault(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "list.tar"
    with tarfile.open(path, "w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(SourceFault, match="twice"):
        names_in(path)


def test_a_file_below_a_link_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match="twice"):
        names_in(archive(tmp_path, FILES | {"porn/domains": b"c.example"}, {"porn": "adult"}))


def test_a_pipe_in_a_folder_is_a_fault(tmp_path: Path) -> None:
    root = folder(tmp_path, FILES, {})
    os.mkfifo(root / "pipe")
    with pytest.raises(SourceFault, match="a device or a pipe"):
        names_in(root)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_cannot_be_looked_into_is_an_error(tmp_path: Path) -> None:
    root = folder(tmp_path, FILES, {})
    (root / "adult").chmod(0)
    try:
        with pytest.raises(PermissionError):
            names_in(root)
    finally:
        (root / "adult").chmod(0o700)


@lay
def test_more_files_than_any_list_has_are_a_fault_even_if_they_are_only_names(
    tmp_path: Path, lay: Lay
) -> None:
    files = {f"many/{number}": b"" for number in range(200)}
    path = lay(tmp_path, files, {f"again-{number}": "many" for number in range(NAMES // len(files))})
    with pytest.raises(SourceFault, match="more than 20000 files"):
        names_in(path)


def test_the_allowance_is_for_all_files_of_a_list_together(tmp_path: Path) -> None:
    packed = gzip.compress(b"x" * 6000)
    path = folder(tmp_path, {"a.gz": packed, "b.gz": packed}, {})
    assert len(contents(path, "a.gz", limit=10_000)) == 1
    with pytest.raises(SourceFault, match="more than 10000 bytes"):
        contents(path, "a.gz", "b.gz", limit=10_000)


def test_an_archive_that_is_larger_than_allowed_is_a_fault(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a": bytes(1 << 20)}, {})
    with pytest.raises(SourceFault, match="more than 1000000 bytes"):
        names_in(path, 1_000_000)


def test_an_archive_that_changes_under_the_reading_is_a_fault(tmp_path: Path) -> None:
    path = archive(tmp_path, FILES, {"porn": "adult"})
    reading = read_in(path, ["adult/domains", "porn/domains"])
    next(reading)
    archive(tmp_path, {"other": b""}, {})
    with pytest.raises(SourceFault, match=r"changed|damaged|whole"):
        list(reading)

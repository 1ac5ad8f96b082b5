"""A list is one file, or a folder or archive in squidGuard's layout, of which only what is mapped is read."""

import gzip
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import zstandard

from filter_lists.entry import Entry, Expression
from filter_lists.readers import READERS
from filter_lists.readers.lines import lines_of
from filter_lists.report import ReadOptions, ReadReport
from filter_lists.sources import ListSource, Part, SourceFault, left_out, parts_of, usage_of

UT1 = {
    "adult/domains": b"a.example\n192.0.2.1\n",
    "adult/urls": b"b.example/~bet/odds\n",
    "adult/expressions": b"(^|[-.])odds([-.]|$)\n",
    "adult/usage": b"black\nadult\n",
    "adult/very_restrictive_expression": b"(o)\n",
    "adult/domains.diff": b"+c.example\n",
    "bank/domains": b"bank.example\n",
    "bank/usage": b"white\nblack\n",
    "shortener/domains": b"s.example\n",
    "shortener/urls": b"",
    "child/usage": b"# white, not black\nwhite\n",
    "README": b"about these lists",
}

type Lay = Callable[[Path, dict[str, bytes], dict[str, str]], Path]


def folder(place: Path, files: dict[str, bytes], links: dict[str, str]) -> Path:
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(text)
    for name, target in links.items():
        (place / name).symlink_to(target)
    return place


def packed_folder(place: Path, files: dict[str, bytes], links: dict[str, str]) -> Path:
    zst = zstandard.ZstdCompressor()
    return folder(place, {name + ".zst": zst.compress(text) for name, text in files.items()}, links)


def nested_folder(place: Path, files: dict[str, bytes], links: dict[str, str]) -> Path:
    folder(place / "blacklists", files, links)
    return place


def archive(place: Path, files: dict[str, bytes], links: dict[str, str], around: str = "") -> Path:
    path = place / "all.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, target in links.items():
            link = tarfile.TarInfo(around + name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for name, text in files.items():
            file = tarfile.TarInfo(around + name)
            file.size = len(text)
            tar.addfile(file, BytesIO(text))
    return path


def nested_archive(place: Path, files: dict[str, bytes], links: dict[str, str]) -> Path:
    return archive(place, files, links, "blacklists/")


lay = pytest.mark.parametrize("lay", [folder, packed_folder, nested_folder, archive, nested_archive])


def squidguard(path: Path, **categories: str) -> ListSource:
    return ListSource("ut1", "", "squidguard", path, {theirs: (ours,) for theirs, ours in categories.items()})


def read(source: ListSource) -> dict[str, list[Entry | Expression]]:
    found = {}
    for part in parts_of(source):
        with part.open() as file:
            found[part.name] = list(READERS[part.format](lines_of(file), ReadReport(), ReadOptions()))
    return found


@lay
def test_the_files_of_a_mapped_category_are_its_parts(tmp_path: Path, lay: Lay) -> None:
    source = squidguard(lay(tmp_path, UT1, {}), adult="pornography", shortener="short-links")
    assert {(part.name, part.category, part.format) for part in parts_of(source)} == {
        ("adult/domains", "adult", "plain"),
        ("adult/urls", "adult", "plain"),
        ("adult/expressions", "adult", "expressions"),
        ("shortener/domains", "shortener", "plain"),
        ("shortener/urls", "shortener", "plain"),
    }
    assert read(source) == {
        "adult/domains": [Entry("a.example"), Entry("192.0.2.1")],
        "adult/urls": [Entry("b.example", "/~bet/odds")],
        "adult/expressions": [Expression("(^|[-.])odds([-.]|$)", "page")],
        "shortener/domains": [Entry("s.example")],
        "shortener/urls": [],
    }


@lay
def test_what_is_not_mapped_is_not_read_and_named(tmp_path: Path, lay: Lay) -> None:
    source = squidguard(lay(tmp_path, UT1, {}), bank="finance")
    assert list(read(source)) == ["bank/domains"]
    assert left_out(source) == ("adult", "child", "shortener")


@lay
def test_a_category_that_the_list_has_not_is_a_fault_that_names_those_it_has(
    tmp_path: Path, lay: Lay
) -> None:
    source = squidguard(lay(tmp_path, UT1, {}), adlut="pornography", bank="finance")
    with pytest.raises(SourceFault, match="has no category adlut; it has adult, bank, child, shortener"):
        list(parts_of(source))


@lay
def test_a_category_with_a_second_name_counts_for_both(tmp_path: Path, lay: Lay) -> None:
    source = squidguard(lay(tmp_path, UT1, {"porn": "adult"}), adult="pornography", porn="explicit")
    parts = read(source)
    assert parts["porn/domains"] == parts["adult/domains"] == [Entry("a.example"), Entry("192.0.2.1")]
    assert left_out(source) == ("bank", "child", "shortener")


@lay
def test_a_second_name_may_be_the_only_one_that_is_mapped(tmp_path: Path, lay: Lay) -> None:
    source = squidguard(lay(tmp_path, UT1, {"porn": "adult"}), porn="explicit")
    assert set(read(source)) == {"porn/domains", "porn/urls", "porn/expressions"}
    assert left_out(source) == ("adult", "bank", "child", "shortener")


@lay
def test_what_a_category_is_for_is_told_as_far_as_the_list_says_it(tmp_path: Path, lay: Lay) -> None:
    assert usage_of(squidguard(lay(tmp_path, UT1, {}))) == {
        "adult": ("block",),
        "bank": ("allow", "block"),
        "child": ("allow",),
    }


def test_categories_may_lie_deeper(tmp_path: Path) -> None:
    path = folder(tmp_path, {"BL/hobby/games/domains": b"g.example", "BL/adult/domains": b"a.example"}, {})
    source = ListSource("bl", "", "squidguard", path, {"hobby/games": ("games",)})
    assert read(source) == {"hobby/games/domains": [Entry("g.example")]}
    assert left_out(source) == ("adult",)


def test_one_category_may_be_a_list_by_itself(tmp_path: Path) -> None:
    path = folder(tmp_path, {"domains": b"a.example", "urls": b""}, {})
    source = ListSource("mine", "gambling", "squidguard", path)
    assert read(source) == {"domains": [Entry("a.example")], "urls": []}
    assert left_out(source) == ()


def test_names_from_somebody_elses_archive_do_not_steer_a_terminal(tmp_path: Path) -> None:
    path = archive(tmp_path, UT1 | {"x\x1b[2J\n/domains": b"", "y\udcff/domains": b""}, {})
    assert left_out(squidguard(path, adult="pornography"))[-2:] == ("x?[2J?", "y\ufffd")
    with pytest.raises(SourceFault, match=r"shortener, x\?\[2J\?"):
        list(parts_of(squidguard(path, other="pornography")))


def test_two_files_for_one_part_are_a_fault(tmp_path: Path) -> None:
    path = folder(tmp_path, {"adult/domains": b"", "adult/domains.gz": gzip.compress(b"")}, {})
    with pytest.raises(SourceFault, match="two files for adult/domains"):
        list(parts_of(squidguard(path, adult="pornography")))


@pytest.mark.parametrize("content", [b"", b"bet.example\n" * 100, gzip.compress(b"bet.example\n", mtime=0)])
def test_what_is_neither_folder_nor_archive_is_a_fault(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "all.tar.gz").write_bytes(content)
    with pytest.raises(SourceFault, match="no tar archive"):
        list(parts_of(squidguard(tmp_path / "all.tar.gz", adult="pornography")))


def test_a_download_that_broke_off_is_a_fault(tmp_path: Path) -> None:
    path = archive(tmp_path, UT1, {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceFault, match="damaged"):
        list(parts_of(squidguard(path, adult="pornography")))


def test_a_list_that_is_larger_than_allowed_is_a_fault(tmp_path: Path) -> None:
    path = archive(tmp_path, UT1 | {"adult/domains": b"a.example\n" * 100_000}, {})
    with pytest.raises(SourceFault, match="more than 500000 bytes"):
        list(parts_of(squidguard(path, adult="pornography"), 500_000))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_any_other_list_is_one_part(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "list").write_bytes(pack(b"a.example\n"))
    source = ListSource("mine", "gambling", "plain", tmp_path / "list")
    (part,) = parts_of(source)
    assert part == Part("", "", "plain", part.open)
    assert read(source) == {"": [Entry("a.example")]}
    assert left_out(source) == ()
    assert usage_of(source) == {}


def test_a_part_is_opened_in_its_turn(tmp_path: Path) -> None:
    parts = list(parts_of(squidguard(archive(tmp_path, UT1, {}), adult="pornography")))
    with pytest.raises(ValueError, match=r"its turn|closed"):
        parts[0].open()

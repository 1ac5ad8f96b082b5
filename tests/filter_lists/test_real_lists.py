"""Real lists, from beside this checkout where they are: counts only, since nobody should read the entries."""

from pathlib import Path

import pytest

from filter_lists.compiler import ListSource, compile_index
from filter_lists.index import Index
from filter_lists.names import Url
from filter_lists.readers import READERS, ReadReport, lines_of

SMALL = Path(__file__).parents[3] / "shared" / "data" / "dev" / "small"

pytestmark = pytest.mark.skipif(
    not SMALL.is_dir(), reason="the real lists (shared/data/dev/small) are not here"
)


def files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((SMALL / folder).rglob("*")) if path.is_file()]


def lines_with_something_on_them(path: Path) -> int:
    lines = (line.removeprefix(b"\xef\xbb\xbf").strip() for line in path.read_bytes().split(b"\n"))
    return sum(bool(line) and not line.startswith(b"#") for line in lines)


@pytest.mark.parametrize("format_", READERS)
def test_both_readers_survive_every_file_and_count_each_line_once(format_: str) -> None:
    wrong = []
    for path in files("."):
        report = ReadReport()
        with path.open("rb") as file:
            entries = sum(1 for _ in READERS[format_](lines_of(file), report))
        counted = report.understood + sum(each.count for each in report.skipped.values())
        if not counted == report.lines == lines_with_something_on_them(path) or entries < report.understood:
            wrong.append(path.relative_to(SMALL))
    assert wrong == []


@pytest.mark.parametrize(("format_", "folder"), [("plain", "lists/plain"), ("hosts", "lists/hosts")])
def test_most_lines_of_a_list_in_its_own_format_are_understood(format_: str, folder: str) -> None:
    report = ReadReport()
    for path in files(folder):
        with path.open("rb") as file:
            for _ in READERS[format_](lines_of(file), report):
                pass
    assert report.understood > 0.95 * report.lines


def test_every_entry_of_every_plain_list_is_found_under_its_own_list(tmp_path: Path) -> None:
    paths = [path for path in files("lists/plain", "squidguard") if path.name not in ("usage", "expressions")]
    sources = [
        ListSource(f"list-{n}", "some", "plain", path) for n, path in enumerate(paths) if has_entries(path)
    ]
    index = Index.open(tmp_path / compile_index(sources, tmp_path))
    missing = sum(missing_of(source, index) for source in sources)
    assert missing == 0
    assert len(index.lists) == len(sources) > 50


def has_entries(path: Path) -> bool:
    with path.open("rb") as file:
        return any(True for _ in READERS["plain"](lines_of(file), ReadReport()))


def missing_of(source: ListSource, index: Index) -> int:
    with source.path.open("rb") as file:
        return sum(
            not any(
                hit.list_id == source.list_id for hit in index.lookup(Url("https", site.host, 443, site.path))
            )
            for site in READERS["plain"](lines_of(file), ReadReport())
        )

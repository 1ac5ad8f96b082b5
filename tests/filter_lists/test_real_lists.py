"""Real lists, from beside this checkout where they are: counts only, since nobody should read the entries."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from filter_lists.compiler import compile_index
from filter_lists.entry import Entry, Expression
from filter_lists.index import Index
from filter_lists.names import Url
from filter_lists.readers import READERS
from filter_lists.readers.lines import lines_of
from filter_lists.report import ReadOptions, ReadReport
from filter_lists.sources import ListSource, left_out, parts_of, usage_of
from filter_lists.unpacking import open_one

DEV = Path(__file__).parents[3] / "shared" / "data" / "dev"
SMALL = DEV / "small"
SAME = DEV / "lists" / "sameset" / "nosafesearch"

pytestmark = pytest.mark.skipif(not SMALL.is_dir(), reason="the real lists (shared/data/dev) are not here")


def read(format_: str, path: Path) -> tuple[list[Entry | Expression], ReadReport]:
    report = ReadReport()
    with open_one(path) as file:
        return list(READERS[format_](lines_of(file), report, ReadOptions())), report


def counted(report: ReadReport) -> int:
    return report.understood + sum(each.count for each in report.skipped.values())


def files(*globs: str) -> list[Path]:
    return [path for glob in globs for path in sorted(DEV.glob(glob)) if path.is_file()]


def hosts_of(format_: str, name: str) -> set[str]:
    return {entry.host for entry in read(format_, SAME / f"{name}.zst")[0] if isinstance(entry, Entry)}


def not_below_another(hosts: Iterable[str]) -> set[str]:
    given = set(hosts)
    return {host for host in given if not any(host.endswith("." + other) for other in given)}


@pytest.mark.parametrize("format_", READERS)
def test_each_reader_survives_every_file_of_every_format_and_counts_each_line_once(format_: str) -> None:
    wrong = []
    for path in files("small/**/*"):
        _, report = read(format_, path)
        if counted(report) != report.lines or report.lines > len(path.read_bytes().split(b"\n")):
            wrong.append(str(path.relative_to(SMALL)))
    assert wrong == []


@pytest.mark.parametrize(
    ("format_", "globs", "share"),
    [
        ("plain", ("lists/plain/[!v]*", "lists/popular/*", "lists/nomitm/*"), 0.99),
        ("plain", ("lists/ip/dibdot*", "lists/ip/blp*"), 0.98),
        ("hosts", ("lists/hosts/*",), 0.99),
        ("dnsmasq", ("lists/dnsmasq/*",), 1.0),
    ],
)
def test_nearly_all_of_a_list_in_its_own_format_is_understood(
    format_: str, globs: tuple[str, ...], share: float
) -> None:
    reports = [read(format_, path)[1] for path in files(*globs)]
    assert all(counted(report) == report.lines for report in reports)
    lines, understood = sum(each.lines for each in reports), sum(each.understood for each in reports)
    assert lines > 10_000
    assert understood >= share * lines


def test_ranges_of_addresses_are_counted_and_not_guessed_at() -> None:
    entries, report = read("plain", DEV / "lists" / "ip" / "x4b-vpn-ipv4.zst")
    assert not entries
    assert [(why.name, each.count) for why, each in report.skipped.items()] == [("RANGE", report.lines)]


def test_one_list_in_several_formats_says_the_same_in_each() -> None:
    names = hosts_of("plain", "domains")
    assert names == hosts_of("hosts", "hosts")
    widest = not_below_another(names)
    for format_, name in [("dnsmasq", "dnsmasq"), ("unbound", "unbound"), ("plain", "wildcard")]:
        assert hosts_of(format_, name) == widest
    assert len(names) > len(widest) > 100


def test_every_category_of_a_real_folder_is_read_and_nearly_every_line_is_understood() -> None:
    categories = {path.name: ("ours",) for path in (DEV / "squidguard" / "ut1").iterdir() if path.is_dir()}
    del categories["adult"]  # four million: the measurement reads them
    source = ListSource("ut1", "", "squidguard", DEV / "squidguard" / "ut1", categories)
    lines = understood = parts = 0
    for part in parts_of(source):
        report = ReadReport()
        with part.open() as file:
            for _ in READERS[part.format](lines_of(file), report, ReadOptions()):
                pass
        assert counted(report) == report.lines
        lines, understood, parts = lines + report.lines, understood + report.understood, parts + 1
    assert left_out(source) == ("adult",)
    assert parts > 100
    assert 0.999 * lines < understood < lines
    assert lines > 700_000


def test_what_a_real_folder_says_its_categories_are_for_is_known() -> None:
    common = DEV.parent / "common" / "squidguard" / "ut1"
    usage = usage_of(ListSource("ut1", "", "squidguard", common))
    assert len(usage) > 60
    assert usage["adult"] == ("block",)
    assert usage["liste_blanche"] == ("allow",)
    assert usage["bank"] == ("allow", "block")


def test_the_expressions_of_a_real_folder_all_run() -> None:
    paths = files("../common/squidguard/ut1/*/expressions*", "../common/squidguard/ut1/*/very_*")
    reports = [read("expressions", path)[1] for path in paths]
    assert len(reports) > 4
    assert all(report.understood == report.lines > 0 for report in reports)


def test_every_entry_of_every_list_is_found_under_its_own_list(tmp_path: Path) -> None:
    paths = [
        *files("small/lists/plain/*"),
        *files("small/squidguard/ut1/*/domains", "small/squidguard/ut1/*/urls"),
    ]
    sources = [
        ListSource(f"list-{number}", "some", "plain", path)
        for number, path in enumerate(paths)
        if read("plain", path)[0]
    ]
    index = Index.open(tmp_path / compile_index(sources, tmp_path))
    assert sum(missing_of(source, index) for source in sources) == 0
    assert len(index.lists) == len(sources) > 50


def missing_of(source: ListSource, index: Index) -> int:
    urls = [
        Url("https", entry.host, 443, entry.path, entry.query)
        for entry in read("plain", source.path)[0]
        if isinstance(entry, Entry)
    ]
    return sum(all(hit.list_id != source.list_id for hit in index.lookup(url)) for url in urls)

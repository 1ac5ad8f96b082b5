"""Every list there is here, compiled together, against the oracle and against two tables made by others.

Counts only, since nobody should read the entries. What is compiled is a share: every fiftieth line, and each
that names a host asked about here or a name above one, so that the answers are those of the whole. The whole
is asked for in the long rounds.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pytest

from bench.real_lists import ABSENT, DATA, popular_hosts, rows_in, sources, unpack_ut1, ut1_files
from filter_lists.compiler import compile_index
from filter_lists.entry import Entry
from filter_lists.index import Index
from filter_lists.names import NameFault, Url, parse_url
from filter_lists.readers.suffixes import is_public_suffix
from filter_lists.sources import ListSource
from filter_lists.unpacking import LIMIT, open_one
from tests.filter_lists.oracle import Oracle, difference, entries_of, hosts_over

EVERY = 50
LARGE = 20_000  # bytes, compressed
NAMES = re.compile(rb"[/=\s]+")  # what stands between them
NAMES_ONLY = ("domains", "urls", "ut1-ever-malware-phishing.domains", "ut1-ever-malware-phishing.urls")
IN_WORDS = ("plain", "hosts", "dnsmasq")  # formats of which a line can be left out without changing another
ROUNDS = "SCHOOLGATE_TORTURE_ROUNDS"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=ABSENT)


@dataclass(frozen=True, repr=False)  # a failing test shows no host
class Asked:
    probes: list[dict[str, str]]
    traffic: list[dict[str, str]]
    popular: list[str]

    def urls(self) -> Iterator[str]:
        yield from (row["url"] for row in (*self.probes, *self.traffic))
        yield from (f"https://{host}/" for host in self.popular)


@dataclass(frozen=True, repr=False)
class Built:
    sources: list[ListSource]
    index: Index


def parsed(urls: Iterable[str]) -> Iterator[Url]:
    for url in urls:
        try:
            yield parse_url(url)
        except NameFault:
            continue


@pytest.fixture(scope="module")
def asked() -> Asked:
    probes, traffic = rows_in("dev/probes/ut1_domain_probes.tsv"), rows_in("dev/traffic/urls-labelled.tsv")
    return Asked(list(probes), list(traffic), popular_hosts())


@pytest.fixture(scope="module")
def built(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Built:
    hosts = {url.host for url in parsed(asked.urls())}
    near = {name.encode() for host in hosts for name in hosts_over(host)}
    folder = tmp_path_factory.mktemp("lists")
    found = [a_share(source, near, folder) for source in sources(a_share_of_ut1(near, folder / "ut1"))]
    return Built(found, Index.open(folder / compile_index(found, folder)))


def a_share_of_ut1(near: set[bytes], folder: Path) -> Path:
    for name, packed in ut1_files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_one(packed, LIMIT) as file:
            path.write_bytes(b"".join(thinned_names(file, near) if path.name in NAMES_ONLY else file))
    return folder


def a_share(source: ListSource, near: set[bytes], folder: Path) -> ListSource:
    if source.format not in IN_WORDS or source.path.stat().st_size < LARGE:
        return source
    share = folder / f"{source.list_id}.txt"
    with open_one(source.path, LIMIT) as file:
        thin = thinned_names if source.path.stem in NAMES_ONLY else thinned
        share.write_bytes(b"".join(thin(file, near)))
    return replace(source, path=share)


def thinned(lines: Iterable[bytes], near: set[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        if number % EVERY == 0 or not near.isdisjoint(NAMES.split(line.lower())):
            yield line


def thinned_names(lines: Iterable[bytes], near: set[bytes]) -> Iterator[bytes]:
    """The same, for millions of lines with nothing but a name and perhaps a path."""
    for number, line in enumerate(lines):
        if number % EVERY == 0 or line.rstrip() in near or line.partition(b"/")[0] in near:
            yield line


@pytest.fixture(scope="module")
def oracle(built: Built) -> Oracle:
    return Oracle(built.sources)


@dataclass(frozen=True, repr=False)
class Toulouse:
    """That list alone, with each category in its own word; and the lines of its files of domains."""

    index: Index
    lines: dict[str, set[str]]

    def words(self, url: Url, is_part: bool | None = None) -> set[str]:
        found = self.index.lookup(url)
        return {each.category for each in found if is_part in (None, "/" in each.entry)}

    def is_explained(self, url: Url, missing: Iterable[str]) -> bool:
        """No line says so, but perhaps one for everybody's sites under a suffix: such are told of."""
        over = hosts_over(url.host)
        return not any(
            host in self.lines.get(category, set()) and not is_public_suffix(host)
            for host in over
            for category in missing
        )


@pytest.fixture(scope="module")
def toulouse(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Toulouse:
    ut1 = next(source for source in built.sources if source.list_id == "ut1")
    own = replace(ut1, categories={word: (word,) for word in ut1.categories})
    folder = tmp_path_factory.mktemp("toulouse")
    files = ut1.path.glob("*/domains")
    lines = {path.parent.name: set(path.read_text("latin-1").split()) for path in files}
    return Toulouse(Index.open(folder / compile_index([own], folder)), lines)


def words(cell: str) -> set[str]:
    return set(filter(None, cell.split(",")))


def test_each_probe_has_the_categories_that_its_makers_expect(asked: Asked, toulouse: Toulouse) -> None:
    """But for those of whole suffixes; and URLs with a name and password in them are refused."""
    became: Counter[str] = Counter()
    for row in asked.probes:
        expected = words(row["expected_ut1_categories"])
        try:
            url = parse_url(row["url"])
        except NameFault:
            became["userinfo" if row["variant"] == "userinfo" else "wrongly refused"] += 1
            continue
        found = toulouse.words(url)
        became["as expected"] += found == expected
        became["explained"] += found < expected and toulouse.is_explained(url, expected - found)
    assert became["userinfo"] == sum(row["variant"] == "userinfo" for row in asked.probes)
    assert became["explained"] < 40
    assert became.total() == len(asked.probes) > 17_000


def test_real_traffic_has_the_categories_that_another_program_found(asked: Asked, toulouse: Toulouse) -> None:
    """But for whole suffixes, and for more parts: that program minds upper case in paths."""
    became: Counter[str] = Counter()
    for row in asked.traffic:
        try:
            url = parse_url(row["url"])
        except NameFault:
            became["refused"] += 1
            continue
        hosts, parts = words(row["ut1_host_categories"]), words(row["ut1_url_categories"])
        found = toulouse.words(url, is_part=False)
        right = found <= hosts and parts <= toulouse.words(url, is_part=True)
        became["as expected"] += right and found == hosts
        became["explained"] += right and found < hosts and toulouse.is_explained(url, hosts - found)
    assert became["refused"] < 50
    assert became["explained"] < 600
    assert became.total() == len(asked.traffic) > 180_000


def near_misses(entry: Entry) -> Iterator[Url]:
    """The entry itself; and what only looks like it, or is a little less or more than it."""
    host, path, query = entry.host, entry.path, entry.query
    for name in (
        host,
        f"x{host}",
        f"www.{host}",
        f"{host}x",
        host.partition(".")[2] or host,
        host[1:] or host,
    ):
        yield Url("https", name.strip("."), 443, path, query)
    for part in (
        f"{path}/x",
        f"{path}x",
        path.rpartition("/")[0] or "/",
        path.upper(),
        f"{path};a=b",
        f"/.{path}",
    ):
        yield Url("https", host, 443, part, query)
    for asked in (f"x=1&{query}", query.partition("&")[2], query.upper(), f"{query}x"):
        yield Url("https", host, 443, path, asked)


def differences(index: Index, oracle: Oracle, urls: Iterable[Url]) -> Counter[str]:
    """What differs, and how often: never of which entry."""
    return Counter(said for url in urls if (said := difference(index, oracle, url)))


def test_the_index_says_what_the_oracle_says_of_all_probes(
    asked: Asked, built: Built, oracle: Oracle
) -> None:
    assert differences(built.index, oracle, parsed(row["url"] for row in asked.probes)) == {}


def test_the_index_says_what_the_oracle_says_of_real_traffic(
    asked: Asked, built: Built, oracle: Oracle
) -> None:
    some = islice(parsed(asked.urls()), 0, None, 16)
    assert differences(built.index, oracle, some) == {}


def test_the_index_says_what_the_oracle_says_of_the_entries_and_of_near_misses(
    built: Built, oracle: Oracle
) -> None:
    entries = (entry for source in built.sources for entry, _ in entries_of(source))
    some = (entry for entry in islice(entries, 0, None, 1000) if isinstance(entry, Entry))
    urls = [url for entry in some for url in near_misses(entry)]
    assert len(urls) > 1_000
    assert differences(built.index, oracle, urls) == {}


@pytest.mark.torture
@pytest.mark.timeout(3600)
@pytest.mark.skipif(
    ROUNDS not in os.environ, reason=f"all eight million sites take minutes: {ROUNDS} is not set"
)
def test_the_index_of_all_there_is_says_what_the_oracle_says(asked: Asked, tmp_path: Path) -> None:
    every = sources(unpack_ut1(tmp_path / "ut1"))
    index = Index.open(tmp_path / compile_index(every, tmp_path))
    truth = Oracle(every)
    assert len(truth.facts) > 7_000_000
    assert differences(index, truth, parsed(asked.urls())) == {}
    entries = (entry for source in every for entry, _ in entries_of(source))
    some = (entry for entry in islice(entries, 0, None, 2000) if isinstance(entry, Entry))
    assert differences(index, truth, (url for entry in some for url in near_misses(entry))) == {}

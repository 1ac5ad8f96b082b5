"""What a site is: every list that names it, the most exact entry first."""

from array import array
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.compiler import ListSource, compile_index
from filter_lists.index import Index, IndexFault
from filter_lists.listing import Listing
from filter_lists.names import Site, Url, is_ip, parse_url, path_spellings

BETS = ("gambling", "bets")


def a_url(host: str, path: str = "/") -> Url:
    return Url("https", host, 443, path)


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.in_memory(
        {
            "bet.example": [BETS, ("games", "fun")],
            "odds.bet.example": [BETS],
            "news.example/games": [("games", "fun")],
            "news.example/games/cards": [BETS],
            "news.example": [("news", "press")],
            "only.example/part": [BETS],
            "192.0.2.1": [("malware", "bad")],
            "2001:db8::1": [("malware", "bad")],
        }
    )


def entries(index: Index, url: str) -> list[str]:
    return [f"{each.category}:{each.entry}" for each in index.lookup(parse_url(url))]


def test_a_host_in_several_lists_yields_them_all_the_most_exact_entry_first(index: Index) -> None:
    assert index.lookup(a_url("odds.bet.example")) == (
        Listing("gambling", "bets", "odds.bet.example"),
        Listing("gambling", "bets", "bet.example"),
        Listing("games", "fun", "bet.example"),
    )


@pytest.mark.parametrize("host", ["bet.example", "www.bet.example", "a.b.c.bet.example"])
def test_an_entry_covers_its_host_and_all_below(index: Index, host: str) -> None:
    assert entries(index, f"https://{host}/any?thing") == ["gambling:bet.example", "games:bet.example"]


@pytest.mark.parametrize(
    "host", ["evilbet.example", "bet.example.org", "example", "et.example", "bet-example", "bet.exampl"]
)
def test_an_entry_covers_no_name_that_merely_looks_like_it(index: Index, host: str) -> None:
    assert index.lookup(a_url(host)) == ()


@pytest.mark.parametrize("url", ["http://192.0.2.1/x", "http://0xC0000201/", "http://[2001:DB8:0::1]/"])
def test_an_address_is_found_in_every_spelling(index: Index, url: str) -> None:
    assert [each.category for each in index.lookup(parse_url(url))] == ["malware"]


@pytest.mark.parametrize("host", ["192.0.2.11", "92.0.2.1", "2.192.0.2", "2001:db8::11", "2001:db8::"])
def test_an_address_covers_no_other(index: Index, host: str) -> None:
    assert index.lookup(a_url(host)) == ()


@pytest.mark.parametrize(
    "path", ["/games", "/games/", "/games/x", "/GAMES", "/%67ames/x", "//games", "/a/..;/games"]
)
@pytest.mark.parametrize("host", ["news.example", "www.news.example"])
def test_a_part_of_a_host_is_found_in_every_spelling_of_its_path(index: Index, host: str, path: str) -> None:
    assert entries(index, f"https://{host}{path}") == ["games:news.example/games", "news:news.example"]


@pytest.mark.parametrize("path", ["/", "/gamesome", "/a/games", "/game"])
def test_another_part_of_the_host_is_only_the_host(index: Index, path: str) -> None:
    assert entries(index, f"https://news.example{path}") == ["news:news.example"]


def test_the_longest_path_comes_first(index: Index) -> None:
    assert entries(index, "https://news.example/games/cards/1") == [
        "gambling:news.example/games/cards",
        "games:news.example/games",
        "news:news.example",
    ]


def test_a_host_of_which_only_a_part_is_listed_is_not_listed_itself(index: Index) -> None:
    assert entries(index, "https://only.example/part/1") == ["gambling:only.example/part"]
    assert index.lookup(a_url("only.example")) == ()


def test_an_index_of_nothing_finds_nothing() -> None:
    index = Index.in_memory({})
    assert len(index) == 0
    assert index.lookup(a_url("bet.example")) == ()


def test_an_index_knows_its_categories_and_shows_no_entry_of_them(index: Index) -> None:
    assert index.categories == {"gambling", "games", "news", "malware"}
    assert "example" not in repr(index)


# Against the plainest possible implementation

NAMES = st.lists(st.sampled_from(["a", "b", "ab", "xa"]), min_size=1, max_size=4).map(".".join)
ADDRESSES = st.sampled_from(["192.0.2.1", "192.0.2.11", "2.192.0.2", "2001:db8::1"])
PATHS = st.lists(
    st.sampled_from(["", "a", "A", "ab", "%61", "..", "b;v=1", "..;", "%2561%2fb"]), max_size=4
).map(lambda parts: parse_url("http://x.test/" + "/".join(parts)).path)
PAIRS = st.tuples(st.sampled_from(["gambling", "games"]), st.sampled_from(["one", "two"]))
ENTRIES = st.lists(st.tuples(st.builds(Site, NAMES | ADDRESSES, st.just("/") | PATHS), PAIRS), max_size=12)


def naive(site: Site, url: Url) -> bool:
    stem = path_spellings(site.path)[0]
    below = url.host == site.host or (url.host.endswith("." + site.host) and not is_ip(url.host))
    return below and any((each + "/").startswith(stem + "/") for each in path_spellings(url.path))


@settings(deadline=None)
@given(ENTRIES, st.lists(st.builds(a_url, NAMES | ADDRESSES, PATHS), min_size=1, max_size=8))
def test_lookup_finds_what_a_plain_search_through_all_entries_finds(
    entries: list[tuple[Site, tuple[str, str]]], urls: list[Url]
) -> None:
    index = Index.in_memory(by_site(entries))
    for url in urls:
        found = index.lookup(url)
        expected = {
            Listing(*pair, site.host + path_spellings(site.path)[0])
            for site, pair in entries
            if naive(site, url)
        }
        assert len(found) == len(set(found))
        assert set(found) == expected
        exactness = [(each.entry.partition("/")[0].count("."), len(each.entry)) for each in found]
        assert exactness == sorted(exactness, reverse=True)


def by_site(entries: list[tuple[Site, tuple[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    result: dict[str, list[tuple[str, str]]] = {}
    for site, pair in entries:
        result.setdefault(f"{site.host}{site.path}", []).append(pair)
    return result


# Damage


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    (folder / "bets.txt").write_text("bet.example\nodds.example/today\n192.0.2.1\n")
    return folder / compile_index([ListSource("bets", "gambling", "plain", folder / "bets.txt")], folder)


FILES = st.sampled_from(["names.marisa", "classes.bin", "manifest.json"])


@settings(deadline=None)
@given(FILES, st.integers(0), st.integers(1, 255), st.sampled_from(["flip", "cut", "grow"]))
def test_a_damaged_index_never_opens(whole: Path, name: str, at: int, mask: int, damage: str) -> None:
    content = bytearray((whole / name).read_bytes())
    at %= len(content)
    if damage == "flip":
        content[at] ^= mask
    elif damage == "cut":
        del content[at:]
    else:
        content.append(mask)
    with TemporaryDirectory() as folder:
        copy = copied(whole, Path(folder))
        (copy / name).write_bytes(content)
        with pytest.raises(IndexFault):
            Index.open(copy)


@pytest.mark.parametrize("name", ["names.marisa", "classes.bin", "manifest.json"])
def test_an_index_without_one_of_its_files_never_opens(whole: Path, tmp_path: Path, name: str) -> None:
    copy = copied(whole, tmp_path)
    (copy / name).unlink()
    with pytest.raises(IndexFault):
        Index.open(copy)


def test_files_of_another_generation_never_open(whole: Path, tmp_path: Path) -> None:
    copy = copied(whole, tmp_path)
    with pytest.raises(IndexFault):
        Index.open(copy.rename(tmp_path / ("0" * 64)))


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_that_is_no_index_never_opens(tmp_path: Path, folder: str) -> None:
    with pytest.raises(IndexFault):
        Index.open(tmp_path / folder)


def test_a_whole_copy_opens_and_a_mapped_one_outlives_its_folder(whole: Path, tmp_path: Path) -> None:
    copy = copied(whole, tmp_path)
    index = Index.open(copy)
    assert index.generation == whole.name
    for path in copy.iterdir():
        path.unlink()
    assert [each.entry for each in index.lookup(a_url("odds.example", "/today"))] == ["odds.example/today"]


def test_who_writes_into_the_numbers_of_an_open_index_gives_no_name_another_category(tmp_path: Path) -> None:
    (tmp_path / "bets.txt").write_text("bet.example\n")
    (tmp_path / "learn.txt").write_text("maths.example\n")
    sources = [
        ListSource("bets", "gambling", "plain", tmp_path / "bets.txt"),
        ListSource("learn", "education", "plain", tmp_path / "learn.txt"),
    ]
    folder = tmp_path / compile_index(sources, tmp_path)
    index = Index.open(folder)

    with (folder / "classes.bin").open("r+b") as file:
        numbers = array("H", file.read())
        file.seek(0)
        file.write(array("H", reversed(numbers)).tobytes())

    found = [each.category for host in ("bet.example", "maths.example") for each in index.lookup(a_url(host))]
    assert found == ["gambling", "education"]


def copied(whole: Path, folder: Path) -> Path:
    copy = folder / whole.name
    copy.mkdir()
    for path in whole.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    return copy


def test_what_is_within_a_host_is_what_is_said_of_its_pages_and_those_below() -> None:
    sites = ("a.test/x", "b.a.test/y", "a.test", "b.a.test", "ba.test/z")
    found = Index.in_memory({site: [(f"k{number}", "l")] for number, site in enumerate(sites)})

    assert sorted(each.category for each in found.within("a.test")) == ["k0", "k1"]
    assert sorted(each.category for each in found.within("b.a.test")) == ["k0", "k1"]
    assert sorted(each.category for each in found.within("c.a.test")) == ["k0"]
    assert [bool(list(found.within(host))) for host in ("test", "c.test")] == [True, False]


def test_a_host_has_parts_where_an_address_of_it_can_be_listed_for_more_than_its_host(index: Index) -> None:
    hosts = ("news.example", "www.news.example", "only.example", "bet.example", "unknown.example")

    assert [index.has_parts(host) for host in hosts] == [True, True, True, False, False]

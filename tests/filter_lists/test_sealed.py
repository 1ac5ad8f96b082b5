from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.entry import Entry
from filter_lists.names import Url, is_ip, parse_url, path_spellings
from filter_lists.sealed import SealedIndex, build
from filter_lists.sealed_source import seal
from filter_lists.summary import IndexFault

KEY = bytes(range(32))
IWF, CTIRU = ("child-sexual-abuse", "iwf"), ("terrorism", "ctiru")


def an_index(folder: Path, *lists: tuple[tuple[str, str], list[Entry]], key: bytes = KEY) -> SealedIndex:
    """Of ((category, list_id), entries) each."""
    parts = []
    for (category, list_id), entries in lists:
        path = folder / f"{list_id}.part"
        path.write_bytes(seal(entries, KEY))
        parts.append((list_id, category, path))
    build(parts, folder)
    return SealedIndex.open(folder, key)


def hits(index: SealedIndex, *urls: str) -> list[str]:
    return [url for url in urls if index.lookup(parse_url(url))]


def test_a_host_covers_itself_and_all_below_it(tmp_path: Path) -> None:
    index = an_index(tmp_path, (IWF, [Entry("bad.test")]))

    yes = ("https://bad.test/", "http://www.bad.test/a?b", "https://a.b.bad.test:8443/")
    assert hits(index, *yes) == list(yes)
    assert hits(index, "https://notbad.test/", "https://bad.test.example/", "https://test/") == []


def test_a_host_alone_covers_nothing_below_it(tmp_path: Path) -> None:
    index = an_index(tmp_path, (IWF, [Entry("bad.test", below=False), Entry("part.test", "/a", below=False)]))

    assert hits(index, "https://bad.test/x", "https://part.test/a") == [
        "https://bad.test/x",
        "https://part.test/a",
    ]
    assert hits(index, "https://www.bad.test/", "https://www.part.test/a") == []


def test_a_page_is_blocked_at_segment_boundaries_and_its_host_is_not(tmp_path: Path) -> None:
    index = an_index(tmp_path, (IWF, [Entry("files.test", "/a/b")]))

    yes = ("https://files.test/a/b", "https://files.test/a/b/", "https://www.files.test/a/b/c?d=e")
    assert hits(index, *yes) == list(yes)
    assert hits(index, "https://files.test/", "https://files.test/a", "https://files.test/a/bc") == []


@pytest.mark.parametrize("path", ["/%61/b", "//a//b", "/a/x/../b", "/A/B", "/a;x=1/b", "/a%2fb", "/a\\b"])
def test_every_way_to_write_a_page_is_that_page(tmp_path: Path, path: str) -> None:
    index = an_index(tmp_path, (IWF, [Entry("files.test", "/a/b")]))

    assert index.lookup(Url("https", "files.test", 443, path)) == [IWF]


def test_a_query_must_be_there_whole_in_any_order_at_exactly_that_page(tmp_path: Path) -> None:
    index = an_index(tmp_path, (IWF, [Entry("video.test", "/watch", "v=1&list=2")]))

    yes = ("https://video.test/watch?list=2&v=1", "https://video.test/watch/?x=9&v=%31&list=2&y")
    assert hits(index, *yes) == list(yes)
    assert not hits(
        index,
        "https://video.test/watch?v=1",
        "https://video.test/watch?v=1&list=3",
        "https://video.test/watch/x?v=1&list=2",
        "https://video.test/?v=1&list=2",
    )


def test_nobody_hides_a_parameter_behind_a_thousand_others(tmp_path: Path) -> None:
    index = an_index(tmp_path, (IWF, [Entry("video.test", "/", "v=1")]))
    many = "&".join(f"a{n}=0" for n in range(1000))

    assert index.lookup(Url("https", "video.test", 443, "/", f"{many}&v=1")) == [IWF]


def test_an_address_is_a_host_without_anything_below(tmp_path: Path) -> None:
    index = an_index(tmp_path, (IWF, [Entry("192.0.2.1"), Entry("2001:db8::1", "/a")]))

    assert hits(index, "http://192.0.2.1/x", "http://[2001:db8::1]/a/b") == [
        "http://192.0.2.1/x",
        "http://[2001:db8::1]/a/b",
    ]
    assert hits(index, "http://192.0.2.2/", "http://[2001:db8::1]/b") == []


def test_a_site_on_two_lists_is_on_both(tmp_path: Path) -> None:
    index = an_index(
        tmp_path, (CTIRU, [Entry("bad.test", "/a")]), (IWF, [Entry("bad.test"), Entry("x.test")])
    )

    assert set(index.lookup(parse_url("https://bad.test/a"))) == {IWF, CTIRU}
    assert index.lookup(parse_url("https://bad.test/b")) == [IWF]


def test_the_wrong_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(IndexFault, match="another key"):
        an_index(tmp_path, (IWF, [Entry("bad.test")]), key=bytes(32))


def test_lists_sealed_with_two_keys_are_not_built_into_one(tmp_path: Path) -> None:
    for name, key in (("a", KEY), ("b", bytes(32))):
        (tmp_path / name).write_bytes(seal([Entry("bad.test")], key))

    with pytest.raises(IndexFault, match="different keys: a, b"):
        build([("a", "x", tmp_path / "a"), ("b", "x", tmp_path / "b")], tmp_path)


@pytest.mark.parametrize("name", ["sealed.bin", "sealed.json"])
@pytest.mark.parametrize("left", [0, 10])
def test_a_damaged_file_is_not_opened(tmp_path: Path, name: str, left: int) -> None:
    an_index(tmp_path, (IWF, [Entry("bad.test")]))
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:left])

    with pytest.raises(IndexFault):
        SealedIndex.open(tmp_path, KEY)


def test_what_is_no_sealed_list_is_not_built(tmp_path: Path) -> None:
    good = seal([Entry("bad.test")], KEY)
    for content in (b"", b"bad.test\n", good[:-1], good + b"x"):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(IndexFault, match="sealed list"):
            build([("a", "x", tmp_path / "a")], tmp_path)


def test_no_entry_can_be_read_in_any_file_or_word(tmp_path: Path) -> None:
    index = an_index(tmp_path, (IWF, [Entry("very-secret.test", "/hidden", "token=1")]))
    index.lookup(parse_url("https://very-secret.test/hidden?token=1"))

    for file in tmp_path.iterdir():
        for word in (b"secret", b"hidden", b"token"):
            assert word not in file.read_bytes()
    assert "secret" not in repr(index) + str(index)


def test_without_a_sealed_list_there_are_no_files(tmp_path: Path) -> None:
    assert build([], tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_more_hosts_than_are_remembered_are_answered_as_well(tmp_path: Path) -> None:
    index = an_index(tmp_path, (IWF, [Entry("bad.test")]))

    for number in range(5000):
        assert not index.lookup(Url("http", f"h{number}.test", 80))
    assert index.lookup(parse_url("http://bad.test/"))


@pytest.mark.parametrize(
    ("site", "is_within"),
    [
        ("help.test/a", True),
        ("www.help.test/a", True),
        ("www.help.test", True),
        ("test/a", True),
        ("nothelp.test/a", False),
        ("help.test", True),
        ("test", False),
        ("other.test", False),
    ],
)
def test_what_is_listed_at_a_host_or_below_it_is_within_it(
    tmp_path: Path, site: str, is_within: bool
) -> None:
    host, slash, path = site.partition("/")
    index = an_index(tmp_path, (IWF, [Entry(host, slash + path or "/")]))
    assert index.within("help.test") == ({IWF} if is_within else set())


def test_what_is_gone_is_counted_for_each_list_and_not_told(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("old", "new")]
    for folder in folders:
        folder.mkdir()
    both = [Entry("a.test"), Entry("b.test", "/x"), Entry("c.test", "/", "v=1")]
    old = an_index(folders[0], (IWF, both), (CTIRU, both))
    new = an_index(folders[1], (IWF, [both[0], Entry("d.test"), Entry("e.test", "/x")]), (CTIRU, both))

    assert old.gone(new) == {IWF: 2}
    assert new.gone(old) == {IWF: 2}
    assert old.gone(None) == {IWF: 3, CTIRU: 3}


# The oracle: every entry looked at, one after the other.

LABELS = st.sampled_from(["a", "b", "c"])
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "test"])) | st.just(
    "192.0.2.1"
)
PATHS = st.lists(st.sampled_from(["a", "b", "B", "%61", "..", ""]), max_size=3).map(
    lambda p: "/" + "/".join(p)
)
PARAMETERS = st.sampled_from(["v=1", "v=2", "w=1", "w", "%76=1", "v=%31"])
QUERIES = st.lists(PARAMETERS, max_size=4).map("&".join)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    path = path_spellings(draw(PATHS))[0] or "/"
    return Entry(draw(HOSTS), path, draw(QUERIES), below=draw(st.booleans()))


URLS = st.builds(lambda host, path, query: Url("http", host, 80, path, query), HOSTS, PATHS, QUERIES)


def plain_words(query: str) -> set[str]:
    return {each.replace("%76", "v").replace("%31", "1") for each in query.split("&") if each}


def covers(entry: Entry, url: Url) -> bool:
    below = entry.below and not is_ip(entry.host) and url.host.endswith("." + entry.host)
    if url.host != entry.host and not below:
        return False
    stem = entry.path.rstrip("/")
    for spelling in path_spellings(url.path):
        same = spelling == stem
        if entry.query and same and plain_words(entry.query) <= plain_words(url.query):
            return True
        if not entry.query and (same or spelling.startswith(stem + "/")):
            return True
    return False


@settings(max_examples=400, deadline=None)
@given(st.lists(entries(), min_size=1, max_size=8), st.lists(URLS, min_size=1, max_size=20))
def test_it_says_what_a_look_at_every_entry_says(
    tmp_path_factory: pytest.TempPathFactory, listed: list[Entry], urls: list[Url]
) -> None:
    folder = tmp_path_factory.mktemp("sealed")
    index = an_index(folder, (IWF, listed[::2] or listed), (CTIRU, listed[1::2] or listed))

    for url in urls:
        expected = {
            pair
            for pair, some in ((IWF, listed[::2] or listed), (CTIRU, listed[1::2] or listed))
            if any(covers(entry, url) for entry in some)
        }
        assert set(index.lookup(url)) == expected, url


def test_a_hundred_thousand_entries_are_looked_up_without_a_walk(tmp_path: Path) -> None:
    many = [Entry(f"host{n}.test", f"/p{n}") for n in range(100_000)]
    index = an_index(tmp_path, (IWF, many))

    assert index.lookup(parse_url("http://www.host99.test/p99/x")) == [IWF]
    assert index.lookup(parse_url("http://host99.test/p98")) == []
    assert (tmp_path / "sealed.bin").stat().st_size < 6_000_000

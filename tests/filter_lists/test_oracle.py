"""The index says what sets and loops say: of made-up lists that meet each other at every boundary."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.asked import MOST_PARAMETERS, TooMuchToCompareError
from filter_lists.entry import Entry
from filter_lists.gathering import Gatherer
from filter_lists.index import Index
from filter_lists.manifest import BLOCK, CATEGORY_EXCEPTION, IMPORTANT, OWN_EXCEPTION
from filter_lists.names import Url, parse_url
from filter_lists.writing import write_generation
from tests.filter_lists import oracle
from tests.filter_lists.oracle import Exactness, Hit, Oracle, difference

KINDS = {
    BLOCK: oracle.BLOCK,
    IMPORTANT: oracle.IMPORTANT,
    OWN_EXCEPTION: oracle.OWN,
    CATEGORY_EXCEPTION: oracle.CATEGORY,
}


class Said(NamedTuple):
    entry: Entry
    category: str = "gambling"
    list_id: str = "bets"
    kind: str = BLOCK


def both(lines: list[Said]) -> tuple[Index, Oracle]:
    gathered, truth = Gatherer(), Oracle()
    for entry, category, list_id, kind in lines:
        gathered.add(entry, category, list_id, kind)
        truth.add(entry, category, list_id, KINDS[kind])
    with TemporaryDirectory(prefix="index-") as folder:
        return Index.open(Path(folder) / write_generation(gathered, (), Path(folder))), truth


# Few labels and segments, so that lists and requests meet; and those that are easily taken for one another.
labels = st.sampled_from(["a", "b", "ab", "ba", "a-b", "$", "=a", "xn--80ak6aa92e"])
hosts = st.one_of(
    st.lists(labels, min_size=1, max_size=4).map(lambda parts: ".".join([*parts, "test"])),
    st.sampled_from(["192.0.2.1", "192.0.2.11", "2.0.2.1", "2001:db8::1", "test", "a.test"]),
)
plain_segments = st.sampled_from(["a", "b", "ab", "A"])
odd_segments = st.sampled_from(
    ["%61", "a;b", "", ".", "..", "%2e%2e", "a%2fb", "%3fv=1&", "%3F", "é", "a b", "%0a", "a$"]
)
segments = plain_segments | odd_segments
paths = st.lists(segments, max_size=3).map(lambda parts: "/" + "/".join(parts))
parameters = st.sampled_from(["v=1", "v=2", "V=1", "v", "v=%31", "w=a+b", "w=a%20b", "", "v=1%26w=2"])
queries = st.lists(parameters, max_size=4).map("&".join)


def canonical(host: str, path: str, query: str) -> Url:
    shown = f"[{host}]" if ":" in host else host
    parsed = parse_url(f"https://{shown}{path}" + (f"?{query}" if query else ""))
    return Url("https", host, 443, parsed.path, parsed.query)


urls = st.builds(canonical, hosts, paths, queries)
entries = st.builds(
    lambda url, below: Entry(url.host, url.path, url.query, below), urls, st.booleans()
) | hosts.map(Entry)
said = st.builds(
    Said,
    entries,
    st.sampled_from(["gambling", "games"]),
    st.sampled_from(["bets", "fun"]),
    st.sampled_from(list(KINDS)),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(said, min_size=1, max_size=12), st.lists(urls, min_size=1, max_size=6))
def test_the_index_says_what_the_oracle_says(lines: list[Said], asked: list[Url]) -> None:
    index, truth = both(lines)
    about = [Url("https", each.entry.host, 443, each.entry.path, each.entry.query) for each in lines]
    assert {url: said for url in asked + about if (said := difference(index, truth, url))} == {}


@settings(max_examples=200, deadline=None)
@given(hosts, hosts)
def test_a_host_entry_covers_itself_and_what_ends_with_a_dot_and_it(entry: str, host: str) -> None:
    index, _ = both([Said(Entry(entry))])
    address = entry[-1].isdigit() or ":" in entry
    below = not address and f".{host}".endswith(f".{entry}")
    assert bool(index.lookup(Url("https", host, 443))) == (host == entry or below)


plain = st.sampled_from(["a", "b", "ab"])


@settings(max_examples=200, deadline=None)
@given(st.lists(plain, max_size=4), st.lists(plain, max_size=3))
def test_a_path_entry_covers_itself_and_what_goes_on_with_a_slash(asked: list[str], entry: list[str]) -> None:
    index, _ = both([Said(Entry("bet.test", "/" + "/".join(entry)))])
    assert bool(index.lookup(Url("https", "bet.test", 443, "/" + "/".join(asked)))) == (
        asked[: len(entry)] == entry
    )


SAID = {
    "bet.test": Exactness(8),
    "=bet.test": Exactness(8, alone=True),
    "bet.test/odds": Exactness(8, 5, 0),
    "bet.test/odds?v=1": Exactness(8, 5, 4),
    "=bet.test/odds": Exactness(8, 5, 0, True),
    "www.bet.test": Exactness(12),
}


def in_words(words: str) -> Said:
    """`-bet.test/odds`: an exception for its own list, `*`: for all; `!`: important; `=`: the host alone."""
    kind = words[0] if words[0] in "!-*" else BLOCK
    bare = words.lstrip("!-*")
    url = parse_url("https://" + bare.removeprefix("="))
    return Said(Entry(url.host, url.path, url.query, not bare.startswith("=")), kind=kind)


@pytest.mark.parametrize("exception", SAID)
@pytest.mark.parametrize("entry", SAID)
def test_an_exception_takes_back_what_is_not_more_exact_than_it(entry: str, exception: str) -> None:
    index, truth = both([in_words(entry), in_words("-" + exception)])
    url = parse_url("https://bet.test/odds?v=1")
    covers = [name for name in (entry, exception) if not name.startswith("www.")]
    found = [each.entry for each in index.lookup(url)]
    stays = entry in covers and (exception not in covers or SAID[entry] > SAID[exception])
    assert found == ([entry] if stays else [])
    assert difference(index, truth, url) == ""


@pytest.mark.parametrize(
    ("lines", "url", "found"),
    [
        ("bet.test -www.bet.test", "www.bet.test/", ""),
        ("bet.test -www.bet.test", "bet.test/", "bet.test"),
        ("bet.test -www.bet.test a.www.bet.test", "a.www.bet.test/", "a.www.bet.test"),
        ("!bet.test -www.bet.test", "www.bet.test/", "bet.test"),
        ("bet.test *www.bet.test", "www.bet.test/", ""),
        ("=bet.test", "www.bet.test/", ""),
        ("=bet.test", "bet.test/any/thing", "=bet.test"),
        ("bet.test/watch?v=1&w=2", "bet.test/watch?x=3&w=2&v=1", "bet.test/watch?v=1&w=2"),
        ("bet.test/watch?v=1&w=2", "bet.test/watch?w=2", ""),
        ("bet.test/watch?v=1", "bet.test/watch/more?v=1", ""),
        ("bet.test/watch?v=1", "bet.test/watch/?v=%31", "bet.test/watch?v=1"),
        ("bet.test/watch?v=a", "bet.test/watch?v=A", ""),
        ("bet.test/?v=1", "bet.test/?v=1", "bet.test/?v=1"),
        ("192.0.2.1", "a.192.0.2.1.test/", ""),
        ("bet.test/watch -bet.test/watch?v=good", "bet.test/watch?v=good&w=2", ""),
        ("bet.test/watch -bet.test/watch?v=good", "bet.test/watch?v=good&v=bad", "bet.test/watch"),
        ("bet.test/watch -bet.test/watch?v=good", "bet.test/watch?V=bad&v=good", "bet.test/watch"),
    ],
)
def test_the_answer_is_that_worked_out_by_hand(lines: str, url: str, found: str) -> None:
    index, truth = both([in_words(each) for each in lines.split()])
    asked = parse_url(f"https://{url}")
    assert " ".join(each.entry for each in index.lookup(asked)) == found
    assert difference(index, truth, asked) == ""


@pytest.mark.parametrize("junk", [10, 100, 5000])
def test_no_number_of_parameters_hides_the_one_that_is_listed(junk: int) -> None:
    index, truth = both([in_words("bet.test/watch?v=1&w=2")])
    many = "&".join(f"junk{number}=1" for number in range(junk))
    url = parse_url(f"https://bet.test/watch?w=2&{many}&v=1")
    assert truth.lookup(url)
    if junk < MOST_PARAMETERS:
        assert difference(index, truth, url) == ""
    else:  # and then nothing is let by
        with pytest.raises(TooMuchToCompareError):
            index.lookup(url)


@pytest.fixture
def wrong() -> Callable[[str, list[str]], str]:
    """What the oracle's comparison says when the index is that of other lines."""

    def differing(lines: str, others: list[str]) -> str:
        index, _ = both([in_words(each) for each in others])
        _, truth = both([in_words(each) for each in lines.split()])
        return difference(index, truth, parse_url("https://www.bet.test/odds"))

    return differing


def test_the_comparison_tells_when_something_is_missing_or_too_much(
    wrong: Callable[[str, list[str]], str],
) -> None:
    assert wrong("bet.test", ["other.test"]).startswith("missing")
    assert wrong("other.test", ["bet.test"]).startswith("too much")
    assert wrong("bet.test www.bet.test", ["bet.test", "www.bet.test"]) == ""


def test_the_oracle_names_a_hit_by_category_list_and_entry() -> None:
    _, truth = both([Said(Entry("bet.test"))])
    assert truth.lookup(parse_url("https://www.bet.test/")) == {
        Hit("gambling", "bets", "bet.test"): Exactness(8)
    }

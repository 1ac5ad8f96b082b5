"""The files of an index: exceptions, parameters, hosts alone and expressions, and what is counted of them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.asked import Asked, TooMuchToCompareError
from filter_lists.entry import Entry
from filter_lists.gathering import Gatherer
from filter_lists.index import Index
from filter_lists.names import Url, parse_url
from filter_lists.writing import write_generation

BETS, FUN = ("gambling", "bets"), ("games", "fun")


def built(folder: Path, *said: tuple[Entry, tuple[str, str], str], patterns: object = ()) -> Index:
    gathered = Gatherer()
    for entry, pair, kind in said:
        gathered.add(entry, *pair, kind)
    gathered.patterns = patterns  # type: ignore[assignment]  # as a test writes them down
    return Index.open(folder / write_generation(gathered, (), folder))


def found(index: Index, url: str) -> list[str]:
    return [f"{each.list_id}:{each.entry}" for each in index.lookup(parse_url(url))]


def test_a_host_alone_covers_nothing_below_it(tmp_path: Path) -> None:
    index = built(tmp_path, (Entry("bet.example", below=False), BETS, ""))
    assert found(index, "https://bet.example/any") == ["bets:=bet.example"]
    assert found(index, "https://www.bet.example/") == []


def test_an_entry_with_parameters_wants_them_all_in_any_order_at_its_path(tmp_path: Path) -> None:
    index = built(tmp_path, (Entry("video.example", "/watch", "v=Abc&list=1"), BETS, ""))
    hit = ["bets:video.example/watch?list=1&v=Abc"]
    assert found(index, "https://www.video.example/watch?v=Abc&list=1") == hit
    assert found(index, "https://video.example/watch?x=0&list=1&app=m&v=%41bc&z=9") == hit
    assert found(index, "https://video.example/watch/?list=1&v=Abc") == hit
    for other in (
        "/watch?v=Abc",
        "/watch?list=1&v=abc",
        "/watch/more?list=1&v=Abc",
        "/watch",
        "/?list=1&v=Abc",
    ):
        assert found(index, f"https://video.example{other}") == []


def test_a_query_is_more_exact_than_its_path_and_that_than_its_host(tmp_path: Path) -> None:
    index = built(
        tmp_path,
        (Entry("video.example"), FUN, ""),
        (Entry("video.example", "/watch"), FUN, ""),
        (Entry("video.example", "/watch", "v=1"), BETS, ""),
        (Entry("video.example", "/watch", "a=1&v=1"), BETS, ""),
    )
    assert found(index, "https://video.example/watch?v=1&a=1") == [
        "bets:video.example/watch?a=1&v=1",
        "bets:video.example/watch?v=1",
        "fun:video.example/watch",
        "fun:video.example",
    ]


def test_an_exception_takes_back_what_its_own_list_says_at_the_same_place_or_above(tmp_path: Path) -> None:
    index = built(
        tmp_path,
        (Entry("bet.example"), BETS, ""),
        (Entry("bet.example"), ("gambling", "other"), ""),
        (Entry("help.bet.example"), BETS, "-"),
        (Entry("odds.help.bet.example"), BETS, ""),
    )
    assert found(index, "https://bet.example/") == ["bets:bet.example", "other:bet.example"]
    assert found(index, "https://help.bet.example/") == ["other:bet.example"]
    assert found(index, "https://odds.help.bet.example/") == [
        "bets:odds.help.bet.example",
        "other:bet.example",
    ]


def test_an_exception_for_a_category_takes_back_what_every_list_says_of_it_and_nothing_else(
    tmp_path: Path,
) -> None:
    index = built(
        tmp_path,
        (Entry("bet.example"), BETS, ""),
        (Entry("bet.example"), ("gambling", "other"), ""),
        (Entry("bet.example"), FUN, ""),
        (Entry("bet.example", "/help"), ("gambling", "school"), "*"),
    )
    assert found(index, "https://bet.example/help/me") == ["fun:bet.example"]
    assert found(index, "https://bet.example/odds") == [
        "bets:bet.example",
        "other:bet.example",
        "fun:bet.example",
    ]


@pytest.mark.parametrize(
    "path", ["/help/..;/odds", "/help;/../odds", "/help%2f..%2fodds", "/help/%2e%2e;x/odds"]
)
def test_an_exception_for_a_part_holds_only_where_no_server_can_read_another_part(
    tmp_path: Path, path: str
) -> None:
    index = built(tmp_path, (Entry("bet.example"), BETS, ""), (Entry("bet.example", "/help"), BETS, "-"))
    assert found(index, "https://bet.example/help/me") == []
    assert found(index, f"https://bet.example{path}") == ["bets:bet.example"]


def test_no_exception_takes_back_what_is_important(tmp_path: Path) -> None:
    index = built(
        tmp_path,
        (Entry("bet.example"), BETS, "!"),
        (Entry("bet.example"), BETS, "-"),
        (Entry("bet.example"), BETS, ""),
    )
    assert found(index, "https://bet.example/") == ["bets:bet.example"]


def test_an_expression_is_found_in_its_scope_after_everything_else(tmp_path: Path) -> None:
    patterns = (
        ("(^|[./])odds[0-9]+", "page", (("gambling", "bets", ""),)),
        ("^bet[0-9]", "host", (("gambling", "bets", ""),)),
        ("^https://.*casino", "url", (("games", "fun", ""),)),
    )
    index = built(tmp_path, (Entry("bet.example"), BETS, ""), patterns=patterns)
    assert found(index, "http://bet.example/ODDS1") == ["bets:bet.example", "bets:~(^|[./])odds[0-9]+"]
    assert found(index, "http://x.example/%6fdds1") == ["bets:~(^|[./])odds[0-9]+"]
    assert found(index, "http://bet1.example/") == ["bets:~^bet[0-9]"]
    assert found(index, "https://x.example/?q=casino") == ["fun:~^https://.*casino"]
    assert found(index, "http://x.example/?q=casino") == []
    assert index.categories == {"gambling", "games"}


def test_an_exception_takes_back_expressions_of_its_list_too(tmp_path: Path) -> None:
    patterns = (("odds", "page", (("gambling", "bets", ""),)),)
    index = built(tmp_path, (Entry("news.example"), BETS, "-"), patterns=patterns)
    assert found(index, "https://news.example/odds") == []
    assert found(index, "https://other.example/odds") == ["bets:~odds"]


PARAMETERS = st.lists(st.sampled_from(["a=1", "a=2", "b", "b=%31", "c=x"]), max_size=4)


@settings(deadline=None)
@given(st.lists(PARAMETERS.filter(bool), max_size=6), PARAMETERS)
def test_of_all_entries_with_parameters_just_those_are_found_whose_every_parameter_is_there(
    entries: list[list[str]], asked: list[str]
) -> None:
    from tempfile import TemporaryDirectory

    def plain(parameters: list[str]) -> frozenset[str]:
        return frozenset(each.replace("%31", "1") for each in parameters)

    with TemporaryDirectory() as folder:
        said = [(Entry("v.example", "/w", "&".join(each)), BETS, "") for each in entries]
        index = built(Path(folder), *said)
        url = Url("https", "v.example", 443, "/w", "&".join(asked))
        met = {frozenset(each.entry.partition("?")[2].split("&")) for each in index.lookup(url)}
    assert met == {plain(each) for each in entries if plain(each) <= plain(asked)}


@pytest.mark.parametrize("count", [1, 40])
def test_a_request_with_many_parameters_is_looked_up_without_trying_all_their_combinations(
    tmp_path: Path, count: int
) -> None:
    said = [(Entry("v.example", "/w", f"a={number}&z=1"), BETS, "") for number in range(count)]
    index = built(tmp_path, *said)
    query = "&".join([*(f"a={number}" for number in range(60)), "z=1"])
    assert len(found(index, f"https://v.example/w?{query}")) == count


@pytest.mark.parametrize(
    "more",
    ["v=bad", "V=bad", "v[]=bad", "+v=bad", "%20v=bad", "v+=bad", "v%00=bad", "v[a][b]=bad", "v%5B%5D=bad"],
)
def test_an_exception_with_parameters_holds_only_where_the_request_says_nothing_else_of_them(
    tmp_path: Path, more: str
) -> None:
    index = built(tmp_path, (Entry("v.example"), BETS, ""), (Entry("v.example", "/w", "v=good"), BETS, "-"))
    assert found(index, "https://v.example/w?v=good&t=1") == []
    assert found(index, f"https://v.example/w?v=good&{more}") == ["bets:v.example"]


def test_a_request_made_to_be_compared_for_ever_is_answered_by_nobody(tmp_path: Path) -> None:
    names = [f"p{number:02}" for number in range(14)]
    said = [
        (
            Entry(
                "v.example",
                "/w",
                "&".join(
                    [*(n for n, bit in zip(names, f"{number:014b}", strict=True) if bit == "1"), "zz=1"]
                ),
            )
        )
        for number in range(1, 1 << 14)
    ]
    index = built(tmp_path, *((entry, BETS, "") for entry in said))
    assert found(index, "https://v.example/w?p00&zz=1&p05") == [
        "bets:v.example/w?p00&p05&zz=1",
        "bets:v.example/w?p00&zz=1",
        "bets:v.example/w?p05&zz=1",
    ]
    for query in ("&".join(names), "&".join(f"a{number}" for number in range(2000))):
        with pytest.raises(TooMuchToCompareError):
            found(index, f"https://v.example/w?{query}")
    assert found(index, "https://v.example/other?" + "&".join(names)) == []


def test_however_many_exceptions_there_are_at_one_path_a_request_is_read_once(tmp_path: Path) -> None:
    said = [(Entry("v.example", "/w", f"v={number}"), BETS, "-") for number in range(400)]
    index = built(tmp_path, (Entry("v.example"), BETS, ""), *said)
    asked = Asked(Url("https", "v.example", 443, "/w", "&".join(f"v={number}" for number in range(400))))
    assert all(not asked.is_clearly("/w", f"v={number}", at=True) for number in range(400))
    assert len(index.lookup(asked.url)) == 1

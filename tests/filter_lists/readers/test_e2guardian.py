"""e2guardian's lists: sites, parts of sites, and expressions; what e2guardian itself is told is counted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.entry import Entry, Expression
from filter_lists.readers.e2guardian import read_e2guardian_expressions, read_e2guardian_sites
from filter_lists.report import Note, Reader, ReadOptions, ReadReport, Why


def read(
    text: str, reader: Reader = read_e2guardian_sites, wide: tuple[str, ...] = ()
) -> tuple[list[Entry | Expression], ReadReport]:
    report = ReadReport()
    said = list(reader(text.encode().splitlines(keepends=True), report, ReadOptions(frozenset(wide))))
    assert report.lines == report.understood + sum(each.count for each in report.skipped.values())
    assert report.understood == len(said)
    return said, report


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("bet.example", Entry("bet.example")),
        ("BET.example  #why", Entry("bet.example")),
        ("bet.example/odds/", Entry("bet.example", "/odds/")),
        ("bet.example/odds?x=1", Entry("bet.example", "/odds", "x=1")),
        ("bet.example/a#b", Entry("bet.example", "/a")),
        ("ftp://bet.example/odds", Entry("bet.example", "/odds")),
        ("192.0.2.1", Entry("192.0.2.1")),
        ("2001:db8::1", Entry("2001:db8::1")),
    ],
)
def test_sites_pages_and_addresses_are_entries(line: str, entry: Entry) -> None:
    assert read(f'#listcategory: "Odds"\n{line}\n')[0] == [entry]


def test_a_port_is_dropped_as_e2guardian_does() -> None:
    said, report = read("bet.example:8080/odds")
    assert said == [Entry("bet.example", "/odds")]
    assert set(report.noted) == {Note.PORT}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (".gov", Why.TOO_WIDE),
        (".co.uk", Why.TOO_WIDE),
        *((blanket, Why.SETTING) for blanket in ("**", "**s", "*ip", "*ips", "**ip")),
        (".Include</etc/lists/adult/domains>", Why.INCLUDE),
        ("192.0.2.1-192.0.2.9", Why.RANGE),
        ("192.0.2.0/24", Why.RANGE),
        ("192.0.2.0/255.255.255.0", Why.RANGE),
        ("bet*.example", Why.PATTERN),
        ("bet.example odds.example", Why.SEVERAL),
    ],
)
def test_what_is_no_site_is_counted_with_its_reason(line: str, why: Why) -> None:
    said, report = read(line)
    assert (said, set(report.skipped)) == ([], {why})


def test_a_school_may_mean_a_whole_suffix() -> None:
    assert read(".xxx", wide=("xxx",))[0] == [Entry("xxx")]


def test_comments_are_no_lines() -> None:
    said, report = read('#listcategory: "Odds"\n# a\n##time: 9 0 17 0 01234\n  # b\n#.Include<x>\n\n')
    assert not said
    assert report == ReadReport()


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("reader", [read_e2guardian_sites, read_e2guardian_expressions])
def test_a_list_for_certain_times_is_not_read_as_one_for_all(place: int, reader: Reader) -> None:
    lines = ["bet.example", "odds.example"]
    lines.insert(place, "#time: 9 0 17 0 01234")
    said, report = read("\ufeff" + "\r\n".join(lines), reader)
    assert said == []
    assert {why: each.count for why, each in report.skipped.items()} == {Why.OPTION: 2, Why.SETTING: 1}


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        (r"(^|[\?+=&/])(odds|bets?)\b  #block all", r"(^|[\?+=&/])(odds|bets?)\b"),
        (r"^[^?]*\.odds($|\?)", r"^[^?]*\.odds($|\?)"),
        ('"odds"', '"odds"'),
        ("odds#bets", "odds#bets"),
    ],
)
def test_expressions_are_looked_for_from_the_host_on(line: str, pattern: str) -> None:
    assert read(line, read_e2guardian_expressions)[0] == [Expression(pattern, "page")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('"(^https://www.bet.example)"->"https://www.example"', Why.REWRITES),
        (".Include<more>", Why.INCLUDE),
        ("(a", Why.EXPRESSION),
        ("(?=a)", Why.EXPRESSION),
        (".*", Why.EXPRESSION),
        ("/", Why.EXPRESSION),
    ],
)
def test_what_is_no_expression_is_counted_with_its_reason(line: str, why: Why) -> None:
    said, report = read(line, read_e2guardian_expressions)
    assert (said, set(report.skipped)) == ([], {why})


PIECES = st.sampled_from(
    [
        *(
            "bet.example",
            ".uk",
            "#time:",
            "#listcategory:",
            ".Include<",
            ">",
            "**",
            "*ip",
            "/24",
            "-",
            "192.0.2.1",
        ),
        *("/odds", "?x=1", " #", '"->"', "(", "[", "\\", ":80", "ftp://", "http://", " ", "ü"),
    ]
)


@pytest.mark.parametrize("reader", [read_e2guardian_sites, read_e2guardian_expressions])
@settings(deadline=None)
@given(lines=st.lists(st.lists(PIECES, max_size=5).map("".join)))
def test_each_line_is_understood_or_counted(reader: Reader, lines: list[str]) -> None:
    read("\n".join(lines), reader)


HOSTS = st.from_regex(r"([a-z][a-z0-9]{0,6}\.){1,3}example", fullmatch=True)
PATHS = st.from_regex(r"/([A-Za-z0-9_~-]{1,6}(/[a-z0-9]{1,5}){0,2})?", fullmatch=True)


@settings(deadline=None)
@given(host=HOSTS, path=PATHS)
def test_an_entry_written_as_a_line_is_read_as_the_same_entry(host: str, path: str) -> None:
    assert read(host + path.removesuffix("/"))[0] == [Entry(host, path)]

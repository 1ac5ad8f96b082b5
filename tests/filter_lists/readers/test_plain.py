"""A plain list: one site to a line."""

import pytest

from filter_lists.entry import Entry, Expression
from filter_lists.readers.plain import read_plain
from filter_lists.report import LONGEST, ReadOptions, ReadReport, Why


def plain(text: bytes) -> tuple[list[Entry | Expression], ReadReport]:
    report = ReadReport()
    return list(read_plain(text.splitlines(keepends=True), report, ReadOptions())), report


@pytest.mark.parametrize(
    "line",
    [
        b"bet.example",
        b"BET.Example",
        b"bet.example.",
        b"bet.example\r\n",
        b"\xef\xbb\xbfbet.example\n",
        b"  bet.example\t",
        b"bet.example\0",
        b"bet.example # why",
        b"bet.example\t#why",
        b"bet.example    #a gambler's",
        b".bet.example",
        b"*.bet.example",
        b"https://bet.example/",
    ],
)
def test_one_site_is_understood_however_it_is_written(line: bytes) -> None:
    entries, report = plain(line)
    assert entries == [Entry("bet.example")]
    assert (report.lines, report.understood, report.skipped, report.noted) == (1, 1, {}, {})


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("münchen.example".encode(), Entry("xn--mnchen-3ya.example")),
        ("münchen.example".encode("latin-1"), Entry("xn--mnchen-3ya.example")),
        ("пример.испытание".encode(), Entry("xn--e1afmkfd.xn--80akhbyknj4f")),
        (b"xn--mnchen-3ya.example", Entry("xn--mnchen-3ya.example")),
        ("bet\u2011up.example".encode(), Entry("xn--betup-iu3b.example")),
        (b"203.0.113.105x.m", Entry("203.0.113.105x.m")),
        (b"shop-1-.bet.example", Entry("shop-1-.bet.example")),
        (b"bet.example/odds/?x=1", Entry("bet.example", "/odds/", "x=1")),
        (b"192.0.2.1", Entry("192.0.2.1")),
    ],
)
def test_names_of_every_script_paths_and_addresses_are_understood(line: bytes, entry: Entry) -> None:
    assert plain(line)[0] == [entry]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"xxx", Why.TOO_WIDE),
        (b".exe  #no suffix at all", Why.TOO_WIDE),
        (b"co.uk", Why.TOO_WIDE),
        (b"222444com", Why.TOO_WIDE),
        (b"203.0.113.921", Why.NOT_A_SITE),
        (b"! a comment of another format", Why.SEVERAL),
        (b"//bet.example", Why.NOT_A_SITE),
        (b'"bet.example"', Why.NOT_A_SITE),
        (b"=====", Why.NOT_A_SITE),
        (b"(a stray path)", Why.SEVERAL),
        (b"\xff\xfeb\0e\0t", Why.NOT_A_SITE),
        (b"192.0.2.0/24", Why.RANGE),
        (b"a." * LONGEST + b"example", Why.TOO_LONG),
    ],
)
def test_a_line_that_is_no_site_is_counted_with_its_reason(line: bytes, why: Why) -> None:
    entries, report = plain(b"# head\n" + line + b"\nbet.example\n")
    assert entries == [Entry("bet.example")]
    assert {each: (skipped.count, skipped.line) for each, skipped in report.skipped.items()} == {why: (1, 2)}


def test_the_same_line_twice_is_read_twice() -> None:
    entries, report = plain(b"bet.example\nBet.Example.\n")
    assert entries == [Entry("bet.example")] * 2
    assert report.understood == 2


def test_a_line_of_slashes_and_a_blank_is_a_comment() -> None:
    entries, report = plain(b"// bet.example\n//\n//\todds\nbet.example\n")
    assert entries == [Entry("bet.example")]
    assert report.lines == 1

"""A table: the first line says where the site stands, and the category."""

import pytest

from filter_lists.entry import Entry
from filter_lists.readers.csv_rows import read_csv
from filter_lists.report import Note, ReadOptions, ReadReport, Why


def read(text: bytes) -> tuple[list[Entry], ReadReport]:
    report = ReadReport()
    return list(read_csv(text.splitlines(keepends=True), report, ReadOptions())), report


@pytest.mark.parametrize(
    "text",
    [
        b"domain,category\nbet.example,gambling\n",
        b"\xef\xbb\xbfDomain;Category\r\nbet.example;gambling\r\n",
        b'"category","host"\n"gambling","bet.example"\n',
        b'"category", "host"\n"gambling", "bet.example"\n',
        b"id\tcategory\thostname\tnote\n1\tgambling\tbet.example\t\n",
        b"\tcategory\tdomain\n\tgambling\tbet.example\n",
        b"# a table\n\nsite,categories,since\n# the sites\nbet.example,gambling,2024\n",
        b'fqdn,category,note\nbet.example,gambling,"one, two ""three"""\n',
        b"domain,url,category\nexample,bet.example,gambling\n",
    ],
)
def test_the_first_line_names_the_columns(text: bytes) -> None:
    entries, report = read(text)
    assert entries == [Entry("bet.example", category="gambling")]
    assert (report.lines, report.understood, report.skipped) == (2, 2, {})


def test_a_table_may_have_no_categories() -> None:
    assert read(b"url\nhttps://bet.example/odds?x=1\n")[0] == [Entry("bet.example", "/odds", "x=1")]


def test_a_port_is_noted_with_the_number_of_its_row() -> None:
    _, report = read(b"url,category\nbet.example:81,gambling\n")
    assert report.noted[Note.PORT].line == 2


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"bet.example", Why.COLUMNS),
        (b"bet.example,gambling,", Why.COLUMNS),
        (b'"bet.example,gambling', Why.COLUMNS),
        (b'"bet".example,gambling', Why.COLUMNS),
        (b"bet.example;gambling", Why.COLUMNS),
        (b",gambling", Why.NOT_A_SITE),
        (b"com,gambling", Why.TOO_WIDE),
        (b"192.0.2.0/24,gambling", Why.RANGE),
        (b"*,gambling", Why.PATTERN),
        (b"b\0t.example,gambling", Why.NOT_A_SITE),
        (b"x" * 5000 + b",gambling", Why.TOO_LONG),
    ],
)
def test_a_row_that_is_none_is_counted_with_its_reason(row: bytes, why: Why) -> None:
    entries, report = read(b"domain,category\n" + row + b"\nodds.example,gambling\n")
    assert entries == [Entry("odds.example", category="gambling")]
    assert {each: (skipped.count, skipped.line) for each, skipped in report.skipped.items()} == {why: (1, 2)}


@pytest.mark.parametrize("first", [b"bet.example,gambling", b"name,category", b'"domain', b"domain category"])
def test_without_names_of_columns_nothing_is_guessed(first: bytes) -> None:
    entries, report = read(first + b"\nodds.example,gambling\n")
    assert not entries
    assert (report.skipped[Why.HEADER].count, report.skipped[Why.HEADER].line) == (2, 1)


def test_a_row_does_not_go_on_in_the_next_line() -> None:
    entries, report = read(b'domain,note\nbet.example,"one\ntwo"\nodds.example,x\n')
    assert entries == [Entry("odds.example")]
    assert report.skipped[Why.COLUMNS].count == 2

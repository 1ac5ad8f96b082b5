"""Zone files: records with their names inside the zone, whatever way they are written."""

import pytest

from filter_lists.readers.zones import Record, records_of
from filter_lists.report import ReadReport, Why


def read(text: str) -> tuple[list[tuple[str, str, tuple[str, ...]]], ReadReport]:
    report = ReadReport()
    found = [tuple(each)[1:] for each in records_of(text.encode().splitlines(keepends=True), report)]
    return found, report  # type: ignore[return-value]  # mypy does not follow a slice of a named tuple


@pytest.mark.parametrize(
    "line",
    [
        "bet.example CNAME .",
        "bet.example\tIN CNAME .",
        "bet.example 300 IN CNAME .",
        "bet.example IN 300 cname .",
        "bet.example 1w2d CNAME . ; why",
        "BET.Example.RPZ.test. CNAME .;why",
        "bet.example ( CNAME . )".replace("( ", "").replace(" )", ""),
    ],
)
def test_a_record_is_the_same_however_it_is_written(line: str) -> None:
    assert read("$ORIGIN rpz.test.\n" + line)[0] == [("bet.example", "CNAME", (".",))]


def test_a_zone_that_does_not_say_its_name_has_names_relative_to_it() -> None:
    found, report = read("@ SOA a. b. 1 2 3 4 5\nbet.example CNAME .\nodds.example. CNAME .\n")
    assert [name for name, _, _ in found] == ["", "bet.example"]
    assert (report.skipped[Why.OUTSIDE].count, report.skipped[Why.OUTSIDE].line) == (1, 3)


def test_the_origin_may_change_and_the_zone_is_where_its_soa_stands() -> None:
    text = """
$ORIGIN .
$TTL 300 ; five minutes
rpz.test IN SOA a. b. (
        1    ; serial
        2 3 4 5 )
        NS a.
$ORIGIN rpz.test.
bet.example CNAME .
$ORIGIN example.rpz.test.
odds CNAME .
*.odds CNAME *.
        A 192.0.2.1
$ORIGIN other
deep CNAME .
$ORIGIN elsewhere.test.
bet.example CNAME .
"""
    found, report = read(text)
    assert found == [
        ("", "NS", ("a.",)),
        ("bet.example", "CNAME", (".",)),
        ("odds.example", "CNAME", (".",)),
        ("*.odds.example", "CNAME", ("*.",)),
        ("*.odds.example", "A", ("192.0.2.1",)),
        ("deep.other.example", "CNAME", (".",)),
    ]
    assert {why: each.count for why, each in report.skipped.items()} == {Why.SETTING: 9, Why.OUTSIDE: 1}
    assert report.lines == len(text.splitlines()) - 1


def test_a_record_over_several_lines_is_counted_line_by_line() -> None:
    found, report = read("bet.example CNAME (\n.\n)\nodds.example CNAME .\n")
    assert found == [("odds.example", "CNAME", (".",))]
    assert {why: (each.count, each.line) for why, each in report.skipped.items()} == {Why.SEVERAL: (3, 1)}


def test_a_comment_ends_a_line_but_not_inside_quotes() -> None:
    found, report = read('; a\n  ; b\na.example TXT "x;y" ; c\nb.example TXT x\\;y ; c\n";\n')
    assert [data for _, _, data in found] == [('"x;y"',), ("x\\;y",), ()]
    assert report.lines == 3


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('$INCLUDE "db.more"', Why.INCLUDE),
        ("$GENERATE 1-9 bet$.example CNAME .", Why.PATTERN),
        ("$TTL 1w", Why.SETTING),
        ("$ORIGIN", Why.SETTING),
    ],
)
def test_directives_are_counted(line: str, why: Why) -> None:
    found, report = read(line)
    assert (found, set(report.skipped)) == ([], {why})


def test_a_record_without_a_name_at_the_top_is_the_zones_own() -> None:
    assert read(" NS a.\n")[0] == [("", "NS", ("a.",))]


def test_records_know_their_lines() -> None:
    assert list(records_of([b"; a", b"", b"a.b 1 TXT"], ReadReport())) == [Record(3, "a.b", "TXT", ())]

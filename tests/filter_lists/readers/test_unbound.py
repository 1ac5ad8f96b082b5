"""Unbound: zones that get no answer, or one that leads nowhere, are blocked."""

import pytest

from filter_lists.entry import Entry
from filter_lists.readers.unbound import read_unbound
from filter_lists.report import ReadOptions, ReadReport, Why


def read(text: str) -> tuple[list[Entry], ReadReport]:
    report = ReadReport()
    return list(read_unbound(text.encode().splitlines(keepends=True), report, ReadOptions())), report


@pytest.mark.parametrize(
    "kind", ["refuse", "deny", "always_nxdomain", "always_null", "static", "redirect", "Refuse"]
)
@pytest.mark.parametrize("name", ['"bet.example"', '"Bet.Example."', "bet.example", "'bet.example'"])
def test_a_zone_that_is_not_answered_is_blocked(name: str, kind: str) -> None:
    entries, report = read(f"# head\r\nlocal-zone: {name} {kind} # why\r\n")
    assert entries == [Entry("bet.example")]
    assert (report.lines, report.understood) == (1, 1)


@pytest.mark.parametrize("kind", ["transparent", "always_transparent"])
def test_a_zone_that_is_passed_on_is_an_exception(kind: str) -> None:
    assert read(f'local-zone: "good.example" {kind}')[0] == [Entry("good.example", exception=True)]


@pytest.mark.parametrize(
    "data", ["A 0.0.0.0", "AAAA ::", "IN A 127.0.0.1", "3600 IN AAAA ::1", "3600 a 0.0.0.0"]
)
def test_a_name_alone_that_leads_nowhere_is_blocked_alone(data: str) -> None:
    assert read(f'local-data: "bet.example {data}"')[0] == [Entry("bet.example", below=False)]


def test_a_zone_whose_data_lead_nowhere_is_blocked_with_all_below() -> None:
    entries, report = read(
        'local-zone: "bet.example" redirect\n'
        'local-data: "bet.example A 0.0.0.0"\n'
        'local-zone: "odds.example" redirect\n'
        'local-data: "odds.example A 0.0.0.0"\n'
    )
    assert entries == [Entry("bet.example"), Entry("odds.example")]
    assert (report.lines, report.understood) == (4, 4)


@pytest.mark.parametrize("order", [1, -1])
def test_a_zone_whose_data_lead_somewhere_rewrites_and_does_not_block(order: int) -> None:
    lines = ['local-zone: "search.example" redirect\n', 'local-data: "search.example A 203.0.113.1"\n']
    entries, report = read("".join(lines[::order]))
    assert not entries
    assert (report.lines, report.skipped[Why.REWRITES].count, report.skipped[Why.REWRITES].line) == (2, 2, 1)


def test_the_same_zone_twice_is_read_twice() -> None:
    entries, report = read('local-zone: "bet.example" static\n' * 2)
    assert entries == [Entry("bet.example")] * 2
    assert report.understood == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("server:", Why.SETTING),
        ('include: "other.conf"', Why.SETTING),
        ('local-zone: "10.in-addr.arpa" nodefault', Why.SETTING),
        ('local-zone: "bet.example" hide', Why.SETTING),
        ('local-zone: "bet.example', Why.SETTING),
        ('local-data: "bet.example CNAME odds.example"', Why.SETTING),
        ('local-data: "bet.example A odds"', Why.SETTING),
        ("local-data: \"bet.example TXT 'x'\"", Why.SETTING),
        ('local-zone: "." refuse', Why.NOT_A_SITE),
        ('local-zone: "com" refuse', Why.TOO_WIDE),
        ('local-zone: "localhost" static', Why.LOCAL),
        ('local-zone: "192.0.2.1" refuse', Why.NOT_A_SITE),
        ('local-data: "search.example A 203.0.113.1"', Why.REWRITES),
    ],
)
def test_a_line_that_blocks_nothing_is_counted_with_its_reason(line: str, why: Why) -> None:
    entries, report = read(line)
    assert not entries
    assert set(report.skipped) == {why}


@pytest.mark.parametrize("zone_at", [0, 1, 2])
def test_both_kinds_of_address_of_a_zone_are_one_entry_wherever_the_zone_stands(zone_at: int) -> None:
    lines = ['local-data: "bet.example A 0.0.0.0"\n', 'local-data: "bet.example AAAA ::"\n']
    lines.insert(zone_at, 'local-zone: "bet.example" redirect\n')
    entries, report = read("".join(lines))
    assert (entries, report.understood, report.skipped) == ([Entry("bet.example")], 3, {})


def test_both_kinds_of_address_of_a_name_alone_are_one_entry() -> None:
    entries, report = read('local-data: "bet.example A 0.0.0.0"\nlocal-data: "bet.example AAAA ::"\n')
    assert (entries, report.understood) == ([Entry("bet.example", below=False)], 2)

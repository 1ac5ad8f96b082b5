"""dnsmasq: names that get no answer, or one that leads nowhere, are blocked."""

import pytest

from filter_lists.entry import Entry
from filter_lists.readers.dnsmasq import read_dnsmasq
from filter_lists.report import ReadOptions, ReadReport, Why


def read(text: bytes) -> tuple[list[Entry], ReadReport]:
    report = ReadReport()
    return list(read_dnsmasq(text.splitlines(keepends=True), report, ReadOptions())), report


@pytest.mark.parametrize(
    "line",
    [
        b"address=/bet.example/",
        b"address=/bet.example/#",
        b"address=/bet.example/0.0.0.0",
        b"address=/bet.example/127.0.0.1 # why",
        b"address=/bet.example/::",
        b"address = /Bet.Example./::1\r\n",
        b"--address=/*.bet.example/",
        b"server=/bet.example/",
        b"local=/.bet.example/",
    ],
)
def test_a_name_without_a_real_answer_is_blocked(line: bytes) -> None:
    entries, report = read(b"# head\n\n" + line)
    assert entries == [Entry("bet.example")]
    assert (report.lines, report.understood) == (1, 1)


def test_several_names_may_share_a_line() -> None:
    assert read(b"local=/bet.example/odds.example/")[0] == [Entry("bet.example"), Entry("odds.example")]


def test_a_name_that_goes_to_the_standard_servers_is_an_exception() -> None:
    assert read(b"server=/good.bet.example/#")[0] == [Entry("good.bet.example", exception=True)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"address=/search.example/203.0.113.1", Why.REWRITES),
        (b"address=/bet.example/nowhere", Why.SETTING),
        (b"server=/school.example/10.0.0.1", Why.SETTING),
        (b"local=/bet.example/#", Why.SETTING),
        (b"server=9.9.9.9", Why.SETTING),
        (b"cname=bet.example,odds.example", Why.SETTING),
        (b"no-resolv", Why.SETTING),
        (b"bet.example", Why.SETTING),
        (b"address=/#/", Why.TOO_WIDE),
        (b"address=//", Why.TOO_WIDE),
        (b"address=/com/", Why.TOO_WIDE),
        (b"address=/*bet.example/", Why.PATTERN),
        (b"address=/192.0.2.1/", Why.NOT_A_SITE),
        (b"address=/bet.example:80/", Why.NOT_A_SITE),
    ],
)
def test_a_line_that_blocks_nothing_is_counted_with_its_reason(line: bytes, why: Why) -> None:
    entries, report = read(line)
    assert not entries
    assert set(report.skipped) == {why}


def test_the_good_names_of_a_line_hold_beside_a_bad_one() -> None:
    entries, report = read(b"address=/com/bet.example/\n")
    assert entries == [Entry("bet.example")]
    assert (report.understood, report.skipped[Why.TOO_WIDE].count) == (0, 1)

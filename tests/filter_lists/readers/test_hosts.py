"""A hosts file: an address that leads nowhere, and names."""

import pytest

from filter_lists.entry import Entry
from filter_lists.readers.hosts import read_hosts
from filter_lists.report import ReadOptions, ReadReport, Why


def hosts(text: bytes) -> tuple[list[Entry], ReadReport]:
    report = ReadReport()
    return list(read_hosts(text.splitlines(keepends=True), report, ReadOptions())), report


@pytest.mark.parametrize("address", [b"0.0.0.0", b"127.0.0.1", b"::", b"::1", b"0000::0%eth0"])
def test_a_hosts_row_that_leads_nowhere_blocks_its_names(address: bytes) -> None:
    entries, report = hosts(address + b"\tBet.Example.    odds.example ## why\r\n")
    assert entries == [Entry("bet.example"), Entry("odds.example")]
    assert (report.lines, report.understood) == (1, 1)


def test_a_comment_may_touch_the_name() -> None:
    assert hosts(b"0.0.0.0 bet.example#why\n#0.0.0.0 odds.example\n")[0] == [Entry("bet.example")]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"127.0.0.1 localhost", Why.LOCAL),
        (b"127.0.0.1 localhost.localdomain local", Why.LOCAL),
        (b"255.255.255.255 broadcasthost", Why.LOCAL),
        (b"fe80::1%lo0 localhost", Why.LOCAL),
        (b"ff02::1 ip6-allnodes", Why.LOCAL),
        (b"0.0.0.0 0.0.0.0", Why.NOT_A_SITE),
        (b"0.0.0.0 co.uk", Why.TOO_WIDE),
        (b"0.0.0.0 bet.example/odds", Why.NOT_A_SITE),
        (b"0.0.0.0 bet.example:80", Why.NOT_A_SITE),
        (b"0.0.0.0", Why.NO_NAME),
        (b"0.0.0.0 # bet.example", Why.NO_NAME),
        (b"bet.example", Why.NO_ADDRESS),
        (b"203.0.113.120 www.search.example", Why.REWRITES),
        (b"[Adblock Plus 2.0]", Why.NO_ADDRESS),
        (b"! Title: a list", Why.NO_ADDRESS),
    ],
)
def test_a_hosts_row_that_blocks_nothing_is_counted_with_its_reason(row: bytes, why: Why) -> None:
    entries, report = hosts(row)
    assert not entries
    assert set(report.skipped) == {why}


def test_the_good_names_of_a_hosts_row_hold_beside_a_bad_one() -> None:
    entries, report = hosts(b"0.0.0.0 bet.example en\n")
    assert entries == [Entry("bet.example")]
    assert (report.understood, report.skipped[Why.TOO_WIDE].line) == (0, 1)


def test_a_school_may_mean_a_whole_suffix() -> None:
    assert list(read_hosts([b"0.0.0.0 xxx"], ReadReport(), ReadOptions(frozenset({"xxx"})))) == [Entry("xxx")]

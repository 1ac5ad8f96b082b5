"""Each line of a list is understood, or counted with a reason and its number."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.readers import LONGEST, READERS, ReadReport, Why, lines_of, read_hosts, read_plain


def plain(text: bytes) -> tuple[list[str], ReadReport]:
    report = ReadReport()
    return [str(site) for site in read_plain(lines_of(BytesIO(text)), report)], report


def hosts(text: bytes) -> tuple[list[str], ReadReport]:
    report = ReadReport()
    return [str(site) for site in read_hosts(lines_of(BytesIO(text)), report)], report


@pytest.mark.parametrize(
    "line",
    [
        b"bet.example",
        b"BET.Example",
        b"bet.example.",
        b"bet.example\r\n",
        b"\xef\xbb\xbfbet.example\n",
        b"  bet.example\t",
        b"bet.example # why",
        b"bet.example\t#why",
        b".bet.example",
        b"*.bet.example",
        b"https://bet.example/",
    ],
)
def test_one_site_is_understood_however_it_is_written(line: bytes) -> None:
    entries, report = plain(line)
    assert entries == ["bet.example"]
    assert (report.lines, report.understood, report.skipped) == (1, 1, {})


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (b"bet.example/Odds", "bet.example/Odds"),
        (b"192.0.2.1", "192.0.2.1"),
        (b"192.0.2.1/odds", "192.0.2.1/odds"),
        (b"2001:DB8::1", "2001:db8::1"),
        ("münchen.example".encode(), "xn--mnchen-3ya.example"),
        ("münchen.example".encode("latin-1"), "xn--mnchen-3ya.example"),
        (b"a_b.-c-.example", "a_b.-c-.example"),
        (b"shop.github.io", "shop.github.io"),
        (b"github.io", "github.io"),
    ],
)
def test_paths_addresses_and_names_of_other_scripts_are_understood(line: bytes, entry: str) -> None:
    assert plain(line)[0] == [entry]


@pytest.mark.parametrize("text", [b"", b"\n\r\n  \n", b"# a\n  # b\n\xef\xbb\xbf# c\n", b"#" + b"x" * 9000])
def test_comments_and_blank_lines_are_no_lines(text: bytes) -> None:
    for read in (plain, hosts):
        entries, report = read(text)
        assert not entries
        assert report == ReadReport()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"uk", Why.TOO_WIDE),
        (b"co.uk", Why.TOO_WIDE),
        (b"*.co.uk", Why.TOO_WIDE),
        (b"kent.sch.uk", Why.TOO_WIDE),
        (b"printer", Why.TOO_WIDE),
        (b"localhost", Why.LOCAL),
        (b"ip6-allnodes", Why.LOCAL),
        (b"bet.example odds.example", Why.SEVERAL),
        (b"bet.example/odds?x=1", Why.QUERY),
        (b"bet.example#odds", Why.QUERY),
        (b"||bet.example^", Why.PATTERN),
        (b"bet*.example", Why.PATTERN),
        (b"192.0.2.0/24", Why.RANGE),
        (b"2001:db8::/32", Why.RANGE),
        (b"010.0.0.1", Why.ODD_ADDRESS),
        (b"192.168", Why.ODD_ADDRESS),
        (b"192.0.2.921", Why.NOT_A_SITE),
        (b"bet.example:8080", Why.NOT_A_SITE),
        (b"a@bet.example", Why.NOT_A_SITE),
        (b"! a comment of another format", Why.SEVERAL),
        (b"!bet.example", Why.NOT_A_SITE),
        (b"=====.=====", Why.NOT_A_SITE),
        (b"x" * 64 + b".example", Why.NOT_A_SITE),
        (b"=====", Why.NOT_A_SITE),
        (b"\xff\xfeb\0e\0t\0", Why.NOT_A_SITE),
        (b"a." * LONGEST + b"example", Why.TOO_LONG),
    ],
)
def test_a_line_that_is_no_site_is_counted_with_its_reason(line: bytes, why: Why) -> None:
    entries, report = plain(b"# head\n" + line + b"\nbet.example\n")
    assert entries == ["bet.example"]
    assert {each: (skipped.count, skipped.line) for each, skipped in report.skipped.items()} == {why: (1, 2)}


def test_the_first_line_of_each_reason_is_named() -> None:
    _, report = plain(b"uk\nbet.example\na b\ncom\nc d\n")
    assert (report.skipped[Why.TOO_WIDE].count, report.skipped[Why.TOO_WIDE].line) == (2, 1)
    assert (report.skipped[Why.SEVERAL].count, report.skipped[Why.SEVERAL].line) == (2, 3)


def test_a_line_without_end_is_never_whole_in_memory() -> None:
    lines = list(lines_of(BytesIO(b"y" * 10_000_000 + b"\nbet.example")))
    assert [len(line) for line in lines] == [LONGEST + 1, len("bet.example")]


@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST, 2 * LONGEST + 2])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_long_lines_do_not_shift_the_line_numbers(length: int, end: bytes) -> None:
    _, report = plain(b"x" * length + end + b"uk" + end)
    assert report.lines == 2
    assert sum(skipped.count for skipped in report.skipped.values()) == 2
    assert (Why.TOO_LONG in report.skipped) is (length > LONGEST)


@pytest.mark.parametrize("address", [b"0.0.0.0", b"127.0.0.1", b"::", b"::1"])
def test_a_hosts_row_that_leads_nowhere_blocks_its_names(address: bytes) -> None:
    entries, report = hosts(address + b"\tBet.Example. odds.example  # why\r\n")
    assert entries == ["bet.example", "odds.example"]
    assert (report.lines, report.understood) == (1, 1)


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
        (b"0.0.0.0", Why.NO_NAME),
        (b"bet.example", Why.NO_ADDRESS),
        (b"216.239.38.120 www.search.example", Why.REWRITES),
        (b"[Adblock Plus 2.0]", Why.NO_ADDRESS),
    ],
)
def test_a_hosts_row_that_blocks_nothing_is_counted_with_its_reason(row: bytes, why: Why) -> None:
    entries, report = hosts(row)
    assert not entries
    assert set(report.skipped) == {why}


def test_the_good_names_of_a_hosts_row_hold_beside_a_bad_one() -> None:
    entries, report = hosts(b"0.0.0.0 bet.example en\n")
    assert entries == ["bet.example"]
    assert (report.understood, report.skipped[Why.TOO_WIDE].line) == (0, 1)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(deadline=None)
@given(
    lines=st.lists(
        st.binary(max_size=40) | st.from_regex(rb"(0\.0\.0\.0 )?[a-c.*/#? 1]{0,12}", fullmatch=True)
    )
)
def test_every_line_of_anything_is_counted_once(reader, lines: list[bytes]) -> None:  # type: ignore[no-untyped-def]  # pytest gives it
    report = ReadReport()
    entries = list(reader(lines, report))
    assert report.lines == report.understood + sum(each.count for each in report.skipped.values())
    assert len(entries) >= report.understood
    assert all(1 <= each.line <= len(lines) for each in report.skipped.values())


@settings(deadline=None)
@given(st.text(max_size=40))
def test_an_entry_is_never_a_name_that_no_request_can_have(text: str) -> None:
    for entry in plain(text.encode("utf-8", "replace"))[0]:
        assert plain(entry.encode())[0] == [entry]

"""Whatever a file holds, no reader fails, and each line is understood or counted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.entry import Entry
from filter_lists.names import canonical_host
from filter_lists.readers import READERS
from filter_lists.report import Reader, ReadOptions, ReadReport

PIECES = """
bet.example a b.example co.uk uk 0.0.0.0 127.0.0.1 1.2.3.4 :: host ü xn-- . * / // # ! ; @@ || ^ $ | , " '
?x=1 :80 \\ address=/ server=/ =/ local-zone: local-data: refuse redirect IN A CNAME
$ORIGIN $TTL include: full: regexp:
@ads category domain [ ] ( ) { }
"""
PIECE = st.sampled_from([*PIECES.split(), *" \t\ufeff\0\x85\u2028\n\r"])
LINES = st.lists(
    st.binary(max_size=40) | st.lists(PIECE, max_size=6).map(lambda each: "".join(each).encode())
)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(deadline=None)
@given(lines=LINES)
def test_every_line_of_anything_is_counted_once(reader: Reader, lines: list[bytes]) -> None:
    report = ReadReport()
    said = list(reader(lines, report, ReadOptions()))
    assert report.lines == report.understood + sum(each.count for each in report.skipped.values())
    assert report.lines <= len(lines)
    assert all(1 <= each.line <= len(lines) for each in (*report.skipped.values(), *report.noted.values()))
    hosts = [each.host for each in said if isinstance(each, Entry)]
    assert [canonical_host(host) for host in hosts] == hosts


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("text", [b"", b"\r\n", b"  \t", b"\xef\xbb\xbf\n", b"\0"])
def test_blank_lines_are_no_lines(reader: Reader, text: bytes) -> None:
    report = ReadReport()
    assert list(reader([text], report, ReadOptions())) == []
    assert report == ReadReport()

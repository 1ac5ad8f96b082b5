"""squidGuard's expressions are POSIX's; here they run on RE2, or are refused."""

import re

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_lists.entry import Expression, check_expression
from filter_lists.names import NameFault
from filter_lists.readers.lines import RefusedError
from filter_lists.readers.squidguard import re2_of, read_expressions
from filter_lists.report import ReadOptions, ReadReport, Why


def read(text: bytes) -> tuple[list[Expression], ReadReport]:
    report = ReadReport()
    return list(read_expressions(text.splitlines(keepends=True), report, ReadOptions())), report


def test_expressions_are_looked_for_in_host_path_and_query() -> None:
    found, report = read(b"# bets\n(^|[-.])odds([-.]|$)\r\n\n^bet[0-9]+\\.example/q\\?x=[0-9]+$ # 1\n")
    assert found == [
        Expression("(^|[-.])odds([-.]|$)", "page"),
        Expression(r"^bet[0-9]+\.example/q\?x=[0-9]+$ # 1", "page"),
    ]
    assert (report.lines, report.understood) == (2, 2)


@pytest.mark.parametrize(
    ("posix", "found", "not_found"),
    [
        (r"[-\?+=&/_]bet[-\.]", "x.example/?bet-1", "x.example/abet-1"),
        (r"\<bet\>", "x.example/bet/", "x.example/better"),
        (r"^bet{,2}\.example", "bett.example/", "bettt.example/"),
        (r"[[:digit:]]{3}bet", "123bet.example/", "12bet.example/"),
        (r"[]x]bet", "xbet.example/", "ybet.example/"),
        (r"[^]x]bet", "ybet.example/", "xbet.example/"),
        (r"[a[]bet", "abet.example/", "bbet.example/"),
        (r"bet\/odds\=1\_2", "x.example/bet/odds=1_2", "x.example/bet/odds=12"),
        (r"bet(shop|house)s?$", "x.example/betHOUSE", "x.example/bethut"),
        (r"bet\wx", "bet1x.example/", "bet-x.example/"),
    ],
)
def test_what_posix_writes_otherwise_is_found_as_posix_means_it(
    posix: str, found: str, not_found: str
) -> None:
    ((expression,), _) = read(posix.encode())
    assert re2.search("(?i)" + expression.pattern, found)
    assert not re2.search("(?i)" + expression.pattern, not_found)


@pytest.mark.parametrize(
    "line",
    [
        r"(bet)\1",
        r"bet\d",
        r"bet\Qx\E",
        r"[\w]bet",
        r"[\d-]bet",
        r"bet[a\]b]",
        r"[+-\.]bet",
        r"[[.hyphen.]]bet",
        r"[[=e=]]bet",
        r"[bet",
        r"(bet",
        r"bet)",
        r"*bet",
        "bet\\",
        r"(?=bet)x",
        r"bet{1,5000}",
        r"(((b{1,99}){1,99}){1,99})",
    ],
)
def test_what_re2_has_not_or_can_be_read_in_two_ways_is_refused(line: str) -> None:
    found, report = read(line.encode() + b"\nbet\n")
    assert found == [Expression("bet", "page")]
    assert (report.skipped[Why.EXPRESSION].count, report.skipped[Why.EXPRESSION].line) == (1, 1)


@pytest.mark.parametrize(
    "line", [".", ".*", "x*", "^", "$", "bet|", "()", "/", r"\.", "[.]", r"\w", "[a-z0-9]", "[^/]/"]
)
def test_what_is_found_in_everything_is_refused(line: str) -> None:
    found, report = read(line.encode())
    assert not found
    assert set(report.skipped) == {Why.EXPRESSION}


@settings(deadline=None)
@given(st.text(st.sampled_from("ab.*+?[](){}|^$\\-/:,1=<>")))
def test_whatever_is_not_refused_runs(posix: str) -> None:
    for expression in read(posix.encode())[0]:
        check_expression(expression.pattern)


PIECES = ["a", "b", ".", "[ab]", "[^a]", "a+", "b?", "(a|b)", r"\.", "[]b]", "^", "$", "{2}"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=5), st.text(st.sampled_from("ab.]/"), max_size=6))
def test_where_both_dialects_agree_nothing_changes(pieces: list[str], text: str) -> None:
    posix = "".join(pieces)
    try:
        translated = re2_of(posix)
        check_expression(translated)
        expected = re.search(posix, text)
    except (RefusedError, NameFault, re.error):
        return
    assert (re2.search(translated, text) is None) == (expected is None)

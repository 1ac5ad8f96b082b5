"""AdBlock rules: what means sites and pages is read, nothing else is, and no exception grows."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filter_lists.entry import Entry, Expression
from filter_lists.names import is_ip
from filter_lists.readers.adblock import read_adblock, read_adblock_dns
from filter_lists.report import LONGEST, Note, Reader, ReadOptions, ReadReport, Why

BOTH = pytest.mark.parametrize("reader", [read_adblock, read_adblock_dns], ids=["browser", "dns"])
BLOCK, EXCEPTION = Entry("bet.example"), Entry("bet.example", exception=True)


def read(
    text: str, reader: Reader = read_adblock, wide: tuple[str, ...] = ()
) -> tuple[list[Entry | Expression], ReadReport]:
    report = ReadReport()
    lines = text.encode().splitlines(keepends=True)
    return list(reader(lines, report, ReadOptions(frozenset(wide)))), report


def one(text: str, reader: Reader = read_adblock) -> Entry | Expression:
    (said,), report = read(text, reader)
    assert (report.lines, report.understood, report.skipped) == (1, 1, {})
    return said


def why_not(text: str, reader: Reader = read_adblock) -> Why:
    said, report = read(text, reader)
    assert (said, report.lines, report.understood) == ([], 1, 0)
    ((why, counted),) = report.skipped.items()
    assert (counted.count, counted.line, report.noted) == (1, 1, {})
    return why


@BOTH
@pytest.mark.parametrize(
    "rule",
    [
        *("||bet.example^", "||bet.example", "||bet.example/", "||bet.example^*", "||bet.example/*"),
        *("||BET.Example.^", "||bet.example.^", "||*.bet.example^", "||.bet.example^", "||bet.example^$all"),
        *("bet.example", "bet.example^", ".bet.example^", "://*.bet.example^", "0.0.0.0 bet.example"),
        *("||bet.example^$document", "||bet.example^$doc,popup", "||bet.example^$script,document"),
        *(
            "||bet.example^$match-case",
            "||bet.example^$_,document,___",
            "||bet.example^ # why",
            "\ufeff||bet.example^",
        ),
        *("||bet.example^\r\n", "  bet.example\t#why"),
    ],
)
def test_a_site_is_blocked_however_the_rule_is_written(rule: str, reader: Reader) -> None:
    assert one(rule, reader) == BLOCK


@BOTH
@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("://bet.example^", Entry("bet.example", below=False)),
        ("//bet.example^", Entry("bet.example", below=False)),
        ("|https://bet.example/odds|$document", Entry("bet.example", "/odds", below=False)),
        ("||bücher.example^", Entry("xn--bcher-kva.example")),
        ("||192.0.2.1^", Entry("192.0.2.1")),
        ("://192.0.2.1^", Entry("192.0.2.1")),
        ("||[2001:db8::1]^", Entry("2001:db8::1")),
        ("||a_b.-c-.example^", Entry("a_b.-c-.example")),
        ("||bet.example/odds", Entry("bet.example", "/odds")),
        ("||bet.example/odds^", Entry("bet.example", "/odds")),
        ("||bet.example/Odds/*", Entry("bet.example", "/Odds/")),
        ("||bet.example/odds?x=1", Entry("bet.example", "/odds", "x=1")),
        ("||bet.example/odds?x=1&y^", Entry("bet.example", "/odds", "x=1&y")),
        ("||bet.example/odds?x=&", Entry("bet.example", "/odds", "x=")),
        ("||bet.example/?x=1", Entry("bet.example", "/", "x=1")),
        ("||bet.example^$important", Entry("bet.example", important=True)),
        ("||bet.example^$important,document", Entry("bet.example", important=True)),
        ("||bet.example/1/2^$match-case", Entry("bet.example", "/1/2")),
        ("@@||bet.example^", EXCEPTION),
        ("@@||bet.example/", EXCEPTION),
        ("@@||bet.example", EXCEPTION),
        ("@@bet.example", Entry("bet.example", below=False, exception=True)),
        ("@@://bet.example^", Entry("bet.example", below=False, exception=True)),
        ("@@||bet.example/odds", Entry("bet.example", "/odds", exception=True)),
        ("@@||bet.example/a%20b/ü^", Entry("bet.example", "/a%20b/%C3%BC", exception=True)),
    ],
)
def test_hosts_pages_and_exceptions_are_entries(rule: str, said: Entry, reader: Reader) -> None:
    assert one(rule, reader) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("|bet.example^", Entry("bet.example", below=False)),
        ("@@|bet.example|", Entry("bet.example", below=False, exception=True)),
        ("@@||bet.example^|", EXCEPTION),
        ("/^odds[0-9]*[_.-]/", Expression("^odds[0-9]*[_.-]", "host")),
    ],
)
def test_in_a_dns_filter_a_bar_is_an_end_of_the_host_and_expressions_are_about_hosts(
    rule: str, said: Entry | Expression
) -> None:
    assert one(rule, read_adblock_dns) == said


@pytest.mark.parametrize(
    ("rule", "note", "said"),
    [
        ("||bet.example:8080^", Note.PORT, BLOCK),
        ("||bet.example^|", Note.PAGE, BLOCK),
        ("||bet.example/odds?", Note.PAGE, Entry("bet.example", "/odds")),
        ("||bet.example/odds.html|", Note.PAGE, Entry("bet.example", "/odds.html")),
        ("@@||bet.example^$important", Note.IMPORTANT, EXCEPTION),
        ("/odds[0-9]/$important", Note.IMPORTANT, Expression("odds[0-9]", "url")),
    ],
)
def test_what_is_read_otherwise_than_it_stands_there_is_noted(
    rule: str, note: Note, said: Entry | Expression
) -> None:
    entries, report = read("! head\n" + rule)
    assert entries == [said]
    assert {each: (found.count, found.line) for each, found in report.noted.items()} == {note: (1, 2)}


@BOTH
@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("||*.xxx^", Why.TOO_WIDE),
        ("||uk^", Why.TOO_WIDE),
        ("@@||co.uk^", Why.TOO_WIDE),
        ("||bet*.example^", Why.PATTERN),
        ("||bet.^", Why.TOO_WIDE),
        ("||bet.example.", Why.PATTERN),
        ("||bet.*/odds", Why.PATTERN),
        ("||bet.example^*odds", Why.PATTERN),
        ("||bet.example^odds", Why.PATTERN),
        ("||bet.example/*/odds", Why.PATTERN),
        ("||bet.example//^", Why.PATTERN),
        ("||bet.example/%252e%252e/", Why.PATTERN),
        *(
            (pattern, Why.PATTERN)
            for pattern in ("*", "|", "||", "||^", "@@", "/odds.js", "-odds-", "_odds.gif")
        ),
        *(
            (pattern, Why.PATTERN)
            for pattern in ("odds.gif", "&odds=", ".odds.", "odds.php?x=1", "bet.example/a")
        ),
        ("@@/odds[0-9]/", Why.PATTERN),
        ("||bet.example/?", Why.QUERY),
        ("||bet.example?x=", Why.QUERY),
        ("||bet.example/odds?x=1&adv", Why.QUERY),
        ("||192.0.2.0/24", Why.RANGE),
        ("||010.0.0.1^", Why.ODD_ADDRESS),
        ("||a@bet.example^", Why.NOT_A_SITE),
        ("bet.example odds.example", Why.SEVERAL),
        ("// a comment of another format/", Why.SEVERAL),
        ("127.0.0.1 localhost", Why.LOCAL),
        ("203.0.113.1 bet.example", Why.REWRITES),
        ("bet.example##.banner", Why.NOT_NETWORK),
        ("##.banner", Why.NOT_NETWORK),
        ("bet.example#@#.banner", Why.NOT_NETWORK),
        ("bet.example#?#div:has(> a)", Why.NOT_NETWORK),
        ("bet.example#$#body { margin: 0 }", Why.NOT_NETWORK),
        ("#%#window.a = 1", Why.NOT_NETWORK),
        ('bet.example$$script[tag="odds"]', Why.NOT_NETWORK),
        ("[$path=/odds]bet.example##.banner", Why.NOT_NETWORK),
        ("/a(?=b)/", Why.EXPRESSION),
        ("/.*/", Why.EXPRESSION),
        ("/[.]/", Why.EXPRESSION),
        ("/(a/", Why.EXPRESSION),
        ("||" + "a." * LONGEST + "example^", Why.TOO_LONG),
        ("!#include other.txt", Why.INCLUDE),
        ("!#safari_cb_affinity(all)", Why.SETTING),
    ],
)
def test_what_means_no_sites_is_counted_with_its_reason(rule: str, why: Why, reader: Reader) -> None:
    assert why_not(rule, reader) is why


@BOTH
@pytest.mark.parametrize(
    "options",
    [
        *(
            "third-party",
            "~third-party",
            "3p",
            "popup",
            "script",
            "~script",
            "image,media",
            "~document",
            "csp=x",
        ),
        *(
            "domain=a.example",
            "document,domain=a.example",
            "from=a.example",
            "denyallow=a.example",
            "app=a.b",
        ),
        *(
            "dnstype=AAAA",
            "client=192.0.2.1",
            "ctag=device_tv",
            "redirect=noop.js",
            "removeparam=x",
            "badoption",
        ),
        *("important,third-party", "document,third-party", "", "document,", "document=x", "method=post"),
    ],
)
def test_a_rule_for_some_requests_is_never_taken_for_all(options: str, reader: Reader) -> None:
    assert why_not(f"||bet.example^${options}", reader) is Why.OPTION
    assert why_not(f"@@||bet.example^${options}", reader) is Why.OPTION


@pytest.mark.parametrize("value", ["NOERROR;CNAME;safe.example", "192.0.2.1", "NXDOMAIN;;"])
def test_a_rule_that_gives_another_address_is_no_block(value: str) -> None:
    assert why_not(f"||bet.example^$dnsrewrite={value}") is Why.REWRITES
    assert why_not(f"|bet.example^$dnsrewrite={value}", read_adblock_dns) is Why.REWRITES


@pytest.mark.parametrize("options", ["document", "all", "generichide", "elemhide", "popup,document"])
def test_an_exception_for_what_a_page_draws_in_is_not_one_for_the_site(options: str) -> None:
    assert why_not(f"@@||bet.example^${options}") is Why.OPTION


@BOTH
@pytest.mark.parametrize(
    "rule",
    [
        *("@@||*.bet.example^", "@@.bet.example^", "@@||.bet.example^", "@@|https://bet.example^"),
        *(
            "@@http://bet.example/",
            "@@||https://bet.example^",
            "@@||bet.example/odds?x=1",
            "@@||bet.example/odds?",
            "@@||bet.example/^",
            "@@||bet.example/odds//",
        ),
        *(
            "@@||bet.example/odds|",
            "@@||bet.example/a/../b",
            "@@||bet.example/a/%2e%2e",
            "@@||bet.example/a//b",
        ),
        *("@@||bet.example/a%2Fb", "@@||bet.example/a%252e"),
    ],
)
def test_an_exception_that_could_only_be_read_wider_is_refused(rule: str, reader: Reader) -> None:
    assert why_not(rule, reader) in (Why.NARROW, Why.PATTERN)


def test_an_exception_for_a_port_or_a_first_page_is_refused() -> None:
    assert why_not("@@||bet.example:8080^") is Why.NARROW
    assert why_not("@@||bet.example^|") is Why.NARROW


@pytest.mark.parametrize("case", ["Odds", "odds"])
def test_case_that_matters_is_a_condition(case: str) -> None:
    assert why_not(f"||bet.example/{case}^$match-case") is Why.OPTION
    assert why_not(f"/{case}[0-9]/$match-case") is Why.OPTION


@BOTH
def test_comments_and_headers_are_no_lines(reader: Reader) -> None:
    text = "[Adblock Plus 2.0]\n! Title: some\n# a\n#b\n#\n!\n!###\n!+ NOT_OPTIMIZED\n[uBlock Origin]\n\n"
    said, report = read(text, reader)
    assert not said
    assert report == ReadReport()


def test_a_school_may_mean_a_whole_suffix() -> None:
    assert read("||*.xxx^\n||porn^", wide=("xxx", "porn"))[0] == [Entry("xxx"), Entry("porn")]


def test_the_names_of_a_hosts_row_hold_beside_a_bad_one() -> None:
    said, report = read("0.0.0.0 bet.example odds.example en ## why\n")
    assert said == [BLOCK, Entry("odds.example")]
    assert (report.understood, set(report.skipped)) == (0, {Why.TOO_WIDE})


def test_a_bad_rule_takes_back_the_same_rule_wherever_it_stands() -> None:
    text = """
||bet.example^
||odds.example^$document,important
||odds.example^$important
||bet.example^$badfilter
||bet.example^
||odds.example^$important,badfilter,document
@@||bet.example^
||bet.example
0.0.0.0 bet.example
||third.example^$third-party,badfilter
"""
    said, report = read(text)
    assert said == [Entry("odds.example", important=True), EXCEPTION, BLOCK, BLOCK]
    assert (report.skipped[Why.CANCELLED].count, report.skipped[Why.CANCELLED].line) == (6, 2)


def test_an_exception_and_an_expression_are_taken_back_too() -> None:
    text = "@@||bet.example^\n/odds[0-9]/\n@@||bet.example^$badfilter\n/odds[0-9]/$badfilter\n"
    assert read(text)[0] == []


def test_what_is_for_some_programs_alone_is_for_no_proxy() -> None:
    text = """
!#if (adguard && !adguard_ext_safari)
@@||bet.example^
!#if cap_html_filtering
||bet.example^$badfilter
!#else
0.0.0.0 odds.example
!#endif
||odds.example^
!#endif
!#endif
||bet.example^
!+ NOT_PLATFORM(ext_ff)
||odds.example^
||third.example^
"""
    said, report = read(text)
    assert said == [BLOCK, Entry("third.example")]
    assert (report.skipped[Why.OPTION].count, report.skipped[Why.SETTING].count) == (5, 7)
    assert set(report.skipped) == {Why.OPTION, Why.SETTING}


PIECES = """
|| | bet.example co.uk 192.0.2.1 [::1] ^ * / /odds ? = & x=1 $ , document important badfilter script ~
com domain= match-case :// https http # ! 0.0.0.0 :80 :443 %2e %2f %25 .. . // \\ ; @
"""
CLOSING_DOT = re.compile(r"(?<=example)\.(?=[\^/*|]|\Z)")  # with one it is the same name
RULES = st.lists(st.sampled_from([*PIECES.split(), " "]), max_size=8).map("".join)


def literally(pattern: str) -> re.Pattern[str]:
    """What a browser's blocker makes of a pattern: all that it means, and nothing more."""
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\^", r"(?:[^\w.%-]|\Z)")
    text = re.sub(r"\A\\\|\\\|", r"\\A[a-z]+://(?:[^/?#]*[.])?", text)
    text = re.sub(r"\A\\\|", r"\\A", text)
    return re.compile(re.sub(r"\\\|\Z", r"\\Z", text), re.IGNORECASE)


def covered(entry: Entry) -> Iterator[str]:
    """Some of the addresses that an exception opens, as a browser sends them."""
    stem = entry.path.rstrip("/")
    host = f"[{entry.host}]" if ":" in entry.host else entry.host
    for name in [host, f"www.{host}"] if entry.below and not is_ip(entry.host) else [host]:
        for rest in (entry.path, f"{stem}/", f"{stem}/a/b", f"{stem}/?x=2"):
            yield f"http://{name}{rest}"
            yield f"https://{name}{rest}"


@settings(deadline=None, max_examples=400)
@given(rule=RULES)
@example(rule="||bet.example/%252e%252e")
@example(rule="||bet.example/odds?x=1")
@example(rule="://*.bet.example^")
@example(rule="||bet.example#")
@example(rule="||bet.example/^")
def test_no_exception_opens_an_address_that_its_rule_does_not_mean(rule: str) -> None:
    for each in read("@@" + rule)[0]:
        assert isinstance(each, Entry)
        assert each.exception
        pattern = rule.partition("$")[0].partition(" ")[0]
        meant = literally(CLOSING_DOT.sub("", pattern, count=1))
        assert [url for url in covered(each) if not meant.search(url)] == []


BLANK, YES, NO = st.just(""), st.just(True), st.just(False)
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda x: x[2:4] != "--")
HOSTS = st.lists(LABEL, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"]))
PATHS = st.lists(st.from_regex(r"[A-Za-z0-9_~-]{1,6}", fullmatch=True), max_size=3).map(
    lambda each: "/" + "/".join(each)
)
QUERIES = st.lists(st.from_regex(r"[a-z]{1,4}=[a-z0-9]{1,4}", fullmatch=True), max_size=2).map("&".join)
BLOCKS = st.builds(Entry, HOSTS, PATHS, QUERIES, st.booleans(), NO, st.booleans(), BLANK)
EXCEPTIONS = st.builds(Entry, HOSTS, PATHS, BLANK, st.booleans(), YES, NO, BLANK)


def as_rule(entry: Entry) -> str:
    anchor = ("@@" if entry.exception else "") + ("||" if entry.below else "://")
    page = ("" if entry.path == "/" else entry.path) + (f"?{entry.query}" if entry.query else "")
    return anchor + entry.host + page + "^" + ("$important" if entry.important else "")


@BOTH
@settings(deadline=None)
@given(entry=BLOCKS | EXCEPTIONS)
def test_an_entry_written_as_a_rule_is_read_as_the_same_entry(entry: Entry, reader: Reader) -> None:
    assert one(as_rule(entry), reader) == entry
